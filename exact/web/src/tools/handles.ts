/** The places by which a shape is changed: corners and edges of boxes, points and middles of outlines. */

import { type Extent, type Point, type Vector, UNITS_PER_PIXEL, VectorType, clampPoint, isBox, isClosed } from "../model/vector";
import { distance } from "./tool";

/** `index`: corner or edge clockwise from the top left (boxes), or the number of the point (before a middle). */
export interface Handle {
  readonly kind: "corner" | "edge" | "point" | "middle";
  readonly index: number;
  readonly at: Point;
}

/** Handles of middles need room: 3 tolerances between two points. */
const ROOM = 3;

export function handlesOf(vector: Vector, tolerance: number): Handle[] {
  if (vector.points.length < 4 || vector.vector_type === VectorType.GLOBAL) return [];
  if (isBox(vector.vector_type)) return boxHandles(vector, tolerance);
  return [...middles(vector, tolerance), ...points(vector)];
}

function boxHandles({ points: box, vector_type: type }: Vector, tolerance: number): Handle[] {
  if (type === VectorType.FIXED_SIZE_BOUNDING_BOX) return [];
  const [left, top, right, bottom] = box as [number, number, number, number];
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const corners: Point[] = [[left, top], [right, top], [right, bottom], [left, bottom]];
  const edges: Point[] = [[x, top], [right, y], [x, bottom], [left, y]];
  const wide = Math.min(right - left, bottom - top) > ROOM * tolerance;
  return [
    ...(wide ? edges.map((at, index): Handle => ({ kind: "edge", index, at })) : []),
    ...corners.map((at, index): Handle => ({ kind: "corner", index, at })),
  ];
}

function points({ points: all }: Vector): Handle[] {
  return Array.from({ length: all.length / 2 }, (_, index) => ({ kind: "point", index, at: [all[2 * index]!, all[2 * index + 1]!] }));
}

function middles({ points: all, vector_type: type }: Vector, tolerance: number): Handle[] {
  if (type === VectorType.LINE) return [];
  const count = all.length / 2;
  const found: Handle[] = [];
  for (let index = 0; index < (isClosed(type) ? count : count - 1); index++) {
    const a: Point = [all[2 * index]!, all[2 * index + 1]!];
    const next = (index + 1) % count;
    const b: Point = [all[2 * next]!, all[2 * next + 1]!];
    if (distance(a, b) > ROOM * tolerance) found.push({ kind: "middle", index, at: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] });
  }
  return found;
}

/** The handle under the place; the nearest one, corners and points before edges and middles. */
export function handleAt(vector: Vector, at: Point, tolerance: number): Handle | null {
  let best: Handle | null = null;
  let reach = tolerance;
  for (const handle of handlesOf(vector, tolerance)) {
    const away = distance(handle.at, at);
    if (away <= reach) [best, reach] = [handle, away];
  }
  return best;
}

/** The points after dragging the handle there. A middle becomes a new point. */
export function dragged(vector: Vector, handle: Handle, to: Point, extent: Extent, regular: boolean): number[] {
  const at = clampPoint(to, extent);
  if (handle.kind === "point") return vector.points.with(2 * handle.index, at[0]).with(2 * handle.index + 1, at[1]);
  if (handle.kind === "middle") return vector.points.toSpliced(2 * handle.index + 2, 0, ...at);
  return draggedBox(vector.points as [number, number, number, number], handle, at, regular);
}

/** The opposite corner or edge stays; a box is never turned inside out nor thinner than a pixel. */
function draggedBox(box: [number, number, number, number], { kind, index }: Handle, to: Point, regular: boolean): number[] {
  let [left, top, right, bottom] = box;
  const moves = kind === "corner" ? [["left", "top"], ["right", "top"], ["right", "bottom"], ["left", "bottom"]][index]! : [["top"], ["right"], ["bottom"], ["left"]][index]!;
  const side = regular && kind === "corner" ? squareSide(box, index, to) : null;
  if (moves.includes("left")) left = Math.min(side ? right - side : to[0], right - UNITS_PER_PIXEL);
  if (moves.includes("right")) right = Math.max(side ? left + side : to[0], left + UNITS_PER_PIXEL);
  if (moves.includes("top")) top = Math.min(side ? bottom - side : to[1], bottom - UNITS_PER_PIXEL);
  if (moves.includes("bottom")) bottom = Math.max(side ? top + side : to[1], top + UNITS_PER_PIXEL);
  return [left, top, right, bottom];
}

function squareSide([left, top, right, bottom]: [number, number, number, number], corner: number, to: Point): number {
  const fixed: Point = [corner === 0 || corner === 3 ? right : left, corner < 2 ? bottom : top];
  return Math.min(Math.abs(to[0] - fixed[0]), Math.abs(to[1] - fixed[1]));
}

/** The points without one; null when too few would be left. */
export function withoutPoint(vector: Vector, index: number): number[] | null {
  const least = vector.vector_type === VectorType.POLYGON ? 3 : 2;
  if (isBox(vector.vector_type) || vector.points.length / 2 <= least) return null;
  return vector.points.toSpliced(2 * index, 2);
}
