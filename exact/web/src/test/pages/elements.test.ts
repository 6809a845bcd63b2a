import { beforeEach, describe, expect, it, vi } from "vitest";
import "../../design";
import { stay_ms } from "../../design/toast";
import { setTheme, theme } from "../../design/theme";
import { Refusal } from "../../api/client";
import { askForm } from "../../pages/form-dialog";
import type { FormDialog } from "../../pages/form-dialog";
import { slashFocusesSearch } from "../../pages/keyboard";

beforeEach(() => {
  document.body.replaceChildren();
  localStorage.clear();
});

describe("a dialog that asks", () => {
  const open = async (run: (values: Record<string, string>) => Promise<unknown>) => {
    const answer = askForm({ heading: "New team", action: "Create", fields: [{ name: "name", label: "Name" }], run });
    const dialog = document.querySelector("exact-form-dialog") as FormDialog;
    await dialog.updateComplete;
    return { answer, dialog };
  };
  const send = async (dialog: FormDialog, name: string) => {
    (dialog.querySelector("[name=name]") as HTMLInputElement).value = name;
    dialog.querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true }));
    await new Promise((resolve) => setTimeout(resolve, 5));
    await dialog.updateComplete;
  };

  it("does not run while a field that is needed is empty", async () => {
    const run = vi.fn();
    const { dialog } = await open(run);
    await send(dialog, "  ");
    expect(run).not.toHaveBeenCalled();
    expect(dialog.textContent).toContain("Name is needed.");
  });

  it("shows the server's sentence and keeps what was typed", async () => {
    const { dialog } = await open(() => Promise.reject(new Refusal(409, "taken", "Another team has this name.")));
    await send(dialog, "Pathology");
    expect(dialog.querySelector("[role=alert]")?.textContent).toContain("Another team has this name.");
    expect((dialog.querySelector("[name=name]") as HTMLInputElement).value).toBe("Pathology");
  });

  it("puts a refusal that names a field at that field", async () => {
    const { dialog } = await open(() => Promise.reject(new Refusal(400, "invalid", "", { name: ["Too long."] })));
    await send(dialog, "Pathology");
    expect(dialog.querySelector("#field-name-words")?.textContent).toBe("Too long.");
  });
});

describe("the rest of the frame", () => {
  it("keeps the chosen theme, and forgets it for the system's own", () => {
    setTheme("dark");
    expect([theme(), document.documentElement.dataset["theme"]]).toEqual(["dark", "dark"]);
    setTheme("system");
    expect([theme(), document.documentElement.dataset["theme"]]).toEqual(["system", undefined]);
  });

  it("keeps a refusal on the screen until it is closed", () => {
    expect(stay_ms("Saved.", "good")).toBe(4000);
    expect(stay_ms("No.", "bad")).toBe(Infinity);
  });

  it("goes to the search field with /, but not while somebody types one", () => {
    document.body.innerHTML = '<input id="other"><input type="search">';
    const press = (target: Element) => {
      const event = new KeyboardEvent("keydown", { key: "/", bubbles: true, cancelable: true });
      Object.defineProperty(event, "target", { value: target });
      slashFocusesSearch(event);
    };
    press(document.querySelector("#other") as Element);
    expect(document.activeElement?.tagName).not.toBe("INPUT");
    press(document.body);
    expect((document.activeElement as HTMLInputElement).type).toBe("search");
  });
});
