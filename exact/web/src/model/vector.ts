/** Vectors: the geometry of an annotation, as whole hundredths of a level-0 pixel. */

/** Units of one pixel: coordinates travel and are kept as integers, 1/100 pixel. */
export const UNITS_PER_PIXEL = 100;

export const VectorType = {
  BOUNDING_BOX: 1,
  ELLIPSE: 2,
  LINE: 3,
  MULTI_LINE: 4,
  POLYGON: 5,
  FIXED_SIZE_BOUNDING_BOX: 6,
  GLOBAL: 7,
} as const;
export type VectorType = (typeof VectorType)[keyof typeof VectorType];

export const VECTOR_NAMES: Record<VectorType, string> = {
  1: "Box",
  2: "Ellipse",
  3: "Line",
  4: "Polyline",
  5: "Polygon",
  6: "Fixed box",
  7: "Whole image",
};

/** `points` is x1, y1, x2, y2, ... in 1/100 pixel; `frame` the zero-based slice, null on flat images. */
export interface Vector {
  readonly vector_type: VectorType;
  readonly points: readonly number[];
  readonly frame: number | null;
  readonly plane: number;
}

/** A place in 1/100 pixel. */
export type Point = readonly [number, number];

/** Left, top, right, bottom in 1/100 pixel. */
export type Bounds = readonly [number, number, number, number];

/** What a shape is drawn on: size of the plane in pixels. */
export interface Extent {
  readonly width: number;
  readonly height: number;
}

const BOXES = new Set<VectorType>([
  VectorType.BOUNDING_BOX,
  VectorType.ELLIPSE,
  VectorType.FIXED_SIZE_BOUNDING_BOX,
]);

/** Is the shape given by the two corners of a box? */
export function isBox(type: VectorType): boolean {
  return BOXES.has(type);
}

/** Does the outline come back to its first point? */
export function isClosed(type: VectorType): boolean {
  return isBox(type) || type === VectorType.POLYGON;
}

/** The wire leaves defaults out; this puts them back. */
export function vectorFromWire(wire: Partial<Vector> | null | undefined): Vector | null {
  if (!wire || wire.vector_type === undefined) return null;
  return {
    vector_type: wire.vector_type,
    points: wire.points ?? [],
    frame: wire.frame ?? null,
    plane: wire.plane ?? 0,
  };
}

/** Same geometry, same place? */
export function sameVector(a: Vector | null, b: Vector | null): boolean {
  if (a === b) return true;
  if (!a || !b) return false;
  return (
    a.vector_type === b.vector_type &&
    a.frame === b.frame &&
    a.plane === b.plane &&
    a.points.length === b.points.length &&
    a.points.every((value, index) => value === b.points[index])
  );
}

export function withPoints(vector: Vector, points: readonly number[]): Vector {
  return { ...vector, points };
}

/** Whole units inside the image. */
export function clampPoint([x, y]: Point, extent: Extent): Point {
  return [
    clamp(Math.round(x), extent.width * UNITS_PER_PIXEL),
    clamp(Math.round(y), extent.height * UNITS_PER_PIXEL),
  ];
}

function clamp(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}

/** Every point rounded and put inside the image. */
export function clampPoints(points: readonly number[], extent: Extent): number[] {
  const answer: number[] = [];
  for (let i = 0; i + 1 < points.length; i += 2) {
    answer.push(...clampPoint([points[i]!, points[i + 1]!], extent));
  }
  return answer;
}

/** Two corners in any order as top left, bottom right. */
export function uprightBox(a: Point, b: Point): number[] {
  return [
    Math.min(a[0], b[0]),
    Math.min(a[1], b[1]),
    Math.max(a[0], b[0]),
    Math.max(a[1], b[1]),
  ];
}
