/** All annotations of one image: what the server has said, and on top of it the changes it has not confirmed yet. */

import type { Annotation } from "../model/annotation";
import { annotationFromWire } from "../model/annotation";
import { changesContent, effect } from "../model/commands";
import { type Fact, concernsAnnotation, evolve } from "../model/facts";
import type { Entry } from "./entries";

/** How far a row is from being what the server has. */
export type Phase = "saved" | "pending" | "conflict" | "refused";

export interface StoreChange {
  /** Which rows look different now; null means all. */
  readonly keys: ReadonlySet<string> | null;
  /** The facts behind it, when they came over the live connection. */
  readonly facts: readonly Fact[];
}

type Listener = (change: StoreChange) => void;

/**
 * Rows are addressed by a key that never changes, also not when the server gives an id:
 * the annotation's unique identifier (the id itself where two rows of an image share one).
 */
export class AnnotationStore {
  /** Everything up to this position is in. */
  position = 0;

  private readonly server = new Map<string, Annotation>();
  private readonly keyOfStream = new Map<string, string>();
  private readonly streamOfKey = new Map<string, string>();
  private readonly overlays = new Map<string, Annotation | undefined>();
  /** The unconfirmed changes of each row, in their order. */
  private entries: ReadonlyMap<string, readonly Entry[]> = new Map();
  private readonly listeners = new Set<Listener>();

  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Starts anew from the server's list. */
  load(position: number, rows: readonly Annotation[]): void {
    this.server.clear();
    this.keyOfStream.clear();
    this.streamOfKey.clear();
    for (const row of rows) this.put(annotationFromWire(row));
    this.position = position;
    this.overlayAll();
    this.tell({ keys: null, facts: [] });
  }

  /** Takes facts in the order of their positions; those that are known already change nothing. */
  receive(facts: readonly Fact[], upTo: number): void {
    const fresh = facts.filter((fact) => concernsAnnotation(fact.name) && this.fold(fact));
    this.position = Math.max(this.position, upTo, ...facts.map((fact) => fact.position));
    if (fresh.length === 0) return;
    const keys = new Set(fresh.map((fact) => this.keyOfStream.get(fact.stream) ?? fact.stream));
    for (const key of keys) this.overlay(key);
    this.tell({ keys, facts: fresh });
  }

  /** The unconfirmed changes became others. */
  setEntries(entries: readonly Entry[], touched: ReadonlySet<string>): void {
    this.entries = byKey(entries);
    for (const key of touched) this.overlay(key);
    if (touched.size > 0) this.tell({ keys: touched, facts: [] });
  }

  /** As the person sees it. */
  get(key: string): Annotation | undefined {
    return this.overlays.has(key) ? this.overlays.get(key) : this.confirmed(key);
  }

  /** As the server has it. */
  confirmed(key: string): Annotation | undefined {
    return this.server.get(this.streamOfKey.get(key) ?? "");
  }

  keyOf(stream: string): string | undefined {
    return this.keyOfStream.get(stream);
  }

  phase(key: string): Phase {
    const phases = (this.entries.get(key) ?? []).map((entry) => entry.phase);
    if (phases.includes("conflict")) return "conflict";
    if (phases.includes("refused")) return "refused";
    return phases.some((phase) => phase === "waiting" || phase === "sending") ? "pending" : "saved";
  }

  *all(): Iterable<readonly [string, Annotation]> {
    for (const [stream, row] of this.server) {
      const key = this.keyOfStream.get(stream) ?? stream;
      const shown = this.overlays.has(key) ? this.overlays.get(key) : row;
      if (shown) yield [key, shown];
    }
    for (const [key, row] of this.overlays) {
      if (row && !this.streamOfKey.has(key)) yield [key, row];
    }
  }

  private fold(fact: Fact): boolean {
    const before = this.server.get(fact.stream);
    const after = evolve(before, fact);
    if (!after || after === before) return false;
    this.put(after);
    return true;
  }

  private put(row: Annotation): void {
    if (!this.keyOfStream.has(row.id)) this.name(row);
    this.server.set(row.id, row);
  }

  private name(row: Annotation): void {
    const key = row.unique_identifier && !this.streamOfKey.has(row.unique_identifier) ? row.unique_identifier : row.id;
    this.keyOfStream.set(row.id, key);
    this.streamOfKey.set(key, row.id);
  }

  private overlayAll(): void {
    this.overlays.clear();
    for (const key of this.entries.keys()) this.overlay(key);
  }

  private overlay(key: string): void {
    const mine = this.entries.get(key) ?? [];
    if (mine.length === 0) this.overlays.delete(key);
    else this.overlays.set(key, mine.reduce(withEntry, this.confirmed(key)));
  }

  private tell(change: StoreChange): void {
    for (const listener of [...this.listeners]) listener(change);
  }
}

function byKey(entries: readonly Entry[]): ReadonlyMap<string, readonly Entry[]> {
  const found = new Map<string, Entry[]>();
  for (const entry of entries) {
    const mine = found.get(entry.key);
    if (mine) mine.push(entry);
    else found.set(entry.key, [entry]);
  }
  return found;
}

function withEntry(row: Annotation | undefined, entry: Entry): Annotation | undefined {
  const next = effect(row, entry.change, { person_id: entry.person, at: entry.at });
  const answer = entry.acknowledged;
  if (!next || !answer) return next;
  const version = Math.max(next.version, answer.version);
  const content = changesContent(entry.change) ? version : next.content_version;
  return { ...next, id: answer.id, number: answer.number ?? next.number, version, content_version: content };
}
