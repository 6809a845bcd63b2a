/** Box, ellipse and line: press at one end, release at the other. */

import { type Point, type Vector, UNITS_PER_PIXEL, VectorType, clampPoint, uprightBox } from "../model/vector";
import { type Outcome, type PointerStep, type Surface, type Tool, distance, nothing, previewOf, vectorOn } from "./tool";

export type DragState = { readonly name: "idle" } | { readonly name: "dragging"; readonly from: Point; readonly pressed: Point };

type DragType = typeof VectorType.BOUNDING_BOX | typeof VectorType.ELLIPSE | typeof VectorType.LINE;

const IDLE: DragState = { name: "idle" };

export function dragTool(type: DragType): Tool<DragState> {
  return {
    idle: IDLE,
    busy: (state) => state.name === "dragging",
    step(state, event, surface) {
      if (event.kind === "cancel") return nothing(IDLE, state.name === "dragging");
      if (!("at" in event)) return nothing(state);
      if (event.kind === "down") {
        return nothing({ name: "dragging", from: clampPoint(event.at, surface.extent), pressed: event.at }, true);
      }
      if (state.name === "idle") return nothing(state);
      const vector = shape(type, state.from, event, surface);
      if (event.kind === "up") return released(vector, state, event);
      return { state, preview: previewOf(vector), wishes: [], handled: true };
    },
  };
}

/** Shift keeps a box square, an ellipse round and a line in steps of 45°. */
function shape(type: DragType, from: Point, event: PointerStep, surface: Surface): Vector {
  const free: Point = event.modifiers.shift ? regular(type, from, event.at) : event.at;
  const to = clampPoint(free, surface.extent);
  return vectorOn(surface, type, type === VectorType.LINE ? [...from, ...to] : uprightBox(from, to));
}

function regular(type: DragType, from: Point, to: Point): Point {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  if (type !== VectorType.LINE) {
    const side = Math.max(Math.abs(dx), Math.abs(dy));
    return [from[0] + Math.sign(dx || 1) * side, from[1] + Math.sign(dy || 1) * side];
  }
  const angle = Math.round(Math.atan2(dy, dx) / (Math.PI / 4)) * (Math.PI / 4);
  const length = Math.hypot(dx, dy);
  return [from[0] + length * Math.cos(angle), from[1] + length * Math.sin(angle)];
}

function released(vector: Vector, state: DragState & { name: "dragging" }, event: PointerStep): Outcome<DragState> {
  const [x1, y1, x2, y2] = vector.points as [number, number, number, number];
  const line = vector.vector_type === VectorType.LINE;
  const size = line ? Math.hypot(x2 - x1, y2 - y1) : Math.min(x2 - x1, y2 - y1);
  const small = size < UNITS_PER_PIXEL;
  if (distance(state.pressed, event.at) < event.tolerance / 2 || small) {
    return { ...nothing(IDLE, true), message: line ? "Drag from one end of the line to the other." : "Drag from one corner to the other." };
  }
  return { state: IDLE, preview: null, wishes: [{ wish: "draw", vector }], handled: true };
}
