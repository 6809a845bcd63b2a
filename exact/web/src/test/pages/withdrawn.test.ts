import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { reached } from "../../pages/connection";
import { withdrawn } from "../../pages/withdrawn";

const bodies: unknown[] = [];
let answer: () => Response;

beforeEach(() => {
  bodies.length = 0;
  vi.stubGlobal("fetch", (_: string, init: RequestInit) => {
    bodies.push(JSON.parse(String(init.body)));
    return Promise.resolve(answer());
  });
});

afterEach(() => {
  document.querySelector("exact-toasts")?.remove();
  reached();
  vi.unstubAllGlobals();
});

const shown = (): Element[] => [...(document.querySelector("exact-toasts")?.shadowRoot?.querySelectorAll(".toast") ?? [])];
const says = (): string[] => shown().map((one) => one.textContent?.replace(/\s+/g, " ").trim() ?? "");

async function undo(changed: () => void): Promise<void> {
  withdrawn("slide.svs", "RestoreImage", { image_id: "i" }, changed);
  await vi.waitFor(() => expect(shown()).toHaveLength(1));
  const button = [...shown()[0]!.querySelectorAll("button")].find((one) => one.textContent?.trim() === "Undo");
  button?.click();
}

describe("what was withdrawn", () => {
  it("is offered again by the button of the message, and the page is told", async () => {
    answer = () => new Response(JSON.stringify({ id: "i" }), { status: 200 });
    const changed = vi.fn();
    await undo(changed);
    await vi.waitFor(() => expect(changed).toHaveBeenCalledOnce());
    expect(bodies).toEqual([{ command: "RestoreImage", image_id: "i" }]);
    await vi.waitFor(() => expect(says().some((text) => text.includes("“slide.svs” is back."))).toBe(true));
  });

  it("stays withdrawn where the server says why", async () => {
    const detail = "The set has this very file already.";
    answer = () => new Response(JSON.stringify({ code: "duplicate", detail }), { status: 409 });
    const changed = vi.fn();
    await undo(changed);
    await vi.waitFor(() => expect(says().some((text) => text.includes(detail))).toBe(true));
    expect(changed).not.toHaveBeenCalled();
  });
});
