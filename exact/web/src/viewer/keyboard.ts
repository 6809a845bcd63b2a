/** From a key press to a deed on the desk. */

import type { Desk } from "./desk";
import { type Action, actionFor, belongsElsewhere, nameOf } from "./keymap";
import type { ExactStage } from "./stage";
import type { ToolName } from "../tools/registry";

export interface Keys {
  readonly desk: Desk;
  readonly stage: ExactStage;
  readonly describe: () => void;
  readonly search: () => void;
}

const PAN_PX = 120;

/** Follows the keyboard while the page is open; returns how to stop. */
export function followKeyboard(keys: Keys): () => void {
  const down = (event: KeyboardEvent): void => pressed(event, keys);
  const up = (event: KeyboardEvent): void => {
    if (event.code === "Space") keys.stage.holdSpace(false);
  };
  const blur = (): void => keys.stage.holdSpace(false);
  window.addEventListener("keydown", down);
  window.addEventListener("keyup", up);
  window.addEventListener("blur", blur);
  return () => {
    window.removeEventListener("keydown", down);
    window.removeEventListener("keyup", up);
    window.removeEventListener("blur", blur);
  };
}

function pressed(event: KeyboardEvent, keys: Keys): void {
  if (event.defaultPrevented || event.isComposing || belongsElsewhere(event)) return;
  if (event.code === "Space" && !event.ctrlKey) {
    event.preventDefault();
    return keys.stage.holdSpace(true);
  }
  const action = actionFor(nameOf(event), keys.stage.busy ? ["viewer", "drawing"] : ["viewer"]);
  if (action && act(action, event, keys)) event.preventDefault();
}

/** True when the key did something. */
function act(action: Action, event: KeyboardEvent, { desk, stage, describe, search }: Keys): boolean {
  const [kind, rest] = action.split(":") as [string, string | undefined];
  const step = event.shiftKey ? 10 : 1;
  switch (kind) {
    case "tool": return done(desk.arm(rest as ToolName));
    case "type": return withType(desk.localTypes[Number(rest)], (type) => desk.choose(type));
    case "global": return withType(desk.globalTypes[Number(rest)], (type) => desk.labelImage(type));
    case "retype": return withType(desk.localTypes[Number(rest)], (type) => desk.retype(type));
    case "finish": return stage.toolKey("finish");
    case "back": return stage.toolKey("back");
    case "cancel": return cancel(desk, stage);
    case "for-all": return done(desk.askForAll({ type: desk.selectedRow?.row.annotation_type_id ?? "" }));
    case "select-all": return done(desk.selectListed());
    case "delete": return (event.key === "Backspace" || event.key === "Delete") && stage.toolKey("back") ? true : done(desk.removeSelection());
    case "undo": return desk.mayAnnotate || desk.mayVerify ? done(desk.session.undoLast()) : false;
    case "redo": return desk.mayAnnotate || desk.mayVerify ? done(desk.session.redoLast()) : false;
    case "accept": return done(desk.verifySelection("accepted"));
    case "reject": return done(desk.verifySelection("rejected"));
    case "next-open": return done(desk.goToOpen(1));
    case "previous-open": return done(desk.goToOpen(-1));
    case "frame-next": return desk.volumetric && done(desk.step(1));
    case "frame-previous": return desk.volumetric && done(desk.step(-1));
    case "axis-next": return desk.axes.length > 1 && done(desk.step(1, 1));
    case "axis-previous": return desk.axes.length > 1 && done(desk.step(-1, 1));
    case "play": return desk.volumetric && done((desk.playing.value = !desk.playing.value));
    case "look": return desk.looks.any && done((desk.lookOpen.value = !desk.lookOpen.value));
    case "facts": return done(desk.showFacts());
    case "toggle-annotations": return done((desk.shown.value = !desk.shown.value));
    case "fill-more": return done(desk.setFill(desk.fill.value + 0.05));
    case "fill-less": return done(desk.setFill(desk.fill.value - 0.05));
    case "zoom-in": return done(stage.zoomBy(1.4));
    case "zoom-out": return done(stage.zoomBy(1 / 1.4));
    case "fit": return done(stage.home());
    case "actual": return done(stage.zoomTo(1));
    case "zoom-to": return done(desk.zoomToSelection());
    case "rotate": return done(stage.rotateBy(90));
    case "pan-left": return done(stage.panBy(-PAN_PX, 0));
    case "pan-right": return done(stage.panBy(PAN_PX, 0));
    case "pan-up": return done(stage.panBy(0, -PAN_PX));
    case "pan-down": return done(stage.panBy(0, PAN_PX));
    case "nudge-left": return done(desk.nudge(-step, 0));
    case "nudge-right": return done(desk.nudge(step, 0));
    case "nudge-up": return done(desk.nudge(0, -step));
    case "nudge-down": return done(desk.nudge(0, step));
    case "describe": return done(describe());
    case "search": return done(search());
    case "help": return done((desk.helpOpen.value = true));
    default: return false;
  }
}

function done(_: unknown): true {
  return true;
}

function withType<T>(type: T | undefined, deed: (type: T) => void): boolean {
  if (type === undefined) return false;
  deed(type);
  return true;
}

/** First what is half drawn, then the selection, then the tool. */
function cancel(desk: Desk, stage: ExactStage): boolean {
  if (stage.toolKey("cancel")) return true;
  if (desk.session.selection.value.length > 0) desk.select(null);
  else if (desk.tool.value !== "select") desk.arm("select");
  else return false;
  return true;
}
