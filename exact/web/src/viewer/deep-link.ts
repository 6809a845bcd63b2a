/** The page's address says what is seen: frame, plane, part of the image (pixels), look, and the selected annotations. */

import { type Look, PLAIN, parametersOf } from "../model/look";
import type { Bounds } from "../model/vector";

export interface Place {
  /** Zero-based slice. */
  readonly frame: number | null;
  readonly plane: number | null;
  /** Left, top, right, bottom in pixels. */
  readonly bounds: Bounds | null;
  /** Public numbers of annotations. */
  readonly annotations: readonly number[];
}

function whole(query: URLSearchParams, name: string): number | null {
  const text = query.get(name);
  const value = text === null || text === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) ? Math.round(value) : null;
}

/** What cannot be understood is left out. */
export function placeFrom(search: string): Place {
  const query = new URLSearchParams(search);
  const edges = ["xmin", "ymin", "xmax", "ymax"].map((name) => whole(query, name));
  const complete = edges.every((edge) => edge !== null) && edges[2]! > edges[0]! && edges[3]! > edges[1]!;
  return {
    frame: whole(query, "frame"),
    plane: whole(query, "plane"),
    bounds: complete ? (edges as unknown as Bounds) : null,
    annotations: (query.get("annotation") ?? "").split(",").map(Number).filter((number) => Number.isInteger(number) && number > 0),
  };
}

export function searchFor({ frame, plane, bounds, annotations }: Place, look: Look = PLAIN): string {
  const query = new URLSearchParams();
  if (frame !== null) query.set("frame", String(frame));
  if (plane !== null) query.set("plane", String(plane));
  if (bounds) ["xmin", "ymin", "xmax", "ymax"].forEach((name, index) => query.set(name, String(Math.round(bounds[index]!))));
  if (annotations.length > 0) query.set("annotation", annotations.join(","));
  for (const [name, value] of parametersOf(look)) query.set(name, value);
  const text = query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
  return text ? `?${text}` : "";
}
