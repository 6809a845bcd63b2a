/** Arithmetic of shapes, in 1/100 pixel: bounds, distances, hits, area, length, crossings, simplification. */

import { type Bounds, type Point, type Vector, VectorType, isBox, isClosed } from "./vector";

/** The box around the points; null without points. */
export function boundsOf(points: ArrayLike<number>): Bounds | null {
  if (points.length < 2) return null;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i + 1 < points.length; i += 2) {
    left = Math.min(left, points[i]!);
    right = Math.max(right, points[i]!);
    top = Math.min(top, points[i + 1]!);
    bottom = Math.max(bottom, points[i + 1]!);
  }
  return [left, top, right, bottom];
}

/** Distance from a place to the segment a-b. */
export function distanceToSegment(at: Point, ax: number, ay: number, bx: number, by: number): number {
  const dx = bx - ax;
  const dy = by - ay;
  const along = dx === 0 && dy === 0 ? 0 : ((at[0] - ax) * dx + (at[1] - ay) * dy) / (dx * dx + dy * dy);
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(at[0] - ax - t * dx, at[1] - ay - t * dy);
}

/** Distance from a place to a path through points[from..to) (pairs), closed or open. */
export function distanceToPath(at: Point, points: ArrayLike<number>, closed: boolean, from = 0, to = points.length): number {
  if (to - from < 2) return Infinity;
  if (to - from === 2) return Math.hypot(at[0] - points[from]!, at[1] - points[from + 1]!);
  let nearest = closed
    ? distanceToSegment(at, points[to - 2]!, points[to - 1]!, points[from]!, points[from + 1]!)
    : Infinity;
  for (let i = from; i + 3 < to; i += 2) {
    nearest = Math.min(nearest, distanceToSegment(at, points[i]!, points[i + 1]!, points[i + 2]!, points[i + 3]!));
  }
  return nearest;
}

/** Even-odd rule over points[from..to). */
export function insidePolygon(at: Point, points: ArrayLike<number>, from = 0, to = points.length): boolean {
  let inside = false;
  for (let i = from, j = to - 2; i < to; j = i, i += 2) {
    const yi = points[i + 1]!;
    const yj = points[j + 1]!;
    if (yi > at[1] !== yj > at[1]) {
      const x = points[i]! + ((at[1] - yi) / (yj - yi)) * (points[j]! - points[i]!);
      if (at[0] < x) inside = !inside;
    }
  }
  return inside;
}

function boxOutline([left, top, right, bottom]: readonly number[]): number[] {
  return [left!, top!, right!, top!, right!, bottom!, left!, bottom!];
}

/** How far a place is from the shape's border and whether it is inside; ellipses by their radial distance. */
export function nearness(at: Point, vector: Vector): { border: number; inside: boolean } {
  const { points, vector_type: type } = vector;
  if (points.length < 2) return { border: Infinity, inside: false };
  if (type === VectorType.ELLIPSE) return nearnessOfEllipse(at, points);
  const outline = isBox(type) ? boxOutline(points) : points;
  const closed = isClosed(type);
  return {
    border: distanceToPath(at, outline, closed),
    inside: closed && insidePolygon(at, outline),
  };
}

function nearnessOfEllipse(at: Point, [left, top, right, bottom]: readonly number[]): { border: number; inside: boolean } {
  const rx = Math.max(1, (right! - left!) / 2);
  const ry = Math.max(1, (bottom! - top!) / 2);
  const x = at[0] - (left! + right!) / 2;
  const y = at[1] - (top! + bottom!) / 2;
  const radial = Math.hypot(x / rx, y / ry);
  const reach = Math.hypot(x, y);
  const border = radial === 0 ? Math.min(rx, ry) : Math.abs(reach - reach / radial);
  return { border, inside: radial <= 1 };
}

/** Pixel size per axis, in whatever length; 1 and 1 give 1/100 pixels. */
export type Scale = readonly [number, number];

/** Length of the outline; an ellipse's by Ramanujan's formula. */
export function lengthOf(vector: Vector, [sx, sy]: Scale = [1, 1]): number {
  const { points, vector_type: type } = vector;
  if (points.length < 4) return 0;
  if (type === VectorType.ELLIPSE) {
    const a = (Math.abs(points[2]! - points[0]!) * sx) / 2;
    const b = (Math.abs(points[3]! - points[1]!) * sy) / 2;
    const h = ((a - b) / (a + b || 1)) ** 2;
    return Math.PI * (a + b) * (1 + (3 * h) / (10 + Math.sqrt(4 - 3 * h)));
  }
  const outline = isBox(type) ? boxOutline(points) : points;
  const count = outline.length / 2;
  const segments = isClosed(type) ? count : count - 1;
  let length = 0;
  for (let i = 0; i < segments; i++) {
    const j = (i + 1) % count;
    length += Math.hypot((outline[2 * j]! - outline[2 * i]!) * sx, (outline[2 * j + 1]! - outline[2 * i + 1]!) * sy);
  }
  return length;
}

/** Enclosed area; 0 for open shapes. */
export function areaOf(vector: Vector, [sx, sy]: Scale = [1, 1]): number {
  const { points, vector_type: type } = vector;
  if (!isClosed(type) || points.length < 4) return 0;
  if (isBox(type)) {
    const box = Math.abs(points[2]! - points[0]!) * Math.abs(points[3]! - points[1]!) * sx * sy;
    return type === VectorType.ELLIPSE ? (box * Math.PI) / 4 : box;
  }
  let twice = 0;
  for (let i = 0, j = points.length - 2; i < points.length; j = i, i += 2) {
    twice += points[j]! * points[i + 1]! - points[i]! * points[j + 1]!;
  }
  return (Math.abs(twice) / 2) * sx * sy;
}

function orientation(ax: number, ay: number, bx: number, by: number, cx: number, cy: number): number {
  return Math.sign((bx - ax) * (cy - ay) - (by - ay) * (cx - ax));
}

function onSegment(ax: number, ay: number, bx: number, by: number, px: number, py: number): boolean {
  return px >= Math.min(ax, bx) && px <= Math.max(ax, bx) && py >= Math.min(ay, by) && py <= Math.max(ay, by);
}

/** Do the segments p-q and r-s have a place in common? */
function segmentsMeet(p: readonly number[], i: number, j: number, k: number, l: number): boolean {
  const [ax, ay, bx, by] = [p[2 * i]!, p[2 * i + 1]!, p[2 * j]!, p[2 * j + 1]!];
  const [cx, cy, dx, dy] = [p[2 * k]!, p[2 * k + 1]!, p[2 * l]!, p[2 * l + 1]!];
  const [abc, abd] = [orientation(ax, ay, bx, by, cx, cy), orientation(ax, ay, bx, by, dx, dy)];
  const [cda, cdb] = [orientation(cx, cy, dx, dy, ax, ay), orientation(cx, cy, dx, dy, bx, by)];
  if (abc !== abd && cda !== cdb) return true;
  return (
    (abc === 0 && onSegment(ax, ay, bx, by, cx, cy)) ||
    (abd === 0 && onSegment(ax, ay, bx, by, dx, dy)) ||
    (cda === 0 && onSegment(cx, cy, dx, dy, ax, ay)) ||
    (cdb === 0 && onSegment(cx, cy, dx, dy, bx, by))
  );
}

/** Neighbours share one point; they cross only when one folds back over the other. */
function foldsBack(p: readonly number[], i: number, j: number, k: number): boolean {
  const turn = orientation(p[2 * i]!, p[2 * i + 1]!, p[2 * j]!, p[2 * j + 1]!, p[2 * k]!, p[2 * k + 1]!);
  const dot =
    (p[2 * j]! - p[2 * i]!) * (p[2 * k]! - p[2 * j]!) + (p[2 * j + 1]! - p[2 * i + 1]!) * (p[2 * k + 1]! - p[2 * j + 1]!);
  return turn === 0 && dot < 0;
}

/**
 * Where a closed outline first meets itself: the two edges' first points, or null when it never does.
 * Edges are swept from left to right, so that only those that overlap in x are compared.
 */
export function selfCrossing(points: readonly number[]): readonly [number, number] | null {
  const count = points.length / 2;
  if (count < 3) return null;
  const edges = Array.from({ length: count }, (_, i) => {
    const x1 = points[2 * i]!;
    const x2 = points[2 * ((i + 1) % count)]!;
    return { i, left: Math.min(x1, x2), right: Math.max(x1, x2) };
  }).sort((a, b) => a.left - b.left);
  let open: typeof edges = [];
  for (const edge of edges) {
    open = open.filter((other) => other.right >= edge.left);
    for (const other of open) {
      if (edgesCross(points, count, edge.i, other.i)) {
        return [Math.min(edge.i, other.i), Math.max(edge.i, other.i)];
      }
    }
    open.push(edge);
  }
  return null;
}

function edgesCross(points: readonly number[], count: number, a: number, b: number): boolean {
  const [nextA, nextB] = [(a + 1) % count, (b + 1) % count];
  if (nextA === b) return foldsBack(points, a, b, nextB);
  if (nextB === a) return foldsBack(points, b, a, nextA);
  return segmentsMeet(points, a, nextA, b, nextB);
}

/** Douglas and Peucker: the fewest points that stay within `tolerance` of the drawn path. */
export function simplify(points: readonly number[], tolerance: number): number[] {
  const count = points.length / 2;
  if (count < 3) return [...points];
  const keep = new Uint8Array(count);
  keep[0] = keep[count - 1] = 1;
  const spans: [number, number][] = [[0, count - 1]];
  for (let span = spans.pop(); span; span = spans.pop()) {
    const farthest = farthestFromChord(points, span[0], span[1]);
    if (farthest.distance > tolerance) {
      keep[farthest.index] = 1;
      spans.push([span[0], farthest.index], [farthest.index, span[1]]);
    }
  }
  return points.filter((_, index) => keep[index >> 1]);
}

function farthestFromChord(points: readonly number[], from: number, to: number): { index: number; distance: number } {
  let farthest = { index: from, distance: 0 };
  for (let i = from + 1; i < to; i++) {
    const distance = distanceToSegment(
      [points[2 * i]!, points[2 * i + 1]!],
      points[2 * from]!, points[2 * from + 1]!, points[2 * to]!, points[2 * to + 1]!,
    );
    if (distance > farthest.distance) farthest = { index: i, distance };
  }
  return farthest;
}

/** The shape moved by dx, dy without leaving the image (width and height in 1/100 pixel). */
export function moved(points: readonly number[], dx: number, dy: number, width: number, height: number): number[] {
  return movedTogether([points], dx, dy, width, height)[0]!;
}

/** Several shapes moved by the same way, as far as all of them stay in the image: they keep their places to each other. */
export function movedTogether(
  shapes: readonly (readonly number[])[], dx: number, dy: number, width: number, height: number,
): number[][] {
  const all = shapes.map(boundsOf).filter((bounds) => bounds !== null);
  const room = (low: 0 | 1, high: 2 | 3, by: number, size: number): number => {
    const least = Math.max(...all.map((bounds) => -bounds[low]));
    const most = Math.min(...all.map((bounds) => size - bounds[high]));
    return Math.round(Math.min(Math.max(by, least), most));
  };
  const [x, y] = [room(0, 2, dx, width), room(1, 3, dy, height)];
  return shapes.map((points) => points.map((value, index) => value + (index % 2 ? y : x)));
}
