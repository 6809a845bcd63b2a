/** Unconfirmed changes, as the outbox keeps them until the server has acknowledged them. */

import type { Annotation } from "../model/annotation";
import type { Change } from "../model/commands";
import { uuid7 } from "../model/uuid7";

/** What the server answers to a command that it carried out. */
export interface Answer {
  readonly id: string;
  readonly number: number | null;
  readonly version: number;
  readonly position: number;
  /** Of a batch: one for each command, in their order. */
  readonly results?: readonly Subject[];
  /** Of an undo: how many facts were taken back, how many stay, and the first of those. */
  readonly undone?: number;
  readonly left_count?: number;
  readonly left?: readonly Left[];
}

/** What a command of a batch was about, after it. */
export interface Subject {
  readonly id: string;
  readonly number: number | null;
  readonly version: number;
}

/** A fact that an undo left alone, and why. */
export interface Left {
  readonly stream_id: string;
  readonly code: string;
  readonly reason: string;
  readonly changed_by?: string;
  /** Of an import: how many of its annotations; the reason says so. */
  readonly count?: number;
}

/** Why the server did not carry it out; `detail` is a sentence for people. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** Which command of a batch is to blame. */
  readonly index?: number;
  readonly expected?: number;
  readonly version?: number;
  /** The annotation as it is, and as it was in the version that the change was made on. */
  readonly current?: Annotation;
  readonly seen?: Annotation | null;
  readonly changed_by?: string;
  readonly changed_by_name?: string;
  readonly changed_at?: string;
}

export type EntryPhase = "waiting" | "sending" | "acknowledged" | "conflict" | "refused";

/** Entries that go to the server in one request, all or none of them. */
export interface Group {
  readonly id: string;
  /** The correlation id of the whole deed, which may be more than one request. */
  readonly deed: string;
  /** The deed that the request takes back; null for a batch of the entries' own changes. */
  readonly undoes: string | null;
}

export interface Entry {
  /** UUID 7: the order in which changes were made. */
  readonly id: string;
  /** Person and image. */
  readonly scope: string;
  /** The tab that made it, and sends it while it lives. */
  readonly tab: string;
  readonly person: string;
  readonly key: string;
  /** None: it goes alone. */
  readonly group?: Group;
  readonly at: string;
  readonly origin: "edit" | "undo";
  /** The row the person saw when making the change. */
  readonly before: Annotation | null;
  change: Change;
  idempotency_key: string;
  annotation_id: string | null;
  base_version: number | null;
  phase: EntryPhase;
  /** Once tried, the server may have it: the same key must then carry the same body. */
  attempted: boolean;
  /** How often it was put on top of somebody else's change. */
  rebased: number;
  refusal: Refusal | null;
  acknowledged: Answer | null;
}

/** What a new entry is made of. */
export interface Making {
  readonly scope: string;
  readonly tab: string;
  readonly person: string;
  readonly clock: { now(): number };
  readonly key: string;
  readonly change: Change;
  readonly origin: "edit" | "undo";
  readonly before: Annotation | null;
  readonly base_version: number | null;
}

export function newEntry({ scope, tab, person, clock, key, change, origin, before, base_version }: Making): Entry {
  return {
    id: uuid7(),
    scope,
    tab,
    person,
    key,
    at: new Date(clock.now()).toISOString(),
    origin,
    before,
    change,
    idempotency_key: uuid7(),
    annotation_id: before?.id || null,
    base_version,
    phase: "waiting",
    attempted: false,
    rebased: 0,
    refusal: null,
    acknowledged: null,
  };
}

/** Nothing of it is on its way or stored on the server. */
export function isOpen(entry: Entry): boolean {
  if (entry.phase === "refused") return true;
  return entry.phase === "waiting" && !entry.attempted && entry.change.command === "DrawAnnotation";
}

/** Is it granted, but as which version only the facts will tell? */
export function awaitsFacts(entry: Entry): boolean {
  return entry.acknowledged !== null && entry.acknowledged.version === 0;
}

/** Later changes of the same annotation build on it; only a refused detail does not stand in their way. */
export function holdsBack(entry: Entry): boolean {
  if (entry.phase === "acknowledged") return awaitsFacts(entry);
  return entry.phase !== "refused" || entry.change.command === "DrawAnnotation";
}

/** A page that ends while sending does not know the answer; its entry is sent again with the same key. */
export function rested(entry: Entry): EntryPhase {
  return entry.phase === "sending" ? "waiting" : entry.phase;
}
