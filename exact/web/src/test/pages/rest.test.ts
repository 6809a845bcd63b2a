import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isOnline, reached } from "../../pages/connection";
import * as rest from "../../pages/rest";

const answers: (() => Promise<Response>)[] = [];
const asked: { url: string; init: RequestInit }[] = [];
const json =
  (body: unknown, status = 200) =>
  () =>
    Promise.resolve(new Response(JSON.stringify(body), { status }));
const lost = () => Promise.reject(new TypeError("network"));
const key = (index: number): string => (asked[index]?.init.headers as Record<string, string>)["Idempotency-Key"] ?? "";

beforeEach(() => {
  answers.length = 0;
  asked.length = 0;
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    asked.push({ url, init });
    return (answers.shift() ?? json({}))();
  });
});

afterEach(() => {
  reached();
  vi.unstubAllGlobals();
});

describe("asking the server", () => {
  it("follows a listing to its end", async () => {
    answers.push(json({ count: 3, results: [{ id: 1 }, { id: 2 }] }), json({ count: 3, results: [{ id: 3 }] }));
    expect((await rest.imageSets()).map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(asked[1]?.url).toContain("offset=2");
  });

  it("stops when a listing shrinks meanwhile", async () => {
    answers.push(json({ count: 3, results: [{ id: 1 }] }), json({ count: 3, results: [] }));
    expect(await rest.imageSets()).toHaveLength(1);
  });

  it("offers the types of a product in their order, without the withdrawn", async () => {
    const types = [
      { id: 1, sort_order: 2 },
      { id: 2, sort_order: 1 },
      { id: 3, sort_order: 0, withdrawn: true },
    ];
    answers.push(json({ count: 1, results: [{ id: 9, annotationtype_set: types }] }));
    const [product] = await rest.products(1);
    expect(product?.annotationtype_set.map(({ id }) => id)).toEqual([2, 1]);
  });

  it("sends a wish that was never answered again under the same key", async () => {
    answers.push(lost, json({ id: "x" }), json({ id: "y" }));
    await expect(rest.command("FoundTeam", { name: "A" })).rejects.toThrow();
    await rest.command("FoundTeam", { name: "A" });
    await rest.command("FoundTeam", { name: "A" });
    expect(key(1)).toBe(key(0));
    expect(key(2)).not.toBe(key(1));
  });

  it("gives a refused wish a new key, because the person changed their mind or the world did", async () => {
    answers.push(json({ code: "taken", detail: "Taken." }, 409));
    await expect(rest.command("FoundTeam", { name: "B" })).rejects.toThrow("Taken.");
    await rest.command("FoundTeam", { name: "B" });
    expect(key(1)).not.toBe(key(0));
  });

  it("is offline after a lost request, and online after any answer, a refusal too", async () => {
    answers.push(lost, json({ detail: "No." }, 404));
    await expect(rest.me()).rejects.toThrow();
    expect(isOnline()).toBe(false);
    await expect(rest.me()).rejects.toThrow("No.");
    expect(isOnline()).toBe(true);
  });

  it("makes keys that never repeat and look like a UUID", () => {
    expect(rest.newKey()).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(rest.newKey()).not.toBe(rest.newKey());
  });
});
