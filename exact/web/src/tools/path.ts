/** Polygon and polyline: click point after point, or drag freehand; both in one outline. */

import { selfCrossing, simplify } from "../model/geometry";
import { type Point, type Vector, VectorType, clampPoint } from "../model/vector";
import { type KeyStep, type Outcome, type PointerStep, type Surface, type Tool, distance, nothing, previewOf, vectorOn } from "./tool";

interface Drawing {
  readonly name: "drawing";
  readonly points: readonly number[];
  /** Where the pointer is, and the end of the stretch that is not fixed. */
  readonly cursor: Point | null;
  /** Pressed at this place and not released. */
  readonly pressed: Point | null;
  /** How many points were fixed before this freehand stretch; null when it is none. */
  readonly freehandFrom: number | null;
  /** The outline crosses itself: its points can be dragged until it does not. */
  readonly crossing: readonly [number, number] | null;
  /** The point that is being dragged. */
  readonly dragged: number | null;
}

export type PathState = { readonly name: "idle" } | Drawing;
type PathType = typeof VectorType.POLYGON | typeof VectorType.MULTI_LINE;

const IDLE: PathState = { name: "idle" };
const EMPTY: Drawing = { name: "drawing", points: [], cursor: null, pressed: null, freehandFrom: null, crossing: null, dragged: null };

export function pathTool(type: PathType): Tool<PathState> {
  return {
    idle: IDLE,
    busy: (state) => state.name === "drawing" && state.points.length > 0,
    step(state, event, surface) {
      const outcome = "at" in event ? pointer(type, state, event, surface) : key(type, state, event, surface);
      return { ...outcome, preview: preview(type, outcome.state, surface) };
    },
  };
}

function key(type: PathType, state: PathState, event: KeyStep, surface: Surface): Outcome<PathState> {
  if (state.name === "idle") return nothing(state);
  if (event.kind === "cancel") return nothing(IDLE, true);
  if (event.kind === "finish") return finish(type, state, surface, 0);
  const points = state.points.slice(0, -2);
  return nothing(points.length === 0 ? IDLE : { ...state, points, crossing: crossingOf(type, state, points) }, true);
}

/** Only an outline that was found to cross is looked at again while it is put right. */
function crossingOf(type: PathType, state: Drawing, points: readonly number[]): Drawing["crossing"] {
  return state.crossing && type === VectorType.POLYGON ? selfCrossing(points) : null;
}

function pointer(type: PathType, state: PathState, event: PointerStep, surface: Surface): Outcome<PathState> {
  const at = clampPoint(event.at, surface.extent);
  switch (event.kind) {
    case "down":
      return down(state.name === "idle" ? EMPTY : state, event, at);
    case "move":
      return move(type, state, event, at);
    case "up":
      return state.name === "drawing" && state.pressed ? up(type, state, event, at, surface) : nothing(state);
    case "double":
      return state.name === "drawing" ? finish(type, state, surface, event.tolerance / 2) : nothing(state);
  }
}

function down(state: Drawing, event: PointerStep, at: Point): Outcome<PathState> {
  const dragged = state.crossing ? nearestPoint(state.points, at, event.tolerance) : null;
  return nothing({ ...state, pressed: at, cursor: at, dragged }, true);
}

function move(type: PathType, state: PathState, event: PointerStep, at: Point): Outcome<PathState> {
  if (state.name === "idle") return nothing(state);
  if (!state.pressed) return nothing({ ...state, cursor: at }, false);
  if (state.dragged !== null) {
    const points = state.points.with(2 * state.dragged, at[0]).with(2 * state.dragged + 1, at[1]);
    return nothing({ ...state, points, crossing: crossingOf(type, state, points) ?? [-1, -1], cursor: null }, true);
  }
  const began = state.freehandFrom !== null || distance(state.pressed, at) > event.tolerance;
  if (!began) return nothing({ ...state, cursor: at }, true);
  const start = state.freehandFrom === null ? [...state.points, ...state.pressed] : state.points;
  const last: Point = [start.at(-2)!, start.at(-1)!];
  const points = distance(last, at) >= event.tolerance / 4 ? [...start, ...at] : start;
  return nothing({ ...state, points, cursor: at, freehandFrom: state.freehandFrom ?? state.points.length / 2 }, true);
}

function up(type: PathType, state: Drawing, event: PointerStep, at: Point, surface: Surface): Outcome<PathState> {
  const rested: Drawing = { ...state, pressed: null, dragged: null, freehandFrom: null, cursor: at };
  if (state.dragged !== null) return nothing({ ...rested, crossing: selfCrossing(state.points) }, true);
  if (state.freehandFrom !== null) return endFreehand(type, state, rested, surface, event.tolerance);
  if (closes(type, state, at, event.tolerance)) return finish(type, rested, surface, 0);
  const added: Drawing = { ...rested, points: [...state.points, ...at], crossing: null };
  const wanted = surface.type?.node_count ?? 0;
  return wanted > 1 && added.points.length / 2 === wanted ? finish(type, added, surface, 0) : nothing(added, true);
}

/** A click on the first point closes a polygon that has an area. */
function closes(type: PathType, state: Drawing, at: Point, tolerance: number): boolean {
  if (type !== VectorType.POLYGON || state.points.length < 6) return false;
  return distance([state.points[0]!, state.points[1]!], at) <= tolerance;
}

/** Keeps as few points as stay within a screen pixel; an outline drawn in one go is finished by letting go. */
function endFreehand(type: PathType, state: Drawing, rested: Drawing, surface: Surface, tolerance: number): Outcome<PathState> {
  const from = 2 * (state.freehandFrom ?? 0);
  const fixed = state.points.slice(0, Math.max(0, from));
  const points = [...fixed, ...simplify(state.points.slice(from), tolerance / 8)].map(Math.round);
  const drawn: Drawing = { ...rested, points };
  return from === 0 ? finish(type, drawn, surface, tolerance / 4) : nothing(drawn, true);
}

/** The drawing as a wish, or a sentence about what is wrong with it; it then stays as it is. */
function finish(type: PathType, state: Drawing, surface: Surface, tolerance: number): Outcome<PathState> {
  const points = withoutRepeats(state.points, tolerance, type === VectorType.POLYGON);
  const least = type === VectorType.POLYGON ? 3 : 2;
  const wanted = surface.type?.node_count ?? 0;
  const count = points.length / 2;
  const stays = (message: string, crossing: Drawing["crossing"] = null): Outcome<PathState> => ({
    ...nothing<PathState>({ ...state, points, crossing, pressed: null, dragged: null, freehandFrom: null }, true),
    message,
  });
  if (count < least) return stays(`${type === VectorType.POLYGON ? "A polygon" : "A line"} needs at least ${least} points.`);
  if (wanted > 1 && count !== wanted) return stays(`This type wants exactly ${wanted} points; this shape has ${count}.`);
  const crossing = type === VectorType.POLYGON ? selfCrossing(points) : null;
  if (crossing) return stays("The outline crosses itself. Drag a point, or take points back with Backspace.", crossing);
  return { ...nothing<PathState>(IDLE, true), wishes: [{ wish: "draw", vector: vectorOn(surface, type, points) }] };
}

/** A double click presses twice: points that lie on the one before are left out. */
function withoutRepeats(points: readonly number[], tolerance: number, closed: boolean): number[] {
  const kept: number[] = [];
  for (let i = 0; i < points.length; i += 2) {
    const at: Point = [points[i]!, points[i + 1]!];
    const last: Point | null = kept.length ? [kept.at(-2)!, kept.at(-1)!] : null;
    if (!last || distance(last, at) > tolerance) kept.push(...at);
  }
  const round = closed && kept.length > 6 && distance([kept[0]!, kept[1]!], [kept.at(-2)!, kept.at(-1)!]) <= tolerance;
  return round ? kept.slice(0, -2) : kept;
}

function nearestPoint(points: readonly number[], at: Point, tolerance: number): number | null {
  let nearest: number | null = null;
  let reach = tolerance;
  for (let i = 0; i < points.length; i += 2) {
    const away = distance([points[i]!, points[i + 1]!], at);
    if (away <= reach) [nearest, reach] = [i / 2, away];
  }
  return nearest;
}

function preview(type: PathType, state: PathState, surface: Surface) {
  if (state.name === "idle" || (state.points.length === 0 && !state.pressed)) return null;
  const tail = state.cursor && !state.crossing && state.freehandFrom === null ? state.cursor : [];
  const vector: Vector = vectorOn(surface, type, [...state.points, ...tail]);
  const dots = state.freehandFrom === null ? state.points : [];
  return previewOf(vector, { dots, open: !state.crossing, crossing: state.crossing });
}
