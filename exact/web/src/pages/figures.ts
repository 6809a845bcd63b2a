/** Arithmetic over progress rows: what is annotated, what is checked, what is still open. */

import type { ImageProgress, TypeCount } from "./shapes";

export interface Figures {
  images: number;
  /** Images with at least one annotation. */
  annotated: number;
  /** Annotated images on which nothing is left to check. */
  verified: number;
  annotations: number;
  accepted: number;
  rejected: number;
  open: number;
}

export type Stage = "untouched" | "open" | "verified";

export const annotationsOf = (row: ImageProgress): number => row.accepted + row.rejected + row.open;

export function stage(row: ImageProgress | undefined): Stage {
  if (!row || annotationsOf(row) === 0) return "untouched";
  return row.open > 0 ? "open" : "verified";
}

export function figures(images: number, rows: ImageProgress[]): Figures {
  const sum = (of: (row: ImageProgress) => number) => rows.reduce((total, row) => total + of(row), 0);
  return {
    images,
    annotated: rows.filter((row) => stage(row) !== "untouched").length,
    verified: rows.filter((row) => stage(row) === "verified").length,
    annotations: sum(annotationsOf),
    accepted: sum((row) => row.accepted),
    rejected: sum((row) => row.rejected),
    open: sum((row) => row.open),
  };
}

/** Counts per annotation type over all images, the most frequent first. */
export function byType(rows: ImageProgress[]): TypeCount[] {
  const counts = new Map<number, TypeCount>();
  for (const type of rows.flatMap((row) => row.types)) {
    const known = counts.get(type.annotation_type);
    counts.set(type.annotation_type, { ...type, count: (known?.count ?? 0) + type.count });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count || a.name.localeCompare(b.name));
}
