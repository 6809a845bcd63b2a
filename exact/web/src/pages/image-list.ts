/** Which images are shown and in which order: search, stage filter and sort as pure functions. */

import { annotationsOf, stage, type Stage } from "./figures";
import type { Image, ImageProgress } from "./shapes";

export type Filter = "all" | Stage;
export type Order = "name" | "newest" | "size" | "annotations" | "open";

export const FILTERS: { value: Filter; label: string }[] = [
  { value: "all", label: "All" },
  { value: "untouched", label: "Not annotated" },
  { value: "open", label: "To verify" },
  { value: "verified", label: "Verified" },
];

export const ORDERS: { value: Order; label: string }[] = [
  { value: "name", label: "Name" },
  { value: "newest", label: "Newest first" },
  { value: "size", label: "Largest first" },
  { value: "annotations", label: "Most annotations" },
  { value: "open", label: "Most to verify" },
];

export type Rows = ReadonlyMap<number, ImageProgress>;

export const rowsByImage = (rows: ImageProgress[]): Rows => new Map(rows.map((row) => [row.image, row]));

const NATURAL = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

const KEYS: Record<Order, (a: Image, b: Image, rows: Rows) => number> = {
  name: (a, b) => NATURAL.compare(a.name, b.name),
  newest: (a, b) => b.id - a.id,
  size: (a, b) => b.width * b.height - a.width * a.height,
  annotations: (a, b, rows) => drawn(b, rows) - drawn(a, rows),
  open: (a, b, rows) => (rows.get(b.id)?.open ?? 0) - (rows.get(a.id)?.open ?? 0),
};

function drawn(image: Image, rows: Rows): number {
  const row = rows.get(image.id);
  return row ? annotationsOf(row) : 0;
}

export function listed(images: Image[], rows: Rows, wanted: string, filter: Filter, order: Order): Image[] {
  const words = wanted.trim().toLowerCase();
  return images
    .filter((image) => !words || `${image.name} ${image.filename}`.toLowerCase().includes(words))
    .filter((image) => filter === "all" || stage(rows.get(image.id)) === filter)
    .sort((a, b) => KEYS[order](a, b, rows) || NATURAL.compare(a.name, b.name) || a.id - b.id);
}
