/** One person's work on one image: the rows, the outbox, the live connection, the selection and what can be undone. */

import type { Annotation, Verdict } from "../model/annotation";
import { type Change, type Edit, difference, drawAgain, inverse, stillStands, verdictOf } from "../model/commands";
import type { Fact } from "../model/facts";
import { uuid7 } from "../model/uuid7";
import { type Vector, sameVector } from "../model/vector";
import { AnnotationStore } from "../state/annotations";
import { Selection } from "../state/selection";
import { Signal } from "../state/signal";
import { type Deed, type Errand, type Step, UndoStack } from "../state/undo";
import type { Part } from "./batches";
import type { Clock } from "./clock";
import { Connection, type LiveState, type Socket } from "./connection";
import { type Choice, Outbox, type Send, type Told } from "./outbox";
import type { OutboxStorage } from "./storage";

export interface SessionOptions {
  /** Public number of the image. */
  readonly image: number;
  readonly imageId: string;
  readonly person: string;
  readonly tab: string;
  readonly clock: Clock;
  readonly storage: OutboxStorage;
  readonly send: Send;
  readonly openSocket: () => Socket;
  readonly load: () => Promise<{ position: number; annotations: readonly Annotation[] }>;
  readonly nameOf: (person: string) => string;
  readonly tell: (told: Told) => void;
  /** Takes commands of the server's own choosing back; the answer can be taken back in turn. */
  readonly takeBack?: (commands: readonly string[]) => Promise<TakenBack>;
}

/** What came of taking commands back. */
export interface TakenBack {
  readonly commands: readonly string[];
  readonly position: number;
  readonly text: string;
}

export interface SessionStatus {
  readonly state: "connecting" | "live" | "offline";
  readonly unsent: number;
  /** How many of them wait for the person rather than for the server. */
  readonly stopped: number;
  /** Everything up to here is saved and seen. */
  readonly position: number;
}

export class Session {
  readonly store = new AnnotationStore();
  readonly selection = new Selection();
  readonly undo = new UndoStack();
  readonly outbox: Outbox;
  readonly connection: Connection;
  /** The last fact about the image itself: renamed, withdrawn. */
  readonly imageFact = new Signal<Fact | null>(null);
  /** The last that an import did to many annotations at once. */
  readonly moved = new Signal<readonly Fact[]>([]);
  readonly status = new Signal<SessionStatus>({ state: "connecting", unsent: 0, stopped: 0, position: 0 });

  constructor(private readonly options: SessionOptions) {
    const { image, person, tab, clock, storage, send, tell, nameOf } = options;
    this.outbox = new Outbox({
      scope: `${person}/${image}`, person, tab, clock, storage, send, tell, nameOf,
      store: this.store,
      fell: (deed, keys) => this.undo.fell(deed, keys),
    });
    this.connection = new Connection({
      open: options.openSocket,
      clock,
      position: () => this.store.position,
      receive: (facts, upTo) => this.receive(facts, upTo),
      reload: () => this.reload(),
      moved: (facts) => (this.moved.value = facts),
    });
    this.follow();
  }

  /** Loads the annotations, takes up what an earlier page left unsent, and goes live. */
  async start(livingTabs: ReadonlySet<string> = new Set()): Promise<void> {
    await this.reload();
    await this.outbox.adopt(livingTabs);
    this.connection.start();
  }

  stop(): void {
    this.connection.stop();
    this.outbox.stop();
  }

  /** The network or the session may be back. */
  wake(): void {
    this.connection.wake();
    this.outbox.wake();
  }

  /** The browser says that the network is gone; the socket and the next answer tell whether it is true. */
  doubt(): void {
    this.connection.doubt();
  }

  draw(annotationTypeId: string, vector: Vector | null): string {
    const key = uuid7();
    this.perform(key, {
      command: "DrawAnnotation",
      image_id: this.options.imageId,
      annotation_type_id: annotationTypeId,
      vector,
      description: "",
      meta_data: null,
      unique_identifier: key,
    });
    return key;
  }

  reshape(key: string, vector: Vector): void {
    if (sameVector(this.store.get(key)?.vector ?? null, vector)) return;
    this.perform(key, { command: "ReshapeAnnotation", vector });
  }

  reclassify(key: string, annotationTypeId: string): void {
    if (this.store.get(key)?.annotation_type_id === annotationTypeId) return;
    this.perform(key, { command: "ReclassifyAnnotation", annotation_type_id: annotationTypeId });
  }

  describe(key: string, description: string): void {
    const row = this.store.get(key);
    if (!row || row.description === description) return;
    this.perform(key, { command: "DescribeAnnotation", description, meta_data: row.meta_data as Edit["meta_data"] ?? null });
  }

  remove(key: string): void {
    this.perform(key, { command: "RemoveAnnotation", reason: "" });
  }

  restore(key: string): void {
    this.perform(key, { command: "RestoreAnnotation" });
  }

  /** Accepts or rejects; where all have that verdict already it is taken back. Returns what was done to how many. */
  verify(keys: readonly string[], verdict: Verdict): { readonly taken: boolean; readonly count: number } {
    const there = keys.filter((key) => this.store.get(key)?.removed === false);
    const open = there.filter((key) => verdictOf(this.store.get(key)!, this.options.person) !== verdict);
    const taken = open.length === 0;
    const change: Change = taken ? { command: "WithdrawVerification" } : { command: "VerifyAnnotation", verdict };
    const meant = taken ? there : open;
    this.performAll(meant.map((key) => ({ key, change })));
    return { taken, count: meant.length };
  }

  /** Several changes as one deed: granted and undone as one. */
  performAll(parts: readonly Part[]): void {
    if (parts.length === 0) return;
    if (parts.length === 1) return this.perform(parts[0]!.key, parts[0]!.change);
    const before = new Map(parts.map(({ key }) => [key, this.store.get(key)]));
    const id = this.outbox.wishAll(parts);
    const steps = parts.flatMap(({ key, change }): Step[] => {
      const undo = inverse(before.get(key), change, this.options.person);
      return undo ? [{ key, done: change, undo, before: before.get(key) ?? null, after: this.store.get(key) ?? null }] : [];
    });
    this.undo.push({ steps, ids: [id] });
  }

  undoLast(): void {
    const what = this.undo.takeUndo();
    if (!what) return;
    if ("commands" in what) return void this.reverse(what, "undo");
    if ("steps" in what) return this.undoDeed(what);
    const step = what;
    const row = this.store.get(step.key);
    const change = row ? step.undo : this.anew(step);
    if (row && !stillStands(row, step.done)) return this.refuseUndo(step.key, row);
    if (!change) return;
    this.outbox.wish({ key: step.key, change, origin: "undo" });
    this.undo.undone(step);
  }

  redoLast(): void {
    const what = this.undo.takeRedo();
    if (!what) return;
    if ("commands" in what) return void this.reverse(what, "redo");
    if ("steps" in what) return this.redoDeed(what);
    const step = what;
    const row = this.store.get(step.key);
    const back: Change = row?.removed && step.done.command === "DrawAnnotation" ? { command: "RestoreAnnotation" } : step.done;
    this.outbox.wish({ key: step.key, change: back, origin: "undo" });
    this.undo.redone(step);
  }

  /** What the server did by itself, beside what it takes to undo it. */
  ran(errand: Errand): void {
    this.undo.push(errand);
  }

  /** Undoes an errand that is not undone yet. */
  async takeBack(errand: Errand): Promise<void> {
    if (this.undo.drop(errand)) return this.reverse(errand, "undo");
    this.options.tell({ kind: "undo_refused", key: "", keys: [], text: "That is taken back already." });
  }

  /** Where the server cannot be reached it can be tried again. */
  private async reverse(errand: Errand, how: "undo" | "redo"): Promise<void> {
    const [again, done] = how === "undo" ? [this.undo.redone, this.undo.undone] : [this.undo.undone, this.undo.redone];
    try {
      const { commands, text } = await this.options.takeBack!(errand.commands);
      if (commands.length > 0) done.call(this.undo, { commands });
      this.options.tell({ kind: "undone_in_part", key: "", keys: [], text });
    } catch (problem) {
      again.call(this.undo, errand);
      const why = problem instanceof Error ? problem.message : "";
      this.options.tell({ kind: "undo_refused", key: "", keys: [], text: `Not ${how === "undo" ? "undone" : "redone"}. ${why}` });
    }
  }

  private undoDeed(deed: Deed): void {
    const standing = deed.steps.filter(({ key, done }) => {
      const row = this.store.get(key);
      return row && stillStands(row, done);
    });
    const [first] = deed.steps;
    const row = this.store.get(first!.key);
    if (standing.length === 0 && row) return this.refuseUndo(first!.key, row);
    const ids = this.reversed(deed, standing.map(({ key, undo }) => ({ key, change: undo })));
    this.undo.undone({ ...deed, ids });
  }

  private redoDeed(deed: Deed): void {
    const parts = deed.steps.map(({ key, done }) => ({ key, change: done }));
    this.undo.redone({ ...deed, ids: deed.ids.length === 0 ? [this.outbox.wishAll(parts)] : this.reversed(deed, parts) });
  }

  /** Takes the last back: in this browser where the server has heard nothing of it, else there. */
  private reversed({ ids }: Deed, parts: readonly Part[]): readonly string[] {
    const last = ids.at(-1)!;
    return this.outbox.forget(last) ? ids.slice(0, -1) : [...ids, this.outbox.undoAll(last, parts)];
  }

  /** Mine, theirs or both; my change that goes can be brought back with undo. */
  resolve(id: string, choice: Choice): void {
    const entry = this.outbox.entries.value.find((one) => one.id === id && one.phase === "conflict");
    if (!entry) return;
    const conflict = this.outbox.conflict(entry);
    this.outbox.resolve(id, choice);
    if (choice !== "theirs" || !conflict) return;
    const { mine, theirs } = conflict;
    const [done, undo] = [difference(mine, theirs), difference(theirs, mine)];
    this.undo.push({ key: entry.key, done, undo, before: mine, after: theirs });
  }

  private perform(key: string, change: Change): void {
    const before = this.store.get(key);
    const undo = inverse(before, change, this.options.person);
    const after = this.outbox.wish({ key, change });
    if (undo) this.undo.push({ key, done: change, undo, before: before ?? null, after: after ?? null });
  }

  /** A drawing that never reached the server and was taken back is drawn again. */
  private anew(step: Step): Change | null {
    return step.done.command === "RemoveAnnotation" && step.before ? drawAgain(step.before) : null;
  }

  private refuseUndo(key: string, row: Annotation): void {
    const who = row.edited_by === this.options.person ? "You" : this.options.nameOf(row.edited_by);
    this.options.tell({ kind: "undo_refused", key, text: `Not undone: ${who} changed it after that step.` });
  }

  private receive(facts: readonly Fact[], upTo: number): void {
    this.store.receive(facts, upTo);
    this.imageFact.value = facts.findLast((fact) => fact.name.startsWith("Image")) ?? this.imageFact.value;
    this.outbox.settle();
    this.refreshStatus();
  }

  private async reload(): Promise<void> {
    const { position, annotations } = await this.options.load();
    this.store.load(position, annotations);
    this.outbox.settle();
    this.refreshStatus();
  }

  private follow(): void {
    const { connection, outbox } = this;
    for (const source of [connection.state, outbox.entries, outbox.reachable, outbox.savedPosition]) {
      source.subscribe(() => this.refreshStatus());
    }
    connection.state.subscribe(() => connection.state.value === "live" && outbox.wake());
    this.store.subscribe(() => this.selection.drop((key) => this.store.get(key)?.removed !== false));
  }

  private refreshStatus(): void {
    const { unsent, stopped } = this.outbox;
    const position = Math.max(this.store.position, this.outbox.savedPosition.value);
    const state = shown(this.connection.state.value, this.outbox.reachable.value || unsent === stopped);
    const next = { state, unsent, stopped, position };
    if (JSON.stringify(next) !== JSON.stringify(this.status.value)) this.status.value = next;
  }
}

function shown(live: LiveState, reachable: boolean): SessionStatus["state"] {
  if (!reachable) return "offline";
  return live === "closed" ? "offline" : live;
}
