/** The view: how image pixels lie on the screen, as an affine matrix, and what of the image is seen. */

import { type Bounds, type Point, UNITS_PER_PIXEL } from "../model/vector";

/** x' = a·x + c·y + e, y' = b·x + d·y + f; from image pixels to CSS pixels of the stage. */
export interface Matrix {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
}

export interface View {
  readonly matrix: Matrix;
  /** Size of the stage in CSS pixels. */
  readonly width: number;
  readonly height: number;
}

/** CSS pixels per image pixel. */
export function zoomOf({ a, b }: Matrix): number {
  return Math.hypot(a, b);
}

/** The turn of the image, radians. */
export function angleOf({ a, b }: Matrix): number {
  return Math.atan2(b, a);
}

export function project({ a, b, c, d, e, f }: Matrix, x: number, y: number): Point {
  return [a * x + c * y + e, b * x + d * y + f];
}

export function inverted({ a, b, c, d, e, f }: Matrix): Matrix {
  const det = a * d - b * c || Number.MIN_VALUE;
  return { a: d / det, b: -b / det, c: -c / det, d: a / det, e: (c * f - d * e) / det, f: (b * e - a * f) / det };
}

/** First `n`, then `m`. */
export function times(m: Matrix, n: Matrix): Matrix {
  return {
    a: m.a * n.a + m.c * n.b,
    b: m.b * n.a + m.d * n.b,
    c: m.a * n.c + m.c * n.d,
    d: m.b * n.c + m.d * n.d,
    e: m.a * n.e + m.c * n.f + m.e,
    f: m.b * n.e + m.d * n.f + m.f,
  };
}

export function shifted(m: Matrix, dx: number, dy: number): Matrix {
  return { ...m, e: m.e + dx, f: m.f + dy };
}

/** The same matrix for 1/100 pixels. */
export function inUnits(m: Matrix): Matrix {
  const s = 1 / UNITS_PER_PIXEL;
  return { a: m.a * s, b: m.b * s, c: m.c * s, d: m.d * s, e: m.e, f: m.f };
}

/** What of the image the stage shows, with `margin` CSS pixels around it; image pixels. */
export function seen({ matrix, width, height }: View, margin = 0): Bounds {
  const back = inverted(matrix);
  const corners = [[-margin, -margin], [width + margin, -margin], [-margin, height + margin], [width + margin, height + margin]];
  const places = corners.map(([x, y]) => project(back, x!, y!));
  const xs = places.map(([x]) => x);
  const ys = places.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** The same in 1/100 pixel. */
export function seenInUnits(view: View, margin = 0): Bounds {
  const [left, top, right, bottom] = seen(view, margin);
  return [left * UNITS_PER_PIXEL, top * UNITS_PER_PIXEL, right * UNITS_PER_PIXEL, bottom * UNITS_PER_PIXEL];
}

/** A place on the stage as 1/100 pixels of the image. */
export function toUnits(view: View, x: number, y: number): Point {
  const [ix, iy] = project(inverted(view.matrix), x, y);
  return [ix * UNITS_PER_PIXEL, iy * UNITS_PER_PIXEL];
}

export function sameView(one: View, other: View): boolean {
  const names = ["a", "b", "c", "d", "e", "f"] as const;
  return one.width === other.width && one.height === other.height && names.every((name) => one.matrix[name] === other.matrix[name]);
}
