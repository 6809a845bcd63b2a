/** Shapes as small pictures: SVG paths in whole pixels, and the frame in which several of them are seen together. */

import { boundsOf } from "./geometry";
import { type Bounds, UNITS_PER_PIXEL, type Vector, VectorType, isBox, isClosed } from "./vector";

/** Room around what is pictured, as a share of its longer side. */
const MARGIN = 0.12;
const SMALLEST_FRAME = 4 * UNITS_PER_PIXEL;

/** The outline as the `d` of an SVG path; empty for what has no place in the image. */
export function pathOf({ vector_type: type, points }: Vector): string {
  if (points.length < 4) return "";
  const px = points.map((value) => value / UNITS_PER_PIXEL);
  if (type === VectorType.ELLIPSE) return ellipse(px);
  const corners = isBox(type) ? [px[0], px[1], px[2], px[1], px[2], px[3], px[0], px[3]] : px;
  const places: string[] = [];
  for (let i = 0; i + 1 < corners.length; i += 2) places.push(`${corners[i]} ${corners[i + 1]}`);
  return `M${places.join("L")}${isClosed(type) ? "Z" : ""}`;
}

function ellipse([left = 0, top = 0, right = 0, bottom = 0]: readonly number[]): string {
  const [rx, ry, middle] = [Math.abs(right - left) / 2, Math.abs(bottom - top) / 2, (top + bottom) / 2];
  return `M${left} ${middle}A${rx} ${ry} 0 1 1 ${right} ${middle}A${rx} ${ry} 0 1 1 ${left} ${middle}Z`;
}

/** The `viewBox` that shows all of them with some room; null when none has a place. */
export function frameOf(vectors: readonly Vector[]): string | null {
  const bounds = boundsOf(vectors.flatMap((vector) => [...vector.points]));
  if (!bounds) return null;
  const [left, top, right, bottom] = withMargin(bounds);
  return [left, top, right - left, bottom - top].map((value) => value / UNITS_PER_PIXEL).join(" ");
}

function withMargin([left, top, right, bottom]: Bounds): Bounds {
  const room = Math.round(MARGIN * Math.max(right - left, bottom - top, SMALLEST_FRAME));
  return [left - room, top - room, right + room, bottom + room];
}
