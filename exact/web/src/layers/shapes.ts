/** The shapes of one frame in typed arrays with a spatial index: what is seen, what is hit, in time that does not grow with all. */

import Flatbush from "flatbush";
import { boundsOf, distanceToPath, insidePolygon, nearness } from "../model/geometry";
import { type Bounds, type Point, type Vector, type VectorType, VectorType as Types, isClosed } from "../model/vector";
import type { Status } from "../model/annotation";
import type { Phase } from "../state/annotations";

/** What the layer has to know of one annotation. */
export interface Shape {
  readonly key: string;
  readonly vector: Vector;
  /** Index of the type in the palette. */
  readonly type: number;
  readonly status: Status;
  readonly phase: Phase;
  /** Is its inside a place to hit it? */
  readonly area: boolean;
}

/** Shapes are painted by style: one path for each. */
const STATUS_CODES: Record<Status, number> = { open: 0, accepted: 1, rejected: 2 };
export const STYLES_PER_TYPE = 6;

export function styleOf(shape: Shape): number {
  return shape.type * STYLES_PER_TYPE + STATUS_CODES[shape.status] + (shape.phase === "saved" ? 0 : 3);
}

export class ShapeTable {
  readonly keys: string[] = [];
  readonly count: number;
  /** Left, top, right, bottom of each, 1/100 pixel. */
  readonly boxes: Float64Array;
  readonly offsets: Uint32Array;
  readonly points: Float64Array;
  readonly kinds: Uint8Array;
  readonly styles: Uint16Array;
  private readonly area: Uint8Array;
  /** Not to be painted nor hit: replaced by something newer. */
  private readonly gone: Uint8Array;
  private readonly indexOf = new Map<string, number>();
  private readonly index: Flatbush | null;

  constructor(shapes: readonly Shape[]) {
    const drawable = shapes.filter((shape) => shape.vector.points.length >= 4);
    this.count = drawable.length;
    this.boxes = new Float64Array(4 * this.count);
    this.offsets = new Uint32Array(this.count + 1);
    this.kinds = new Uint8Array(this.count);
    this.styles = new Uint16Array(this.count);
    this.area = new Uint8Array(this.count);
    this.gone = new Uint8Array(this.count);
    this.points = new Float64Array(drawable.reduce((sum, shape) => sum + shape.vector.points.length, 0));
    drawable.forEach((shape, i) => this.put(shape, i));
    this.index = this.count > 0 ? this.indexed() : null;
  }

  /** Indices of the shapes whose box meets the view, in the order of the table. */
  within([left, top, right, bottom]: Bounds): number[] {
    const found = this.index?.search(left, top, right, bottom) ?? [];
    return found.filter((i) => !this.gone[i]).sort((a, b) => a - b);
  }

  has(key: string): boolean {
    return this.indexOf.has(key);
  }

  /** Leaves the shape out from now on; true when it was there. */
  drop(key: string): boolean {
    const i = this.indexOf.get(key);
    if (i === undefined || this.gone[i]) return false;
    this.gone[i] = 1;
    return true;
  }

  /** Brings a dropped shape back. */
  keep(key: string): void {
    const i = this.indexOf.get(key);
    if (i !== undefined) this.gone[i] = 0;
  }

  /** Candidates around the place, with their distance. */
  *near(at: Point, tolerance: number): Iterable<Hit> {
    for (const i of this.within([at[0] - tolerance, at[1] - tolerance, at[0] + tolerance, at[1] + tolerance])) {
      const [left, top, right, bottom] = this.boxes.subarray(4 * i, 4 * i + 4) as unknown as Bounds;
      yield { key: this.keys[i]!, size: (right - left) * (bottom - top), area: this.area[i] === 1, ...this.nearness(at, i) };
    }
  }

  /** Outlines of many points are measured where they lie, without copying them. */
  private nearness(at: Point, i: number): { border: number; inside: boolean } {
    const [from, to] = [this.offsets[i]!, this.offsets[i + 1]!];
    const vector_type = this.kinds[i] as VectorType;
    if (vector_type === Types.POLYGON || vector_type === Types.MULTI_LINE) {
      const closed = isClosed(vector_type);
      return {
        border: distanceToPath(at, this.points, closed, from, to),
        inside: closed && insidePolygon(at, this.points, from, to),
      };
    }
    return nearness(at, { vector_type, points: [...this.points.subarray(from, to)], frame: null, plane: 0 });
  }

  private put(shape: Shape, i: number): void {
    const { points, vector_type } = shape.vector;
    this.keys.push(shape.key);
    this.indexOf.set(shape.key, i);
    this.boxes.set(boundsOf(points)!, 4 * i);
    this.points.set(points, this.offsets[i]!);
    this.offsets[i + 1] = this.offsets[i]! + points.length;
    this.kinds[i] = vector_type;
    this.styles[i] = styleOf(shape);
    this.area[i] = shape.area ? 1 : 0;
  }

  private indexed(): Flatbush {
    const index = new Flatbush(this.count);
    for (let i = 0; i < 4 * this.count; i += 4) {
      index.add(this.boxes[i]!, this.boxes[i + 1]!, this.boxes[i + 2]!, this.boxes[i + 3]!);
    }
    index.finish();
    return index;
  }
}

export interface Hit {
  readonly key: string;
  readonly border: number;
  readonly inside: boolean;
  readonly size: number;
  readonly area: boolean;
}

export function hitOf(shape: Shape, at: Point): Hit {
  const bounds = boundsOf(shape.vector.points) ?? [0, 0, 0, 0];
  const size = (bounds[2] - bounds[0]) * (bounds[3] - bounds[1]);
  return { key: shape.key, size, area: shape.area, ...nearness(at, shape.vector) };
}

/** The nearest border within reach; else the smallest shape around the place. */
export function bestHit(hits: Iterable<Hit>, tolerance: number): string | null {
  let border: Hit | null = null;
  let inside: Hit | null = null;
  for (const hit of hits) {
    if (hit.border <= tolerance && (!border || hit.border < border.border)) border = hit;
    if (hit.inside && hit.area && (!inside || hit.size < inside.size)) inside = hit;
  }
  return (border ?? inside)?.key ?? null;
}
