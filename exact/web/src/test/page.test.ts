import { describe, expect, it } from "vitest";
import { rowWindow, scrollFor } from "../panels/window";
import { statusWords } from "../panels/status-line";
import { storyOf } from "../panels/story";
import { placeFrom, searchFor } from "../viewer/deep-link";
import { BINDINGS, actionFor, belongsElsewhere, nameOf } from "../viewer/keymap";

const press = (key: string, more: Partial<KeyboardEvent> = {}) =>
  nameOf({ key, code: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });

describe("keys", () => {
  it("are named as they are bound", () => {
    expect(press("p")).toBe("p");
    expect(press("P", { shiftKey: true })).toBe("Shift+p");
    expect(press("z", { ctrlKey: true })).toBe("Mod+z");
    expect(press("Z", { metaKey: true, shiftKey: true })).toBe("Mod+Shift+z");
    expect(press("ArrowLeft", { altKey: true, shiftKey: true })).toBe("Alt+Shift+ArrowLeft");
  });

  it("digits are digits on every keyboard, with and without Shift", () => {
    expect(press("&", { code: "Digit1" })).toBe("1");
    expect(press("!", { code: "Digit1", shiftKey: true })).toBe("Shift+1");
    expect(actionFor(press("!", { code: "Digit1", shiftKey: true }), ["viewer"])).toBe("global:0");
  });

  it("signs need no Shift in their name", () => {
    expect(actionFor(press("?", { shiftKey: true }), ["viewer"])).toBe("help");
    expect(actionFor(press("+", { shiftKey: true }), ["viewer"])).toBe("zoom-in");
  });

  it("while drawing, Backspace takes a point back; else it removes the selection", () => {
    expect(actionFor("Backspace", ["viewer", "drawing"])).toBe("back");
    expect(actionFor("Backspace", ["viewer"])).toBe("delete");
    expect(actionFor("1", ["viewer", "drawing"])).toBe("type:0");
  });

  it("no press means two things in one scope", () => {
    for (const bindings of Object.values(BINDINGS)) {
      const keys = bindings.flatMap((binding) => binding.keys);
      expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
    }
  });

  it("somebody who is typing is left alone, and so is a focused button with its own keys", () => {
    document.body.innerHTML = `<input id="i"><textarea id="t"></textarea><button id="b"></button><div id="d" tabindex="0"></div>`;
    const at = (id: string, key: string): boolean => {
      let answer = false;
      const target = document.getElementById(id)!;
      const listen = (event: Event): void => void (answer = belongsElsewhere(event as KeyboardEvent));
      window.addEventListener("keydown", listen, { once: true });
      target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true }));
      return answer;
    };
    expect([at("i", "p"), at("t", "x"), at("b", "Enter"), at("b", " ")]).toEqual([true, true, true, true]);
    expect([at("b", "p"), at("d", "Enter"), at("d", "p")]).toEqual([false, false, false]);
  });
});

describe("the address", () => {
  it("gives back the place it was made from", () => {
    const place = { frame: 3, plane: 1, bounds: [10, 20, 300, 400] as const, annotations: [7, 9] };
    expect(placeFrom(searchFor(place))).toEqual(place);
    expect(searchFor({ frame: null, plane: null, bounds: null, annotations: [] })).toBe("");
  });

  it("half a place or nonsense is left out", () => {
    expect(placeFrom("?xmin=1&ymin=2&xmax=3").bounds).toBeNull();
    expect(placeFrom("?xmin=9&ymin=2&xmax=3&ymax=4").bounds).toBeNull();
    expect(placeFrom("?frame=two&annotation=")).toMatchObject({ frame: null, annotations: [] });
  });
});

describe("the list", () => {
  it("makes only the rows in sight and a few around them", () => {
    expect(rowWindow(10_000, 34, 3400, 340)).toEqual({ first: 94, last: 116 });
    expect(rowWindow(3, 34, 0, 340)).toEqual({ first: 0, last: 3 });
    expect(rowWindow(0, 34, 500, 340)).toEqual({ first: 0, last: 0 });
  });

  it("scrolls only as far as needed", () => {
    expect(scrollFor(0, 34, 100, 340)).toBe(0);
    expect(scrollFor(20, 34, 0, 340)).toBe(21 * 34 - 340);
    expect(scrollFor(4, 34, 100, 340)).toBeNull();
  });
});

describe("the history in words", () => {
  const fact = (version: number, name: string, data: Record<string, unknown>) => ({
    position: version, name, version, at: "2026-01-01T00:00:00Z", by: "p", by_name: "Anna", stream_id: "a", command_id: `c${version}`, causation_id: null, data,
  });
  const story = storyOf(
    [
      fact(1, "AnnotationDrawn", { annotation_type_id: "t", vector: { vector_type: 1, points: [0, 0, 100, 100] } }),
      fact(2, "AnnotationVerified", { verdict: "accepted", of_version: 1 }),
      fact(3, "AnnotationReshaped", { vector: { vector_type: 1, points: [0, 0, 900, 900] } }),
    ],
    "a",
    () => "Mitosis",
  );

  it("is newest first and says what happened", () => {
    expect(story.map((chapter) => chapter.words)).toEqual(["changed the outline", "accepted version 1", "drew it as Mitosis"]);
  });

  it("knows the outline of every version", () => {
    expect(story.map((chapter) => chapter.after.vector?.points[2])).toEqual([900, 100, 100]);
    expect(story.map((chapter) => chapter.after.status)).toEqual(["open", "accepted", "open"]);
  });
});

it("the status line says what is safe and what is not", () => {
  const status = { state: "live", unsent: 0, stopped: 0, position: 1234 } as const;
  expect(statusWords(status, false)).toBe("Live · saved at position 1,234");
  expect(statusWords({ ...status, unsent: 2 }, false)).toBe("Saving 2 …");
  expect(statusWords({ ...status, unsent: 1, stopped: 1 }, false)).toBe("Live · 1 change needs your decision");
  expect(statusWords({ ...status, state: "offline", unsent: 3 }, false)).toBe("Offline (3 unsent)");
  expect(statusWords({ ...status, unsent: 3 }, true)).toBe("Signed out (3 unsent)");
});
