/** Somebody else was first: may a change go on top of theirs by itself, and what does the person have to see? */

import type { Annotation } from "../model/annotation";
import type { Change } from "../model/commands";
import { collide } from "../model/conflicts";
import type { Entry, Refusal } from "../state/entries";

const MOST_REBASES = 10;

/** Where nothing that somebody did is lost by it; `later` are changes that wait behind it. */
export function mayRebase(entry: Entry, later: readonly Change[], { current }: Refusal): boolean {
  if (!current || current.removed || entry.rebased >= MOST_REBASES) return false;
  return !collide([entry.change, ...later], entry.before, current);
}

/** The answer may come before the fact of the removal. */
export function withRemovedRow(entry: Entry, { current }: Refusal, confirmed: Annotation | undefined): Partial<Refusal> {
  const row = current ?? confirmed ?? entry.before;
  return row ? { current: { ...row, removed: true } } : {};
}
