/** What undo did and what it left, in a sentence. */

import { count } from "../design/format";
import type { Left } from "../state/entries";

export interface Undone {
  readonly undone: number;
  readonly left_count: number;
  readonly left: readonly Left[];
}

/** "2 undone. 1 stays: Vera verified it since." */
export function undoneInWords({ undone, left_count, left }: Undone, nameOf: (person: string) => string): string {
  if (left_count === 0) return undone === 1 ? "Undone." : `${count(undone)} undone.`;
  if (undone > 0 && left.every((one) => one.count !== undefined)) return ["Undone.", ...left.map((one) => one.reason)].join(" ");
  const reasons = reasonsOf(left, nameOf);
  if (undone === 0 && left_count === 1) return `Nothing was undone: ${reasons}.`;
  const done = undone === 0 ? "Nothing was undone." : `${count(undone)} undone.`;
  return `${done} ${count(left_count)} ${left_count === 1 ? "stays" : "stay"}: ${reasons}.`;
}

/** Each reason once, the most frequent first; with several, how often. */
function reasonsOf(left: readonly Left[], nameOf: (person: string) => string): string {
  const times = new Map<string, number>();
  for (const one of left) {
    const reason = reasonOf(one, nameOf);
    times.set(reason, (times.get(reason) ?? 0) + 1);
  }
  const sorted = [...times].sort(([, a], [, b]) => b - a);
  return sorted.map(([reason, often]) => (sorted.length > 1 ? `${reason} (${count(often)})` : reason)).join("; ");
}

const SOMEBODY = "Somebody ";

/** Without its full stop, to stand inside a sentence; somebody who is known is called by name. */
function reasonOf({ reason, changed_by }: Left, nameOf: (person: string) => string): string {
  const bare = reason.replace(/\.$/, "");
  if (changed_by && bare.startsWith(SOMEBODY)) return `${nameOf(changed_by)} ${bare.slice(SOMEBODY.length)}`;
  return bare.charAt(0).toLowerCase() + bare.slice(1);
}
