/** The list of annotations in its order, and how many there are of each type; kept up row by row, because there may be 100,000. */

import type { Annotation } from "../model/annotation";

interface Place {
  /** Type that it is counted under; null when it is removed. */
  readonly type: string | null;
  /** What it is ordered by, highest first; null when it is not listed. */
  readonly order: number | null;
}

export class Roster {
  /** Newest first; what has no number yet is newest of all. */
  keys: string[] = [];
  counts = new Map<string, number>();
  private places = new Map<string, Place>();

  /** Everything anew. */
  fill(rows: Iterable<readonly [string, Annotation]>, passes: (key: string, row: Annotation) => boolean): void {
    this.places = new Map();
    this.counts = new Map();
    const listed: [string, number][] = [];
    for (const [key, row] of rows) {
      const place = placeOf(key, row, passes);
      this.note(key, place);
      if (place.order !== null) listed.push([key, place.order]);
    }
    listed.sort((a, b) => compare(a[0], a[1], b[0], b[1]));
    this.keys = listed.map(([key]) => key);
  }

  /** One row became another, or went. */
  update(key: string, row: Annotation | undefined, passes: (key: string, row: Annotation) => boolean): void {
    const before = this.places.get(key);
    const after = row ? placeOf(key, row, passes) : { type: null, order: null };
    if (before?.type) this.counts.set(before.type, (this.counts.get(before.type) ?? 1) - 1);
    if (before && before.order !== null && before.order !== after.order) this.keys.splice(this.indexOf(key, before.order), 1);
    if (after.order !== null && before?.order !== after.order) this.keys.splice(this.indexOf(key, after.order), 0, key);
    this.note(key, after);
  }

  private note(key: string, place: Place): void {
    this.places.set(key, place);
    if (place.type) this.counts.set(place.type, (this.counts.get(place.type) ?? 0) + 1);
  }

  /** Where the key stands, or where it belongs. */
  private indexOf(key: string, order: number): number {
    let [low, high] = [0, this.keys.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.keys[middle]!;
      if (compare(other, this.places.get(other)?.order ?? 0, key, order) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function compare(key: string, order: number, otherKey: string, otherOrder: number): number {
  if (order !== otherOrder) return otherOrder > order ? 1 : -1;
  return key === otherKey ? 0 : key < otherKey ? 1 : -1;
}

function placeOf(key: string, row: Annotation, passes: (key: string, row: Annotation) => boolean): Place {
  return {
    type: row.removed ? null : row.annotation_type_id,
    order: passes(key, row) ? (row.number ?? Infinity) : null,
  };
}
