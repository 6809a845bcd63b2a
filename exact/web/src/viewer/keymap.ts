/** All keys on one page: what a key press is called, what it does in which scope, and when it is not ours. */

export type Action =
  | "tool:select" | "tool:point" | "tool:ellipse" | "tool:box" | "tool:fixed-box" | "tool:line" | "tool:multi-line" | "tool:polygon"
  | `type:${number}` | `global:${number}` | `retype:${number}`
  | "finish" | "cancel" | "back" | "delete" | "undo" | "redo"
  | "accept" | "reject" | "next-open" | "previous-open"
  | "frame-next" | "frame-previous" | "axis-next" | "axis-previous" | "play" | "look" | "facts" | "toggle-annotations" | "fill-more" | "fill-less"
  | "zoom-in" | "zoom-out" | "fit" | "actual" | "zoom-to" | "rotate"
  | "pan-left" | "pan-right" | "pan-up" | "pan-down"
  | "nudge-left" | "nudge-right" | "nudge-up" | "nudge-down"
  | "describe" | "search" | "help" | "select-all" | "for-all";

export type Scope = "viewer" | "drawing";

export interface Binding {
  readonly keys: readonly string[];
  readonly action: Action;
  readonly title: string;
  readonly group: string;
}

const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"];

function one(group: string, keys: string, action: Action, title: string): Binding {
  return { keys: keys.split(" "), action, title, group };
}

/** What is shown on the sheet, in this order. Digits are added below. */
const VIEWER: readonly Binding[] = [
  one("Tools", "m", "tool:select", "Select, move, edit"),
  one("Tools", "p", "tool:polygon", "Polygon"),
  one("Tools", "v", "tool:multi-line", "Polyline"),
  one("Tools", "l", "tool:line", "Line"),
  one("Tools", "r", "tool:box", "Box"),
  one("Tools", "Shift+r", "tool:fixed-box", "Fixed-size box"),
  one("Tools", "o", "tool:ellipse", "Ellipse"),
  one("Tools", ".", "tool:point", "Point"),
  one("Edit", "Mod+z", "undo", "Undo"),
  one("Edit", "Mod+Shift+z Mod+y", "redo", "Redo"),
  one("Edit", "Mod+a", "select-all", "Select all that the list shows"),
  one("Edit", "a", "for-all", "All of a type: accept, reject, change, remove"),
  one("Edit", "Delete Backspace x", "delete", "Remove the selection"),
  one("Edit", "Escape", "cancel", "Deselect, back to selecting"),
  one("Edit", "d", "describe", "Write a remark"),
  one("Edit", "Alt+ArrowLeft", "nudge-left", "Move the selection by a pixel (with Shift ten)"),
  one("", "Alt+Shift+ArrowLeft", "nudge-left", ""),
  one("", "Alt+ArrowRight Alt+Shift+ArrowRight", "nudge-right", ""),
  one("", "Alt+ArrowUp Alt+Shift+ArrowUp", "nudge-up", ""),
  one("", "Alt+ArrowDown Alt+Shift+ArrowDown", "nudge-down", ""),
  one("Verify", "j", "accept", "Accept (again: take back)"),
  one("Verify", "k", "reject", "Reject (again: take back)"),
  one("Verify", "n", "next-open", "Next without verdict"),
  one("Verify", "Shift+n", "previous-open", "Previous without verdict"),
  one("", "Shift+p", "previous-open", ""),
  one("View", "+ =", "zoom-in", "Zoom in"),
  one("View", "-", "zoom-out", "Zoom out"),
  one("View", "Home", "fit", "Whole image"),
  one("View", "End", "actual", "One image pixel per screen pixel"),
  one("View", "Enter", "zoom-to", "Go to the selection"),
  one("View", "ArrowLeft", "pan-left", "Pan with the arrow keys"),
  one("", "ArrowRight", "pan-right", ""),
  one("", "ArrowUp", "pan-up", ""),
  one("", "ArrowDown", "pan-down", ""),
  one("View", "e", "frame-next", "Next slice or frame"),
  one("View", "q", "frame-previous", "Previous slice or frame"),
  one("View", "Shift+e", "axis-next", "Next on the other axis (time, scene)"),
  one("View", "Shift+q", "axis-previous", "Previous on the other axis"),
  one("View", "g", "play", "Play or stop the frames"),
  one("View", "c", "look", "Channels, window, colours"),
  one("View", "i", "facts", "What is known of the image"),
  one("View", "y", "toggle-annotations", "Hide or show annotations"),
  one("View", "]", "fill-more", "More fill"),
  one("View", "[", "fill-less", "Less fill"),
  one("View", "t", "rotate", "Turn by 90°"),
  one("View", "/", "search", "Search annotations"),
  one("View", "?", "help", "This sheet"),
];

const DRAWING: readonly Binding[] = [
  one("While drawing", "Enter", "finish", "Finish the shape"),
  one("While drawing", "Backspace Mod+z", "back", "Take the last point back"),
  one("While drawing", "Escape", "cancel", "Throw the shape away"),
];

const TYPES: readonly Binding[] = DIGITS.flatMap((digit, index) => [
  one("", digit, `type:${index}`, ""),
  one("", `Shift+${digit}`, `global:${index}`, ""),
  one("", `Alt+${digit}`, `retype:${index}`, ""),
]);

/** What the sheet says about the digits and the mouse, which are not single keys. */
export const SPOKEN: readonly { readonly keys: readonly string[]; readonly title: string; readonly group: string }[] = [
  { keys: ["1", "…", "0"], title: "Choose a type and its tool", group: "Types" },
  { keys: ["Alt", "1 … 0"], title: "Give the selection that type", group: "Types" },
  { keys: ["Shift", "1 … 0"], title: "Label the whole image", group: "Types" },
  { keys: ["Space"], title: "Hold to pan with any tool", group: "View" },
  { keys: ["Shift", "Wheel"], title: "Through slices or frames", group: "View" },
];

export const BINDINGS: Readonly<Record<Scope, readonly Binding[]>> = {
  viewer: [...VIEWER, ...TYPES],
  drawing: DRAWING,
};

/** The press as it is written in the bindings; digits by their place on the keyboard, all else by what they print. */
export function nameOf(event: Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">): string {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code ?? "")?.[1];
  const letter = /^Key([A-Z])$/.exec(event.code ?? "")?.[1];
  const printed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  // With Alt some systems print another sign; the key's place then says which letter it was.
  const key = digit ?? (event.altKey && letter ? letter.toLowerCase() : printed);
  const named = event.key.length > 1 || digit !== undefined || /[a-z]/.test(key);
  const mod = event.ctrlKey || event.metaKey ? "Mod+" : "";
  return `${mod}${event.altKey ? "Alt+" : ""}${event.shiftKey && named ? "Shift+" : ""}${key}`;
}

/** What the press means; the scopes are asked from the last to the first. */
export function actionFor(name: string, scopes: readonly Scope[]): Action | null {
  for (const scope of scopes.toReversed()) {
    const found = BINDINGS[scope].find((binding) => binding.keys.includes(name));
    if (found) return found.action;
  }
  return null;
}

const FIELDS = "input, textarea, select, [contenteditable], [contenteditable=true]";
const BUTTONLIKE = "button, a, summary, [role=option], [role=menuitem], [role=tab], [role=slider]";

/** Is somebody typing, or is a dialog open, or does the focused control want this key itself? */
export function belongsElsewhere(event: KeyboardEvent): boolean {
  const path = event.composedPath().filter((node): node is Element => node instanceof Element);
  const target = path[0];
  if (path.some((node) => node.matches("dialog, exact-dialog[open]"))) return true;
  if (target?.matches(FIELDS) && !target.matches("input[type=range], input[type=checkbox]")) return true;
  if (target?.matches("input[type=range]") && event.key.startsWith("Arrow")) return true;
  return target?.matches(BUTTONLIKE) === true && ["Enter", " ", "Tab"].includes(event.key);
}
