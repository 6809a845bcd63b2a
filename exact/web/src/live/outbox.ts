/** The outbox: changes show at once, are kept until the server acknowledges them, and are sent in order, each once. */

import type { Annotation } from "../model/annotation";
import { type Change, changesContent, drawAgain, merged } from "../model/commands";
import { type Conflict, conflictOf } from "../model/conflicts";
import { undoneInWords } from "../model/undone";
import { uuid7 } from "../model/uuid7";
import type { AnnotationStore } from "../state/annotations";
import { type Answer, type Entry, type Refusal, awaitsFacts, isOpen, newEntry, rested } from "../state/entries";
import { Signal } from "../state/signal";
import {
  answerTo,
  bodyOf,
  chunked,
  fallingWith,
  headersOf,
  nextParcel,
  type Part,
  sentenceOfRefusal,
} from "./batches";
import { type Clock, backoff } from "./clock";
import { mayRebase, withRemovedRow } from "./overtaken";
import { Shelf } from "./shelf";
import type { OutboxStorage } from "./storage";

export type Sent = { readonly ok: true; readonly answer: Answer } | { readonly ok: false; readonly refusal: Refusal };

/** Sends one command or one batch; throws when the server cannot be reached. */
export type Send = (body: Record<string, unknown>, headers: Record<string, string>) => Promise<Sent>;

export interface Wish {
  readonly key: string;
  readonly change: Change;
  readonly origin?: "edit" | "undo";
}

export type Choice = "mine" | "theirs" | "both";

/** What a person has to be told although nothing waits for an answer. */
export interface Told {
  readonly kind: "overtaken" | "undo_refused" | "batch_refused" | "undone_in_part";
  readonly key: string;
  readonly text: string;
  /** All that it is about, where that is more than one. */
  readonly keys?: readonly string[];
}

export interface OutboxOptions {
  readonly scope: string;
  readonly person: string;
  readonly tab: string;
  readonly store: AnnotationStore;
  readonly storage: OutboxStorage;
  readonly send: Send;
  readonly clock: Clock;
  readonly tell: (told: Told) => void;
  readonly nameOf: (person: string) => string;
  /** Of a deed on many annotations these were taken back on the screen, because the server refused it. */
  readonly fell?: (deed: string, keys: ReadonlySet<string>) => void;
}

/** Answers that mean "not now" rather than "no". */
const NOT_NOW = new Set([408, 425, 429, 502, 503, 504]);
/** A server error may be an accident: so often it is tried again before it counts as an answer. */
const TRIES_AFTER_500 = 3;
const SIGNED_OUT = new Set(["not_signed_in", "not_authenticated", "authentication_failed"]);

export class Outbox {
  readonly entries: Signal<readonly Entry[]>;
  /** Is the server answering, as far as the last try tells? */
  readonly reachable = new Signal(true);
  /** The session ended: nothing is sent until somebody signs in again. */
  readonly signedOut = new Signal(false);
  /** The highest position the server has acknowledged. */
  readonly savedPosition = new Signal(0);
  readonly durable: Signal<boolean>;

  private pumping = false;
  private attempt = 0;
  /** How many changes of a deed the server has. */
  private readonly granted = new Map<string, number>();
  private cancelRetry: (() => void) | null = null;
  private ended = false;

  private readonly shelf: Shelf;

  constructor(private readonly options: OutboxOptions) {
    this.shelf = new Shelf(options.store, options.storage);
    this.entries = this.shelf.entries;
    this.durable = this.shelf.durable;
  }

  /** Entries the server has not acknowledged. */
  get unsent(): number {
    return this.entries.value.filter((entry) => entry.phase !== "acknowledged").length;
  }

  /** Entries that wait for the person's decision. */
  get stopped(): number {
    return this.entries.value.filter((entry) => entry.phase === "conflict" || entry.phase === "refused").length;
  }

  /** Takes up what an earlier page or a closed tab left behind. */
  async adopt(living: ReadonlySet<string>): Promise<void> {
    const kept = await this.options.storage.load(this.options.scope);
    const orphans = kept.filter((entry) => entry.tab === this.options.tab || !living.has(entry.tab));
    const mine = orphans.map((entry) => ({ ...entry, tab: this.options.tab, phase: rested(entry) }));
    const known = new Set(this.entries.value.map((entry) => entry.id));
    const fresh = mine.filter((entry) => !known.has(entry.id));
    await this.shelf.take(fresh);
    this.pump();
  }

  /** Applies a change on the screen and queues it. Returns the row after it. */
  wish({ key, change, origin = "edit" }: Wish): Annotation | undefined {
    const before = this.options.store.get(key) ?? null;
    if (!this.fold(key, change)) this.append(key, change, origin, before);
    this.pump();
    return this.options.store.get(key);
  }

  /** Many changes as one deed: all or nothing in requests of 500. Returns the deed's id, by which it is taken back. */
  wishAll(parts: readonly Part[]): string {
    const deed = uuid7();
    this.shelf.add(chunked(parts).flatMap((chunk) => this.entriesOf(chunk, deed, null)));
    this.pump();
    return deed;
  }

  /** Takes a deed back on the server; `parts` is what that will do to the rows on the screen. */
  undoAll(undoes: string, parts: readonly Part[]): string {
    const deed = uuid7();
    this.shelf.add(this.entriesOf(parts, deed, undoes));
    this.pump();
    return deed;
  }

  /** Forgets a deed of which the server has heard nothing; false when it may have. */
  forget(deed: string): boolean {
    const mine = this.entries.value.filter((entry) => entry.group?.deed === deed);
    if (mine.length === 0 || mine.some((entry) => entry.phase !== "waiting" || entry.attempted)) return false;
    this.shelf.drop(mine);
    this.pump();
    return true;
  }

  /** Tries again at once; called when the network or the session may be back. */
  wake(): void {
    this.signedOut.value = false;
    this.attempt = 0;
    this.cancelRetry?.();
    this.cancelRetry = null;
    this.pump();
  }

  stop(): void {
    this.ended = true;
    this.cancelRetry?.();
  }

  /** Both versions of what waits for the person's decision; later changes of the same annotation belong to mine. */
  conflict(entry: Entry): Conflict | null {
    return conflictOf(entry, this.options.store.confirmed(entry.key), this.later(entry));
  }

  private later({ key, id }: Entry): Change[] {
    return this.entries.value.filter((one) => one.key === key && one.id > id).map((one) => one.change);
  }

  /** The person's answer to "you and somebody else changed the same thing". */
  resolve(id: string, choice: Choice): void {
    const entry = this.entries.value.find((one) => one.id === id);
    if (!entry || entry.phase !== "conflict") return;
    if (choice === "mine") this.again(id);
    else this.setAside(entry, choice === "both");
  }

  /** Puts a refused change aside for good; a refused drawing takes its later edits with it. */
  discard(id: string): void {
    const entry = this.entries.value.find((one) => one.id === id);
    if (!entry || entry.phase === "sending") return;
    const whole = entry.change.command === "DrawAnnotation";
    this.shelf.drop(this.entries.value.filter((one) => one.id === id || (whole && one.key === entry.key)));
    this.pump();
  }

  /** Sends a stopped change once more, on top of what the server has now. */
  again(id: string): void {
    const entry = this.entries.value.find((one) => one.id === id);
    if (!entry || !["conflict", "refused"].includes(entry.phase)) return;
    this.onTop(entry, entry.refusal?.current);
    this.pump();
  }

  /** Facts arrived: acknowledged changes that are in them need no overlay any more. */
  settle(): void {
    const settled = this.entries.value.filter((entry) => this.isIn(entry));
    if (settled.length === 0) return;
    this.shelf.hide(settled);
    const undone = settled.filter(awaitsFacts);
    this.follow(new Map(undone.map(({ key }) => [key, { version: this.options.store.confirmed(key)?.version ?? 0 }])));
    if (undone.length > 0) this.pump();
  }

  private isIn(entry: Entry): boolean {
    const answer = entry.acknowledged;
    if (!answer) return false;
    if (awaitsFacts(entry)) return this.options.store.position >= answer.position;
    const confirmed = this.options.store.confirmed(entry.key);
    return confirmed !== undefined && confirmed.version >= answer.version;
  }

  /** Merges the change into one that has not left this browser, or was refused; false when it has to go alone. */
  private fold(key: string, change: Change): boolean {
    const last = this.entries.value.filter((entry) => entry.key === key).at(-1);
    if (!last || !isOpen(last)) return false;
    if (last.change.command === "DrawAnnotation" && change.command === "RemoveAnnotation") {
      this.shelf.drop([last]);
      return true;
    }
    const both = merged(last.change, change);
    if (!both) return false;
    last.change = both;
    if (last.phase === "refused") this.onTop(last, this.options.store.confirmed(key));
    this.shelf.changed([last]);
    return true;
  }

  private append(key: string, change: Change, origin: "edit" | "undo", before: Annotation | null): void {
    this.shelf.add([this.entryOf({ key, change }, origin, before)]);
  }

  /** Entries of one request: they share its key. */
  private entriesOf(parts: readonly Part[], deed: string, undoes: string | null): Entry[] {
    const [id, idempotency_key] = [uuid7(), uuid7()];
    const origin = undoes === null ? "edit" : "undo";
    return parts.map((part) => {
      const entry = this.entryOf(part, origin, this.options.store.get(part.key) ?? null);
      return { ...entry, idempotency_key, group: { id, deed, undoes } };
    });
  }

  private entryOf({ key, change }: Part, origin: "edit" | "undo", before: Annotation | null): Entry {
    return newEntry({ ...this.options, key, change, origin, before, base_version: this.seenVersion(key, before) });
  }

  /** What was put on top of somebody else's change does not show theirs before its facts arrive. */
  private seenVersion(key: string, before: Annotation | null): number | null {
    const unseen = this.entries.value.some((entry) => entry.key === key && entry.acknowledged && entry.rebased > 0);
    return (unseen ? this.options.store.confirmed(key)?.version : undefined) ?? before?.version ?? null;
  }

  private pump(): void {
    if (this.pumping || this.ended || this.cancelRetry || this.signedOut.value) return;
    const next = nextParcel(this.entries.value);
    if (!next) return;
    this.pumping = true;
    void this.deliver(next).finally(() => {
      this.pumping = false;
      this.pump();
    });
  }

  /** Sends what goes in one request: one entry, or all of a group. */
  private async deliver(parcel: readonly Entry[]): Promise<void> {
    for (const entry of parcel) [entry.phase, entry.attempted] = ["sending", true];
    this.shelf.changed(parcel);
    const [entry] = parcel as [Entry];
    const sending = bodyOf(parcel, (one) => this.body(one));
    try {
      await this.shelf.keep(parcel);
      const sent = await this.options.send(sending, headersOf(parcel));
      this.reachable.value = true;
      if (!sent.ok) this.refuse(parcel, sent.refusal);
      else if (entry.group) this.acknowledgeAll(parcel, sent.answer);
      else this.acknowledge(parcel, [sent.answer]);
    } catch {
      // The server was not reached, or its answer was lost: the same key makes a second try safe.
      this.reachable.value = false;
      this.retry(parcel);
    }
  }

  private body(entry: Entry): Record<string, unknown> {
    if (entry.change.command === "DrawAnnotation") return { ...entry.change };
    const annotation_id = entry.annotation_id ?? this.options.store.get(entry.key)?.id;
    const seen = entry.change.command === "VerifyAnnotation" ? { of_version: entry.base_version } : {};
    return { ...entry.change, annotation_id, ...seen };
  }

  private acknowledgeAll(parcel: readonly Entry[], answer: Answer): void {
    this.acknowledge(parcel, parcel.map((entry, index) => answerTo(entry, index, answer, this.options.store.get(entry.key))));
    const { deed } = parcel[0]!.group!;
    this.granted.set(deed, (this.granted.get(deed) ?? 0) + parcel.length);
    if (answer.undone === 0) this.shelf.drop(parcel);
    if (answer.left_count) this.tellLeft(parcel, answer);
  }

  private acknowledge(parcel: readonly Entry[], answers: readonly Answer[]): void {
    this.attempt = 0;
    parcel.forEach((entry, index) => {
      const answer = answers[index]!;
      entry.phase = "acknowledged";
      entry.acknowledged = answer;
      this.savedPosition.value = Math.max(this.savedPosition.value, answer.position);
    });
    this.follow(new Map(parcel.map(({ key, acknowledged }) => [key, acknowledged!])));
    this.shelf.forget(parcel);
    this.shelf.changed(parcel);
    this.settle();
  }

  /** What waits behind an annotation's change builds on the version that it became. */
  private follow(became: ReadonlyMap<string, { readonly version: number; readonly id?: string }>): void {
    const followers = this.entries.value.filter((one) => one.phase === "waiting" && became.has(one.key));
    for (const one of followers) {
      const { version, id } = became.get(one.key)!;
      one.annotation_id = id || one.annotation_id;
      one.base_version = Math.max(one.base_version ?? 0, version);
    }
    void this.shelf.keep(followers);
  }

  private tellLeft(parcel: readonly Entry[], { undone = 0, left_count = 0, left = [] }: Answer): void {
    const { store, nameOf, tell } = this.options;
    const keys = left.flatMap((one) => store.keyOf(one.stream_id) ?? []);
    tell({ kind: "undone_in_part", key: keys[0] ?? parcel[0]!.key, keys, text: undoneInWords({ undone, left_count, left }, nameOf) });
  }

  private refuse(parcel: readonly Entry[], refusal: Refusal): void {
    const [entry] = parcel as [Entry];
    const accident = refusal.status >= 500 && this.attempt < TRIES_AFTER_500;
    if (SIGNED_OUT.has(refusal.code) || refusal.status === 401) {
      this.signedOut.value = true;
      this.rest(parcel);
    } else if (NOT_NOW.has(refusal.status) || accident) {
      this.reachable.value = refusal.status < 502;
      this.retry(parcel);
    } else if (entry.group) {
      this.refuseAll(parcel, refusal);
    } else if (refusal.code === "stale_version") {
      this.overtaken(entry, refusal);
    } else if (refusal.code === "annotation_removed" && changesContent(entry.change)) {
      this.halt(entry, "conflict", { ...refusal, ...withRemovedRow(entry, refusal, this.options.store.confirmed(entry.key)) });
    } else {
      this.halt(entry, "refused", refusal);
    }
  }

  /** A batch goes on top of somebody's change where nothing is lost by that; else all of it is taken back, and why is said. */
  private refuseAll(parcel: readonly Entry[], refusal: Refusal): void {
    const culprit = parcel[refusal.index ?? -1];
    this.attempt = 0;
    if (culprit && refusal.code === "stale_version" && culprit.change.command !== "VerifyAnnotation" && mayRebase(culprit, this.later(culprit), refusal)) {
      culprit.rebased += 1;
      return this.sendAnew(parcel, culprit, refusal.current!.version);
    }
    const { deed, undoes } = parcel[0]!.group!;
    const gone = fallingWith(deed, this.entries.value);
    const mine = gone.filter((entry) => entry.group!.deed === deed).length;
    const done = this.granted.get(deed) ?? 0;
    this.shelf.drop(gone);
    const keys = gone.map((entry) => entry.key);
    this.options.fell?.(deed, new Set(keys));
    const key = culprit?.key ?? keys[0]!;
    if (undoes !== null) this.options.tell({ kind: "undo_refused", key, keys, text: `Not undone. ${refusal.detail}` });
    else this.options.tell({ kind: "batch_refused", key, text: sentenceOfRefusal(refusal, culprit, done, mine) });
  }

  private sendAnew(parcel: readonly Entry[], culprit: Entry, version: number): void {
    culprit.base_version = version;
    const idempotency_key = uuid7();
    for (const entry of parcel) [entry.idempotency_key, entry.attempted, entry.phase] = [idempotency_key, false, "waiting"];
    this.shelf.rewrite(parcel);
  }

  /** Somebody else was first: on top of it where nothing is lost by that, else the person decides. */
  private overtaken(entry: Entry, refusal: Refusal): void {
    const { change } = entry;
    const who = refusal.changed_by_name ?? "Somebody else";
    if (entry.origin === "undo") {
      this.shelf.drop([entry]);
      this.options.tell({ kind: "undo_refused", key: entry.key, text: `Not undone: ${who} changed it after you.` });
    } else if (change.command === "VerifyAnnotation") {
      this.shelf.drop([entry]);
      this.options.tell({ kind: "overtaken", key: entry.key, text: `${who} changed it since you looked. Look again before you verify.` });
    } else if (mayRebase(entry, this.later(entry), refusal)) {
      entry.rebased += 1;
      this.onTop(entry, refusal.current);
    } else {
      this.halt(entry, "conflict", refusal);
    }
  }

  private halt(entry: Entry, phase: "conflict" | "refused", refusal: Refusal): void {
    this.attempt = 0;
    entry.phase = phase;
    entry.refusal = refusal;
    this.shelf.rewrite([entry]);
  }

  /** Makes it a new request on the version the server has now; a removed annotation comes back with it. */
  private onTop(entry: Entry, current: Annotation | undefined): void {
    if (current?.removed && changesContent(entry.change) && entry.change.command !== "DrawAnnotation") {
      const { command, ...fields } = entry.change as unknown as Record<string, unknown>;
      entry.change = { command: "EditAnnotation", ...fields, removed: false };
    }
    entry.base_version = Math.max(current?.version ?? 0, this.options.store.confirmed(entry.key)?.version ?? 0, 0) || entry.base_version;
    entry.idempotency_key = uuid7();
    entry.attempted = false;
    entry.phase = "waiting";
    entry.refusal = null;
    this.shelf.rewrite([entry]);
  }

  /** Theirs stays; mine becomes an annotation of its own, or is dropped (the caller offers it for undo). */
  private setAside(entry: Entry, drawMine: boolean): void {
    const mine = this.options.store.get(entry.key);
    this.shelf.drop(this.entries.value.filter((one) => one.key === entry.key && one.id >= entry.id && one.phase !== "sending"));
    if (drawMine && mine) {
      const uniqueIdentifier = uuid7();
      this.wish({ key: uniqueIdentifier, change: drawAgain(mine, uniqueIdentifier) });
    }
    this.pump();
  }

  private retry(parcel: readonly Entry[]): void {
    this.rest(parcel);
    const wait = backoff(this.attempt, this.options.clock);
    this.attempt += 1;
    this.cancelRetry = this.options.clock.after(wait, () => {
      this.cancelRetry = null;
      this.pump();
    });
  }

  private rest(parcel: readonly Entry[]): void {
    for (const entry of parcel) entry.phase = "waiting";
    this.shelf.rewrite(parcel);
  }
}
