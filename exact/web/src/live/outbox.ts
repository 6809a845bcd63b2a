/** The outbox: a change shows at once, is kept until the server acknowledges it, and is sent in order, each once. */

import type { Annotation } from "../model/annotation";
import { type Change, changesContent, drawAgain, merged, needsVersion } from "../model/commands";
import { type Conflict, collide, conflictOf } from "../model/conflicts";
import { uuid7 } from "../model/uuid7";
import type { AnnotationStore } from "../state/annotations";
import type { Answer, Entry, Refusal } from "../state/entries";
import { Signal } from "../state/signal";
import { type Clock, backoff } from "./clock";
import type { OutboxStorage } from "./storage";

export type Sent = { readonly ok: true; readonly answer: Answer } | { readonly ok: false; readonly refusal: Refusal };

/** Sends one command; throws when the server cannot be reached. */
export type Send = (body: Record<string, unknown>, headers: Record<string, string>) => Promise<Sent>;

export interface Wish {
  readonly key: string;
  readonly change: Change;
  readonly origin?: "edit" | "undo";
}

export type Choice = "mine" | "theirs" | "both";

/** What a person has to be told although nothing waits for an answer. */
export interface Told {
  readonly kind: "overtaken" | "undo_refused";
  readonly key: string;
  readonly text: string;
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
}

/** Answers that mean "not now" rather than "no". */
const NOT_NOW = new Set([408, 425, 429, 502, 503, 504]);
/** A server error may be an accident: so often it is tried again before it counts as an answer. */
const TRIES_AFTER_500 = 3;
const MOST_REBASES = 10;
const SIGNED_OUT = new Set(["not_signed_in", "not_authenticated", "authentication_failed"]);

export class Outbox {
  /** Entries in the order in which they were made. */
  readonly entries = new Signal<readonly Entry[]>([]);
  /** Is the server answering, as far as the last try tells? */
  readonly reachable = new Signal(true);
  /** The session ended: nothing is sent until somebody signs in again. */
  readonly signedOut = new Signal(false);
  /** The highest position the server has acknowledged. */
  readonly savedPosition = new Signal(0);
  /** False when the browser could not keep a change. */
  readonly durable = new Signal(true);

  private pumping = false;
  private attempt = 0;
  private cancelRetry: (() => void) | null = null;
  private ended = false;

  constructor(private readonly options: OutboxOptions) {
    this.durable.value = options.storage.durable;
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
    await Promise.all(fresh.map((entry) => this.keep(entry)));
    const all = [...fresh, ...this.entries.value].sort((a, b) => (a.id < b.id ? -1 : 1));
    this.show(all, fresh.map((entry) => entry.key));
    this.pump();
  }

  /** Applies a change on the screen and queues it. Returns the row after it. */
  wish({ key, change, origin = "edit" }: Wish): Annotation | undefined {
    const before = this.options.store.get(key) ?? null;
    if (!this.fold(key, change)) this.append(key, change, origin, before);
    this.pump();
    return this.options.store.get(key);
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
    this.drop(this.entries.value.filter((one) => one.id === id || (whole && one.key === entry.key)));
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
    const settled = this.entries.value.filter((entry) => {
      const confirmed = this.options.store.confirmed(entry.key);
      return entry.acknowledged && confirmed && confirmed.version >= entry.acknowledged.version;
    });
    if (settled.length > 0) this.show(without(this.entries.value, settled), settled.map((entry) => entry.key));
  }

  /** Merges the change into one that has not left this browser, or was refused; false when it has to go alone. */
  private fold(key: string, change: Change): boolean {
    const last = this.entries.value.filter((entry) => entry.key === key).at(-1);
    if (!last || !isOpen(last)) return false;
    if (last.change.command === "DrawAnnotation" && change.command === "RemoveAnnotation") {
      this.drop([last]);
      return true;
    }
    const both = merged(last.change, change);
    if (!both) return false;
    last.change = both;
    if (last.phase === "refused") this.onTop(last, this.options.store.confirmed(key));
    this.changed([last]);
    return true;
  }

  private append(key: string, change: Change, origin: "edit" | "undo", before: Annotation | null): void {
    const { scope, tab, person, clock } = this.options;
    const entry: Entry = {
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
      base_version: this.seenVersion(key, before),
      phase: "waiting",
      attempted: false,
      rebased: 0,
      refusal: null,
      acknowledged: null,
    };
    void this.keep(entry);
    this.show([...this.entries.value, entry], [key]);
  }

  /** What was put on top of somebody else's change does not show theirs before its facts arrive. */
  private seenVersion(key: string, before: Annotation | null): number | null {
    const unseen = this.entries.value.some((entry) => entry.key === key && entry.acknowledged && entry.rebased > 0);
    return (unseen ? this.options.store.confirmed(key)?.version : undefined) ?? before?.version ?? null;
  }

  private pump(): void {
    if (this.pumping || this.ended || this.cancelRetry || this.signedOut.value) return;
    const next = this.nextToSend();
    if (!next) return;
    this.pumping = true;
    void this.deliver(next).finally(() => {
      this.pumping = false;
      this.pump();
    });
  }

  /** The oldest entry that does not wait for another of the same annotation. */
  private nextToSend(): Entry | undefined {
    const blocked = new Set<string>();
    for (const entry of this.entries.value) {
      if (entry.phase === "waiting" && !blocked.has(entry.key)) return entry;
      if (holdsBack(entry)) blocked.add(entry.key);
    }
    return undefined;
  }

  private async deliver(entry: Entry): Promise<void> {
    entry.phase = "sending";
    entry.attempted = true;
    this.changed([entry]);
    try {
      await this.keep(entry);
      const sent = await this.options.send(this.body(entry), headers(entry));
      this.reachable.value = true;
      if (sent.ok) this.acknowledge(entry, sent.answer);
      else this.refuse(entry, sent.refusal);
    } catch {
      // The server was not reached, or its answer was lost: the same key makes a second try safe.
      this.reachable.value = false;
      this.retry(entry);
    }
  }

  private body(entry: Entry): Record<string, unknown> {
    if (entry.change.command === "DrawAnnotation") return { ...entry.change };
    const annotation_id = entry.annotation_id ?? this.options.store.get(entry.key)?.id;
    const seen = entry.change.command === "VerifyAnnotation" ? { of_version: entry.base_version } : {};
    return { ...entry.change, annotation_id, ...seen };
  }

  private acknowledge(entry: Entry, answer: Answer): void {
    this.attempt = 0;
    entry.phase = "acknowledged";
    entry.acknowledged = answer;
    const followers = this.entries.value.filter((one) => one.key === entry.key && one.phase === "waiting");
    for (const one of followers) {
      one.annotation_id = answer.id;
      one.base_version = Math.max(one.base_version ?? 0, answer.version);
      void this.keep(one);
    }
    void this.options.storage.delete(entry);
    this.savedPosition.value = Math.max(this.savedPosition.value, answer.position);
    this.changed([entry]);
    this.settle();
  }

  private refuse(entry: Entry, refusal: Refusal): void {
    const accident = refusal.status >= 500 && this.attempt < TRIES_AFTER_500;
    if (SIGNED_OUT.has(refusal.code) || refusal.status === 401) {
      this.signedOut.value = true;
      this.rest(entry);
    } else if (NOT_NOW.has(refusal.status) || accident) {
      this.reachable.value = refusal.status < 502;
      this.retry(entry);
    } else if (refusal.code === "stale_version") {
      this.overtaken(entry, refusal);
    } else if (refusal.code === "annotation_removed" && changesContent(entry.change)) {
      this.halt(entry, "conflict", { ...refusal, ...this.removedRow(entry, refusal) });
    } else {
      this.halt(entry, "refused", refusal);
    }
  }

  /** The answer may come before the fact of the removal. */
  private removedRow(entry: Entry, { current }: Refusal): Partial<Refusal> {
    const row = current ?? this.options.store.confirmed(entry.key) ?? entry.before;
    return row ? { current: { ...row, removed: true } } : {};
  }

  /** Somebody else was first: on top of it where nothing is lost by that, else the person decides. */
  private overtaken(entry: Entry, refusal: Refusal): void {
    const { change } = entry;
    const who = refusal.changed_by_name ?? "Somebody else";
    if (entry.origin === "undo") {
      this.drop([entry]);
      this.options.tell({ kind: "undo_refused", key: entry.key, text: `Not undone: ${who} changed it after you.` });
    } else if (change.command === "VerifyAnnotation") {
      this.drop([entry]);
      this.options.tell({ kind: "overtaken", key: entry.key, text: `${who} changed it since you looked. Look again before you verify.` });
    } else if (this.mayRebase(entry, refusal)) {
      entry.rebased += 1;
      this.onTop(entry, refusal.current);
    } else {
      this.halt(entry, "conflict", refusal);
    }
  }

  private mayRebase(entry: Entry, { current }: Refusal): boolean {
    if (!current || current.removed || entry.rebased >= MOST_REBASES) return false;
    return !collide([entry.change, ...this.later(entry)], entry.before, current);
  }

  private halt(entry: Entry, phase: "conflict" | "refused", refusal: Refusal): void {
    this.attempt = 0;
    entry.phase = phase;
    entry.refusal = refusal;
    void this.keep(entry);
    this.changed([entry]);
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
    void this.keep(entry);
    this.changed([entry]);
  }

  /** Theirs stays; mine becomes an annotation of its own, or is dropped (the caller offers it for undo). */
  private setAside(entry: Entry, drawMine: boolean): void {
    const mine = this.options.store.get(entry.key);
    this.drop(this.entries.value.filter((one) => one.key === entry.key && one.id >= entry.id && one.phase !== "sending"));
    if (drawMine && mine) {
      const uniqueIdentifier = uuid7();
      this.wish({ key: uniqueIdentifier, change: drawAgain(mine, uniqueIdentifier) });
    }
    this.pump();
  }

  private retry(entry: Entry): void {
    this.rest(entry);
    const wait = backoff(this.attempt, this.options.clock);
    this.attempt += 1;
    this.cancelRetry = this.options.clock.after(wait, () => {
      this.cancelRetry = null;
      this.pump();
    });
  }

  private rest(entry: Entry): void {
    entry.phase = "waiting";
    void this.keep(entry);
    this.changed([entry]);
  }

  private drop(entries: readonly Entry[]): void {
    for (const entry of entries) void this.options.storage.delete(entry);
    this.show(without(this.entries.value, entries), entries.map((entry) => entry.key));
  }

  private changed(entries: readonly Entry[]): void {
    this.show([...this.entries.value], entries.map((entry) => entry.key));
  }

  /** The store draws the overlays from the entries; both change together. */
  private show(entries: readonly Entry[], touched: readonly string[]): void {
    this.options.store.setEntries(entries, new Set(touched));
    this.entries.value = entries;
  }

  private async keep(entry: Entry): Promise<void> {
    try {
      await this.options.storage.put(entry);
    } catch (problem) {
      console.warn("This browser could not keep an unsent change:", problem);
      this.durable.value = false;
    }
  }
}

/** Nothing of it is on its way or stored on the server. */
function isOpen(entry: Entry): boolean {
  if (entry.phase === "refused") return true;
  return entry.phase === "waiting" && !entry.attempted && entry.change.command === "DrawAnnotation";
}

/** Later changes of the same annotation build on it; only a refused detail does not stand in their way. */
function holdsBack(entry: Entry): boolean {
  return entry.phase !== "acknowledged" && (entry.phase !== "refused" || entry.change.command === "DrawAnnotation");
}

/** A page that ends while sending does not know the answer; its entry is sent again with the same key. */
function rested(entry: Entry): Entry["phase"] {
  return entry.phase === "sending" ? "waiting" : entry.phase;
}

function headers(entry: Entry): Record<string, string> {
  const match: Record<string, string> =
    needsVersion(entry.change) && entry.base_version ? { "If-Match": `"v${entry.base_version}"` } : {};
  return { "Idempotency-Key": entry.idempotency_key, ...match };
}

function without(all: readonly Entry[], gone: readonly Entry[]): Entry[] {
  const ids = new Set(gone.map((entry) => entry.id));
  return all.filter((entry) => !ids.has(entry.id));
}
