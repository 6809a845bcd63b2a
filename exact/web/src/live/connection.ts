/** The live connection: resumes after the last position it has, notices gaps and silence, and never gives up by itself. */

import { type Fact, concernsMany } from "../model/facts";
import { Signal } from "../state/signal";
import { type Clock, backoff } from "./clock";
import { type Attention, CLOSED_FOR_GOOD, type FromClient, type FromServer, type ImportNews, PROTOCOL, type Presence } from "./protocol";

export type LiveState = "connecting" | "live" | "offline" | "closed";

/** The part of WebSocket that is used here. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason?: string }) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export interface ConnectionOptions {
  readonly open: () => Socket;
  readonly clock: Clock;
  /** The last position that is in. */
  readonly position: () => number;
  readonly receive: (facts: readonly Fact[], upTo: number) => void;
  /** Too far behind: load everything by REST, at least up to the position; the connection says hello again after it. */
  readonly reload: (position: number) => Promise<void>;
  /** How far an import is; not kept, and not told again. */
  readonly news?: (news: ImportNews) => void;
  /** What moved many annotations at once is in, after a reload. */
  readonly moved?: (facts: readonly Fact[]) => void;
}

/** The server's heartbeat comes every 15 s; two and a half of them missing is silence. */
const SILENCE_MS = 40_000;
/** A heartbeat may overtake the facts it counts; after this it is a gap. */
const GAP_GRACE_MS = 2_000;
/** After this many failed tries in a row the screen says offline instead of connecting. */
const TRIES_BEFORE_OFFLINE = 1;

export class Connection {
  readonly state = new Signal<LiveState>("connecting");
  readonly people = new Signal<ReadonlyMap<string, Presence>>(new Map());
  /** Why the server closed for good. */
  readonly closed = new Signal<{ code: string; detail: string } | null>(null);
  session: string | null = null;

  private socket: Socket | null = null;
  private failures = 0;
  private cancelRetry: (() => void) | null = null;
  private cancelSilence: (() => void) | null = null;
  private cancelGap: (() => void) | null = null;
  private refused: { code: string; detail: string } | null = null;
  private stopped = false;

  constructor(private readonly options: ConnectionOptions) {}

  start(): void {
    this.stopped = false;
    this.closed.value = null;
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    this.cancelRetry?.();
    this.leave();
  }

  /** The network or the session may be back: try at once. */
  wake(): void {
    if (this.stopped || this.socket) return;
    this.failures = 0;
    this.closed.value = null;
    this.connect();
  }

  /** The network may be gone: a new try tells sooner than silence would. */
  doubt(): void {
    if (!this.stopped && this.state.value === "live") this.again();
  }

  /** Tells the others where this person is; only while live, never kept. */
  show(attention: Attention): void {
    if (this.state.value === "live") this.send({ type: "presence", ...attention });
  }

  private connect(): void {
    this.cancelRetry?.();
    this.cancelRetry = null;
    this.refused = null;
    if (this.state.value !== "offline") this.state.value = "connecting";
    const socket = this.options.open();
    this.socket = socket;
    socket.onopen = () => this.socket === socket && this.hello();
    socket.onmessage = ({ data }) => this.socket === socket && this.heard(JSON.parse(String(data)) as FromServer);
    socket.onclose = ({ code }) => this.socket === socket && this.lost(code);
    this.listen();
  }

  private hello(): void {
    this.send({ type: "hello", protocol: PROTOCOL, after: this.options.position() });
  }

  private heard(message: FromServer): void {
    this.listen();
    switch (message.type) {
      case "welcome":
        return this.welcomed(message.session, message.people, message.position);
      case "facts":
        return this.received(message.facts, message.position);
      case "heartbeat":
        return this.compare(message.position);
      case "reset":
        return this.startOver(message.position);
      case "import":
        return this.options.news?.(message);
      case "presence":
        return this.setPeople((people) => people.set(message.person.session, message.person));
      case "left":
        return this.setPeople((people) => people.delete(message.session));
      case "refused":
        this.refused = { code: message.code, detail: message.detail };
    }
  }

  private welcomed(session: string, people: readonly Presence[], position: number): void {
    this.session = session;
    this.failures = 0;
    this.people.value = new Map(people.filter((one) => one.session !== session).map((one) => [one.session, one]));
    this.state.value = "live";
    this.compare(position);
  }

  /** Facts that do not name their annotations leave the position where it was: if loading fails, they are sent again. */
  private received(facts: readonly Fact[], upTo: number): void {
    const first = facts.findIndex((fact) => concernsMany(fact.name));
    if (first === -1) return this.options.receive(facts, upTo);
    const before = facts.slice(0, first);
    if (before.length > 0) this.options.receive(before, before.at(-1)!.position);
    const many = facts.filter((fact) => concernsMany(fact.name));
    this.startOver(upTo, () => this.options.moved?.(many));
  }

  /** The server is at `position`: if it is still ahead after a moment, something was lost. */
  private compare(position: number): void {
    this.cancelGap?.();
    this.cancelGap = null;
    if (position <= this.options.position()) return;
    this.cancelGap = this.options.clock.after(GAP_GRACE_MS, () => {
      if (position > this.options.position()) this.again();
    });
  }

  /** No socket while loading, so that nothing is folded into a list that is about to be replaced. */
  private startOver(position: number, after: () => void = () => undefined): void {
    this.leave();
    this.state.value = "connecting";
    this.options.reload(position).then(
      () => {
        if (this.stopped) return;
        this.connect();
        after();
      },
      () => this.stopped || this.retry(),
    );
  }

  /** Hangs up and says hello anew, at once. */
  private again(): void {
    this.leave();
    this.connect();
  }

  private lost(code: number): void {
    this.leave();
    const reason = CLOSED_FOR_GOOD[code];
    if (reason) {
      this.closed.value = this.refused ?? reason;
      this.state.value = "closed";
    } else if (!this.stopped) {
      this.retry();
    }
  }

  private retry(): void {
    const wait = backoff(this.failures, this.options.clock);
    this.failures += 1;
    this.state.value = this.failures > TRIES_BEFORE_OFFLINE ? "offline" : "connecting";
    this.cancelRetry?.();
    this.cancelRetry = this.options.clock.after(wait, () => this.connect());
  }

  /** Nothing heard for too long: the socket is dead although nobody said so. */
  private listen(): void {
    this.cancelSilence?.();
    this.cancelSilence = this.options.clock.after(SILENCE_MS, () => {
      this.leave();
      this.retry();
    });
  }

  private leave(): void {
    this.cancelSilence?.();
    this.cancelGap?.();
    const socket = this.socket;
    this.socket = null;
    if (this.people.value.size > 0) this.people.value = new Map();
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  private setPeople(change: (people: Map<string, Presence>) => unknown): void {
    const people = new Map(this.people.value);
    change(people);
    if (this.session) people.delete(this.session);
    this.people.value = people;
  }

  private send(message: FromClient): void {
    this.socket?.send(JSON.stringify(message));
  }
}
