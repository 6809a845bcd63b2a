/** Which tabs of this browser are alive: each holds a lock of its own, which the browser frees when the tab ends. */

const PREFIX = "exact-tab-";

/** Announces this tab for as long as it lives. */
export function announceTab(tab: string): void {
  if (!("locks" in navigator) || !navigator.locks) return;
  void navigator.locks.request(PREFIX + tab, () => new Promise<never>(() => undefined));
}

/** The other tabs that are open; entries of all others may be adopted. */
export async function livingTabs(): Promise<ReadonlySet<string>> {
  if (!("locks" in navigator) || !navigator.locks) return new Set();
  const { held = [] } = await navigator.locks.query();
  const names = held.map((lock) => lock.name ?? "").filter((name) => name.startsWith(PREFIX));
  return new Set(names.map((name) => name.slice(PREFIX.length)));
}
