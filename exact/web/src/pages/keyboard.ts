/** Keys that work on every page: `/` to the search field, arrows through a grid of cards. */

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));

export function slashFocusesSearch(event: KeyboardEvent): void {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const search = document.querySelector<HTMLInputElement>("input[type=search]");
  if (!search) return;
  event.preventDefault();
  search.focus();
  search.select();
}

/** Where an arrow key leads in a grid of `length` cards, `columns` in a row; null where it leads out. */
export function neighbour(key: string, at: number, length: number, columns: number): number | null {
  const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
  const step = steps[key];
  if (key === "Home") return 0;
  if (key === "End") return length - 1;
  if (step === undefined || at < 0) return null;
  const to = at + step;
  return to >= 0 && to < length ? to : null;
}

/** For `@keydown` of a grid: moves the focus between the links marked `data-cell`. */
export function walkGrid(event: KeyboardEvent): void {
  if (typing(event.target)) return;
  const grid = event.currentTarget as HTMLElement;
  const cells = [...grid.querySelectorAll<HTMLElement>("[data-cell]")];
  const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
  const to = neighbour(event.key, cells.indexOf(event.target as HTMLElement), cells.length, columns);
  if (to === null) return;
  event.preventDefault();
  cells[to]?.focus();
}
