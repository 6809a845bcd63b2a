/** A small server that keeps the contract, a clock that stands still, and wires that can be cut: for tests only. */

import type { Annotation } from "../model/annotation";
import { type Fact, evolve } from "../model/facts";
import type { Clock } from "../live/clock";
import type { Socket } from "../live/connection";
import type { Sent } from "../live/outbox";
import { Session, type TakenBack } from "../live/session";
import type { Told } from "../live/outbox";
import type { OutboxStorage } from "../live/storage";
import { type Vector, sameVector } from "../model/vector";
import type { Entry, Left, Refusal, Subject } from "../state/entries";

/** A chain of numbers that look random and are the same in every run (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export class FakeClock implements Clock {
  private time = 1_700_000_000_000;
  private timers: { at: number; action: () => void }[] = [];
  random: () => number = () => 0.5;

  now(): number {
    return this.time;
  }

  after(ms: number, action: () => void): () => void {
    const timer = { at: this.time + ms, action };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((one) => one !== timer);
    };
  }

  /** Lets the time pass; everything that is due happens in its order. */
  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      await settled();
      const next = this.timers.filter((one) => one.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((one) => one !== next);
      this.time = Math.max(this.time, next.at);
      next.action();
    }
    this.time = end;
    await settled();
  }
}

/** Everything that was only waiting for its turn has had it. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 30; i++) await Promise.resolve();
}

/** Like IndexedDB over a reload, without its waiting. */
export class KeptStorage implements OutboxStorage {
  readonly durable = true;
  readonly rows = new Map<string, Entry>();

  async load(scope: string): Promise<Entry[]> {
    const mine = [...this.rows.values()].filter((entry) => entry.scope === scope);
    return structuredClone(mine.sort((a, b) => (a.id < b.id ? -1 : 1)));
  }

  async put(...entries: readonly Entry[]): Promise<void> {
    for (const entry of entries) this.rows.set(entry.id, structuredClone(entry));
  }

  async delete(...entries: readonly Entry[]): Promise<void> {
    for (const entry of entries) this.rows.delete(entry.id);
  }
}

export class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  sent: Record<string, unknown>[] = [];
  heard: ((message: Record<string, unknown>) => void) | null = null;
  open = true;

  send(text: string): void {
    const message = JSON.parse(text) as Record<string, unknown>;
    this.sent.push(message);
    this.heard?.(message);
  }

  close(): void {
    this.open = false;
  }

  /** From the server to the page; lost when the wire was cut. */
  push(message: unknown): void {
    if (this.open) this.onmessage?.({ data: JSON.stringify(message) });
  }

  cut(code = 1006): void {
    if (!this.open) return;
    this.open = false;
    this.onclose?.({ code });
  }
}

/** Which fact each field of an edit becomes. */
const EDITS = { vector: "AnnotationReshaped", annotation_type_id: "AnnotationReclassified", description: "AnnotationDescribed" };

interface Kept {
  readonly body: string;
  readonly sent: Sent;
}

/** Commands in, facts out: versions, idempotency keys and positions as in the contract. */
export class FakeServer {
  readonly log: Fact[] = [];
  readonly rows = new Map<string, Annotation>();
  readonly requests: { body: Record<string, unknown>; headers: Record<string, string> }[] = [];
  readonly sockets = new Set<FakeSocket>();
  /** Facts are pushed to sockets only when this is called by the test, or at once. */
  live = true;
  private readonly kept = new Map<string, Kept>();
  private numbers = 100;
  /** What the commands of one correlation id recorded. */
  private readonly together = new Map<string, Fact[]>();

  get position(): number {
    return this.log.at(-1)?.position ?? 0;
  }

  list(): { position: number; annotations: Annotation[] } {
    return { position: this.position, annotations: structuredClone([...this.rows.values()]) };
  }

  command(body: Record<string, unknown>, headers: Record<string, string>, person: string): Sent {
    this.requests.push({ body: structuredClone(body), headers });
    const key = headers["Idempotency-Key"]!;
    const text = JSON.stringify(body);
    const before = this.kept.get(key);
    if (before) return before.body === text ? before.sent : refused(422, "idempotency_key_reused", "The key belongs to another request.");
    const before_it = this.log.length;
    const sent = this.whole(() => this.granted(body, headers, person));
    const together = String(body["commands"] ? body["correlation_id"] : headers["Exact-Correlation"]);
    if (sent.ok) this.together.set(together, [...(this.together.get(together) ?? []), ...this.log.slice(before_it)]);
    if (sent.ok) this.kept.set(key, { body: text, sent });
    return sent;
  }

  connect(socket: FakeSocket): void {
    socket.heard = (message) => {
      if (message["type"] !== "hello") return;
      this.sockets.add(socket);
      const after = Number(message["after"]);
      socket.push({ type: "welcome", protocol: 1, session: `s${this.sockets.size}`, position: this.position, people: [] });
      const missed = this.log.filter((fact) => fact.position > after);
      if (missed.length > 0) socket.push({ type: "facts", position: this.position, facts: missed });
    };
  }

  heartbeat(): void {
    for (const socket of this.sockets) socket.push({ type: "heartbeat", position: this.position });
  }

  private granted(body: Record<string, unknown>, headers: Record<string, string>, person: string): Sent {
    if (body["commands"]) return this.batch(body["commands"] as Record<string, unknown>[], person);
    return body["command"] === "Undo" ? this.takeBack(String(body["correlation_id"]), person) : this.decide(body, headers, person);
  }

  /** All or nothing, and told at once. */
  private whole(deed: () => Sent): Sent {
    const [length, rows, live] = [this.log.length, new Map(this.rows), this.live];
    this.live = false;
    const sent = deed();
    this.live = live;
    if (!sent.ok) {
      this.log.length = length;
      this.rows.clear();
      rows.forEach((row, id) => this.rows.set(id, row));
    }
    const facts = this.log.slice(length);
    if (live && facts.length > 0) for (const socket of this.sockets) socket.push({ type: "facts", position: this.position, facts });
    return sent;
  }

  private batch(commands: readonly Record<string, unknown>[], person: string): Sent {
    const results: Subject[] = [];
    for (const [index, { expected_version, ...body }] of commands.entries()) {
      const sent = this.decide(body, expected_version ? { "If-Match": `"v${expected_version}"` } : {}, person);
      if (!sent.ok) return { ok: false, refusal: { ...sent.refusal, index } };
      const { id, number, version } = sent.answer;
      results.push({ id, number, version });
    }
    return { ok: true, answer: { id: "", number: null, version: 0, position: this.position, results } };
  }

  /** As the server does it: newest fact first, and only where it is still in force. */
  private takeBack(correlation: string, person: string): Sent {
    const facts = this.together.get(correlation) ?? [];
    if (facts.length === 0) return refused(404, "not_found", "There is no such command, or it changed nothing.");
    const left: Left[] = [];
    for (const fact of facts.toReversed()) {
      const row = this.rows.get(fact.stream)!;
      const made = compensation(row, fact, this.stateBefore(fact), person);
      if (made) this.record(row.id, row.version + 1, [made], person);
      else left.push({ stream_id: fact.stream, code: "cannot_undo", reason: "Somebody changed it since.", changed_by: row.edited_by });
    }
    const undone = facts.length - left.length;
    return { ok: true, answer: { id: correlation, number: null, version: 0, position: this.position, undone, left_count: left.length, left } };
  }

  private stateBefore(fact: Fact): Annotation | undefined {
    const earlier = this.log.filter((one) => one.stream === fact.stream && one.version < fact.version);
    return earlier.reduce<Annotation | undefined>(evolve, undefined);
  }

  private decide(body: Record<string, unknown>, headers: Record<string, string>, person: string): Sent {
    if (body["command"] === "DrawAnnotation") return this.draw(body, person);
    const row = this.rows.get(String(body["annotation_id"]));
    if (!row) return refused(404, "not_found", "There is no such annotation.");
    const expected = /^"v(\d+)"$/.exec(headers["If-Match"] ?? "")?.[1] ?? body["of_version"];
    if (expected !== undefined && expected !== null && !(row.content_version <= Number(expected) && Number(expected) <= row.version)) {
      return refused(409, "stale_version", "Somebody else changed it first.", { expected: Number(expected), ...this.versions(row, Number(expected)) });
    }
    return this.change(row, body, person);
  }

  /** As the server tells them: the row as it is, as it was seen, and who made it so when. */
  private versions(row: Annotation, expected: number): Partial<Refusal> {
    const before = this.log.filter((fact) => fact.stream === row.id && fact.version <= expected);
    const seen = before.reduce<Annotation | undefined>(evolve, undefined) ?? null;
    const { version, edited_by, edited_at } = row;
    return structuredClone({ current: row, seen, version, changed_by: edited_by, changed_by_name: edited_by, changed_at: edited_at });
  }

  private draw(body: Record<string, unknown>, person: string): Sent {
    if (String(body["description"]).length > 1000) return refused(400, "description_too_long", "A remark has at most 1000 characters.");
    const { command: _, ...fields } = body;
    return this.record(`id-${String(body["unique_identifier"])}`, 1, [["AnnotationDrawn", { ...fields, number: this.numbers++ }]], person);
  }

  private change(row: Annotation, body: Record<string, unknown>, person: string): Sent {
    const { command, annotation_id: _, ...fields } = body;
    const gone = row.removed && !["RestoreAnnotation", "RemoveAnnotation"].includes(String(command)) && fields["removed"] !== false;
    if (gone) return refused(409, "annotation_removed", "The annotation was removed; restore it first.", this.versions(row, row.version));
    if (String(fields["description"] ?? "").length > 1000) return refused(400, "description_too_long", "A remark has at most 1000 characters.");
    return this.record(row.id, row.version + 1, this.factsOf(String(command), fields, row, person), person);
  }

  private factsOf(command: string, fields: Record<string, unknown>, row: Annotation, person: string): [string, Record<string, unknown>][] {
    switch (command) {
      case "ReshapeAnnotation": return [["AnnotationReshaped", fields]];
      case "ReclassifyAnnotation": return [["AnnotationReclassified", fields]];
      case "DescribeAnnotation": return [["AnnotationDescribed", fields]];
      case "RemoveAnnotation": return row.removed ? [] : [["AnnotationRemoved", {}]];
      case "RestoreAnnotation": return row.removed ? [["AnnotationRestored", {}]] : [];
      case "VerifyAnnotation": return [["AnnotationVerified", { verdict: fields["verdict"], of_version: row.content_version }]];
      case "WithdrawVerification": return [["VerificationWithdrawn", { of_version: row.content_version, person_id: person }]];
      default: return [
        ...(fields["removed"] === false && row.removed ? [["AnnotationRestored", {}] as [string, Record<string, unknown>]] : []),
        ...Object.entries(EDITS).flatMap(([field, name]) => field in fields ? [[name, { [field]: fields[field] }] as [string, Record<string, unknown>]] : []),
      ];
    }
  }

  private record(stream: string, version: number, made: [string, Record<string, unknown>][], person: string): Sent {
    const facts = made.map(([name, fields], index): Fact => ({
      position: this.position + 1 + index,
      name, stream, version: version + index,
      data: structuredClone({ ...fields, by: person, at: "2026-01-01T00:00:00Z" }),
    }));
    for (const fact of facts) {
      this.log.push(fact);
      this.rows.set(stream, evolve(this.rows.get(stream), fact)!);
    }
    const row = this.rows.get(stream)!;
    if (this.live && facts.length > 0) {
      for (const socket of this.sockets) socket.push({ type: "facts", position: this.position, facts });
    }
    return { ok: true, answer: { id: stream, number: row.number, version: row.version, position: this.position } };
  }
}

function compensation(row: Annotation, { name, data }: Fact, before: Annotation | undefined, person: string): [string, Record<string, unknown>] | null {
  const verdict = (one: Annotation | undefined) => one?.verifications.find((said) => said.person_id === person && said.of_version === row.content_version)?.verdict;
  switch (name) {
    case "AnnotationRemoved": return row.removed ? ["AnnotationRestored", {}] : null;
    case "AnnotationRestored": return row.removed ? null : ["AnnotationRemoved", {}];
    case "AnnotationReclassified": return row.annotation_type_id === data.annotation_type_id ? [name, { annotation_type_id: before!.annotation_type_id }] : null;
    case "AnnotationReshaped": return sameVector(row.vector, data.vector as Vector) ? [name, { vector: before!.vector }] : null;
    case "AnnotationVerified": return verdict(row) === data.verdict ? ["VerificationWithdrawn", { of_version: row.content_version, person_id: person }] : null;
    default: return verdict(before) ? ["AnnotationVerified", { verdict: verdict(before), of_version: row.content_version }] : null;
  }
}

export function refused(status: number, code: string, detail: string, more: Partial<Refusal> = {}): Sent {
  return { ok: false, refusal: { status, code, detail, ...more } };
}

/** A page of one person on the fake server, with a wire that can be cut. */
export class Page {
  online = true;
  /** The next answers are lost although the server did the work. */
  losesAnswers = false;
  readonly told: Told[] = [];
  readonly session: Session;
  socket: FakeSocket | null = null;
  private ended = false;

  constructor(
    readonly server: FakeServer,
    readonly person: string,
    readonly clock = new FakeClock(),
    readonly storage: OutboxStorage = new KeptStorage(),
    readonly tab = `tab-${person}`,
    takeBack?: (commands: readonly string[]) => Promise<TakenBack>,
  ) {
    this.session = new Session({
      image: 1, imageId: "image", person, tab, clock, storage,
      send: (body, headers) => this.send(body, headers),
      openSocket: () => this.open(),
      load: async () => this.reached(server.list()),
      nameOf: (id) => id,
      tell: (told) => this.told.push(told),
      ...(takeBack ? { takeBack } : {}),
    });
  }

  async start(): Promise<this> {
    await this.session.start();
    await this.clock.pass(1);
    return this;
  }

  cut(): void {
    this.online = false;
    this.socket?.cut();
  }

  back(): void {
    this.online = true;
    this.session.wake();
  }

  /** The tab is closed in the middle of whatever it does. */
  end(): void {
    this.ended = true;
    this.online = false;
    this.session.stop();
    if (this.socket) this.server.sockets.delete(this.socket);
  }

  rows(): Annotation[] {
    return [...this.session.store.all()].map(([, row]) => row);
  }

  private reached<T>(answer: T): T {
    if (!this.online) throw new TypeError("network");
    return answer;
  }

  private async send(body: Record<string, unknown>, headers: Record<string, string>): Promise<Sent> {
    await Promise.resolve();
    if (this.ended) return new Promise(() => undefined);
    const sent = this.server.command(this.reached(body), headers, this.person);
    if (this.losesAnswers) throw new TypeError("the answer was lost");
    return structuredClone(sent);
  }

  private open(): FakeSocket {
    const socket = new FakeSocket();
    this.socket = socket;
    this.server.connect(socket);
    this.clock.after(0, () => (this.online ? socket.onopen?.() : socket.cut()));
    return socket;
  }
}
