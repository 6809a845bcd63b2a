/** Select, move and edit: a click selects, a drag on the selected shape moves it, its handles change it, all else pans. */

import { boundsOf, moved, nearness, selfCrossing } from "../model/geometry";
import { type Bounds, type Point, type Vector, UNITS_PER_PIXEL, VectorType, sameVector, withPoints } from "../model/vector";
import { type Handle, dragged, handleAt, withoutPoint } from "./handles";
import { type KeyStep, type Outcome, type PointerStep, type Surface, type Tool, distance, nothing, previewOf } from "./tool";

/** A shape in hand: where it was gripped, and its geometry before. */
interface Grip {
  readonly key: string;
  readonly from: Point;
  readonly began: boolean;
  readonly vector: Vector;
}
type Moving = Grip & { readonly name: "moving" };
type Handling = Grip & { readonly name: "handling"; readonly handle: Handle };

export type SelectState =
  | { readonly name: "idle"; readonly active: number | null }
  | { readonly name: "pressed"; readonly at: Point }
  | Moving
  | Handling;

const IDLE: SelectState = { name: "idle", active: null };

export const selectTool: Tool<SelectState> = {
  idle: IDLE,
  busy: (state) => state.name === "moving" || state.name === "handling" || (state.name === "idle" && state.active !== null),
  step(state, event, surface) {
    if (!("at" in event)) return key(state, event, surface);
    if (event.kind === "down") return down(event, surface);
    if (event.kind === "move") return move(state, event, surface);
    if (event.kind === "up") return up(state, event, surface);
    return nothing(state);
  },
};

function key(state: SelectState, event: KeyStep, surface: Surface): Outcome<SelectState> {
  if (event.kind === "cancel") return nothing(IDLE, selectTool.busy(state));
  const selected = surface.selected;
  if (event.kind !== "back" || state.name !== "idle" || state.active === null || !selected) return nothing(state);
  return deletePoint(selected.key, selected.vector, state.active);
}

function deletePoint(key: string, vector: Vector, index: number): Outcome<SelectState> {
  const points = withoutPoint(vector, index);
  if (!points) return { ...nothing(IDLE, true), message: "A shape cannot have fewer points than this." };
  return reshaped(key, vector, withPoints(vector, points), null);
}

function down(event: PointerStep, surface: Surface): Outcome<SelectState> {
  const selected = surface.selected;
  const handle = selected ? handleAt(selected.vector, event.at, event.tolerance) : null;
  if (selected && handle) {
    if (event.modifiers.alt && handle.kind === "point") return deletePoint(selected.key, selected.vector, handle.index);
    return nothing({ name: "handling", ...selected, handle, from: event.at, began: false }, true);
  }
  if (selected && !event.modifiers.shift && grips(selected.vector, event, surface.view)) {
    return nothing({ name: "moving", ...selected, from: event.at, began: false }, true);
  }
  return nothing({ name: "pressed", at: event.at }, false);
}

/** A shape is moved by its border; by its inside only when it is seen whole, for else one pans inside it. */
function grips(vector: Vector, event: PointerStep, view: Bounds): boolean {
  const { border, inside } = nearness(event.at, vector);
  const bounds = boundsOf(vector.points);
  if (!bounds) return false;
  const whole = bounds[0] >= view[0] && bounds[1] >= view[1] && bounds[2] <= view[2] && bounds[3] <= view[3];
  return border <= event.tolerance || (inside && whole);
}

function move(state: SelectState, event: PointerStep, surface: Surface): Outcome<SelectState> {
  if (state.name !== "moving" && state.name !== "handling") return nothing(state);
  const began = state.began || distance(state.from, event.at) > event.tolerance / 3;
  if (!began) return nothing(state, true);
  const vector = changed(state, event, surface);
  const crossing = vector.vector_type === VectorType.POLYGON && vector.points.length < 2000 ? selfCrossing(vector.points) : null;
  return { state: { ...state, began }, preview: previewOf(vector, { key: state.key, crossing }), wishes: [], handled: true };
}

function changed(state: Moving | Handling, event: PointerStep, { extent }: Surface): Vector {
  if (state.name === "handling") {
    return withPoints(state.vector, dragged(state.vector, state.handle, event.at, extent, event.modifiers.shift));
  }
  const [dx, dy] = [event.at[0] - state.from[0], event.at[1] - state.from[1]];
  return withPoints(
    state.vector,
    moved(state.vector.points, dx, dy, extent.width * UNITS_PER_PIXEL, extent.height * UNITS_PER_PIXEL),
  );
}

function up(state: SelectState, event: PointerStep, surface: Surface): Outcome<SelectState> {
  if (state.name === "pressed") return clicked(state.at, event, surface);
  if (state.name !== "moving" && state.name !== "handling") return nothing(state);
  const active = state.name === "handling" && state.handle.kind === "point" ? state.handle.index : null;
  if (state.began) return reshaped(state.key, state.vector, changed(state, event, surface), active);
  if (state.name === "handling") return nothing({ name: "idle", active }, true);
  return { ...clicked(state.from, event, surface), handled: true };
}

function clicked(from: Point, event: PointerStep, surface: Surface): Outcome<SelectState> {
  if (distance(from, event.at) > event.tolerance / 2) return nothing(IDLE);
  const key = surface.hit(event.at, event.tolerance);
  return { state: IDLE, preview: null, wishes: [{ wish: "select", key, add: event.modifiers.shift }], handled: false };
}

function reshaped(key: string, before: Vector, after: Vector, active: number | null): Outcome<SelectState> {
  const rest: SelectState = { name: "idle", active };
  if (sameVector(before, after)) return nothing(rest, true);
  if (after.vector_type === VectorType.POLYGON && selfCrossing(after.points)) {
    return { ...nothing<SelectState>(rest, true), message: "The outline would cross itself there; it stays as it was." };
  }
  return { state: rest, preview: null, wishes: [{ wish: "reshape", key, vector: after }], handled: true };
}
