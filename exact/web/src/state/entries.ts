/** One unconfirmed change, as the outbox keeps it until the server has acknowledged it. */

import type { Annotation } from "../model/annotation";
import type { Change } from "../model/commands";

/** What the server answers to a command that it carried out. */
export interface Answer {
  readonly id: string;
  readonly number: number | null;
  readonly version: number;
  readonly position: number;
}

/** Why the server did not carry it out; `detail` is a sentence for people. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
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

export interface Entry {
  /** UUID 7: the order in which changes were made. */
  readonly id: string;
  /** Person and image. */
  readonly scope: string;
  /** The tab that made it, and sends it while it lives. */
  readonly tab: string;
  readonly person: string;
  readonly key: string;
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
