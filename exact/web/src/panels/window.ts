/** Which rows of a long list have to exist: those in sight and a few around them. */

export interface RowWindow {
  readonly first: number;
  readonly last: number;
}

/** Rows [first, last) of `count` rows of `rowHeight` px, for a box of `height` px scrolled by `top` px. */
export function rowWindow(count: number, rowHeight: number, top: number, height: number, around = 6): RowWindow {
  const first = Math.max(0, Math.floor(top / rowHeight) - around);
  const last = Math.min(count, Math.ceil((top + height) / rowHeight) + around);
  return { first: Math.min(first, last), last };
}

/** Where to scroll so that the row is in sight; null when it is already. */
export function scrollFor(index: number, rowHeight: number, top: number, height: number): number | null {
  const from = index * rowHeight;
  if (from < top) return from;
  if (from + rowHeight > top + height) return from + rowHeight - height;
  return null;
}
