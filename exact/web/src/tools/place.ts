/** Point and fixed-size box: one click puts a shape of the type's own size around the place; dragging a point makes an ellipse. */

import { moved } from "../model/geometry";
import { type Point, type Vector, UNITS_PER_PIXEL, VectorType, clampPoint, uprightBox } from "../model/vector";
import { type PointerStep, type Surface, type Tool, nothing, previewOf, vectorOn } from "./tool";

export type PlaceState = { readonly name: "idle" } | { readonly name: "pressed"; readonly at: Point };

type PlaceType = typeof VectorType.ELLIPSE | typeof VectorType.FIXED_SIZE_BOUNDING_BOX;

const IDLE: PlaceState = { name: "idle" };
/** The ancestor's size of a new point, pixels. */
const USUAL_PX = 50;

export function placeTool(type: PlaceType): Tool<PlaceState> {
  return {
    idle: IDLE,
    busy: () => false,
    step(state, event, surface) {
      if (event.kind === "cancel") return nothing(IDLE, state.name === "pressed");
      if (!("at" in event)) return nothing(state);
      const vector = pulled(state, event, type) ? ellipseTo(state, event.at, surface) : around(event.at, type, surface);
      const preview = previewOf(vector);
      if (event.kind === "down") return { state: { name: "pressed", at: event.at }, preview, wishes: [], handled: true };
      if (event.kind === "move") return { state, preview, wishes: [], handled: state.name === "pressed" };
      if (event.kind !== "up" || state.name === "idle") return nothing(state);
      return { state: IDLE, preview: null, wishes: [{ wish: "draw", vector }], handled: true };
    },
  };
}

type Pressed = PlaceState & { name: "pressed" };

/** A press that goes far is no click; a fixed-size box is then put where it ends. */
function pulled(state: PlaceState, event: PointerStep, type: PlaceType): state is Pressed {
  if (state.name !== "pressed" || type !== VectorType.ELLIPSE) return false;
  const [dx, dy] = [event.at[0] - state.at[0], event.at[1] - state.at[1]];
  return Math.min(Math.abs(dx), Math.abs(dy)) >= UNITS_PER_PIXEL && Math.hypot(dx, dy) > event.tolerance;
}

function ellipseTo(state: Pressed, at: Point, surface: Surface): Vector {
  return vectorOn(surface, VectorType.ELLIPSE, uprightBox(clampPoint(state.at, surface.extent), clampPoint(at, surface.extent)));
}

/** The box of the type's size around the place, pushed inside the image where it would overhang. */
function around(at: Point, type: PlaceType, surface: Surface): Vector {
  const { extent } = surface;
  const halfWidth = half(surface.type?.default_width ?? 0, extent.width);
  const halfHeight = half(surface.type?.default_height ?? 0, extent.height);
  const [x, y] = [Math.round(at[0]), Math.round(at[1])];
  const box = [x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight];
  const inside = moved(box, 0, 0, extent.width * UNITS_PER_PIXEL, extent.height * UNITS_PER_PIXEL);
  return vectorOn(surface, type, inside);
}

/** Half a side in 1/100 pixel: at least half a pixel, at most half the image. */
function half(sizePx: number, mostPx: number): number {
  return Math.round(Math.min(Math.max(sizePx || USUAL_PX, 1), mostPx) * (UNITS_PER_PIXEL / 2));
}
