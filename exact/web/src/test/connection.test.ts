import { describe, expect, it } from "vitest";
import { statusOf } from "../model/annotation";
import type { Vector } from "../model/vector";
import { Connection } from "../live/connection";
import { throttled } from "../live/throttle";
import { FakeClock, FakeServer, FakeSocket, Page, chance } from "./fakes";

const box = (size: number): Vector => ({ vector_type: 1, points: [0, 0, size, size], frame: null, plane: 0 });

/** A connection on bare sockets, with the position it has come to. */
function wired() {
  const clock = new FakeClock();
  const sockets: FakeSocket[] = [];
  const received: number[] = [];
  let position = 5;
  let reloads = 0;
  const connection = new Connection({
    clock,
    open: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      clock.after(0, () => socket.onopen?.());
      return socket;
    },
    position: () => position,
    receive: (facts, upTo) => {
      received.push(...facts.map((fact) => fact.position));
      position = Math.max(position, upTo);
    },
    reload: async () => {
      reloads += 1;
      position = 900;
    },
  });
  const last = (): FakeSocket => sockets.at(-1)!;
  const welcome = (at: number): void => last().push({ type: "welcome", protocol: 1, session: "me", position: at, people: [] });
  return { clock, sockets, received, connection, last, welcome, reloads: () => reloads };
}

const fact = (position: number) => ({ position, name: "AnnotationRemoved", stream: "a", version: position, data: {} });

describe("the live connection", () => {
  it("says hello after the last position it has", async () => {
    const { connection, clock, last } = wired();
    connection.start();
    await clock.pass(1);
    expect(last().sent).toEqual([{ type: "hello", protocol: 1, after: 5 }]);
  });

  it("is live after the welcome, not before", async () => {
    const { connection, clock, welcome } = wired();
    connection.start();
    await clock.pass(1);
    expect(connection.state.value).toBe("connecting");
    welcome(5);
    expect(connection.state.value).toBe("live");
  });

  it("a heartbeat ahead of the facts is a gap after two seconds: it says hello again", async () => {
    const { connection, clock, sockets, welcome, last } = wired();
    connection.start();
    await clock.pass(1);
    welcome(5);
    last().push({ type: "heartbeat", position: 7 });
    await clock.pass(1900);
    expect(sockets).toHaveLength(1);
    await clock.pass(200);
    expect(sockets).toHaveLength(2);
    expect(last().sent).toEqual([{ type: "hello", protocol: 1, after: 5 }]);
  });

  it("a heartbeat that the facts catch up with is no gap", async () => {
    const { connection, clock, sockets, welcome, last, received } = wired();
    connection.start();
    await clock.pass(1);
    welcome(5);
    last().push({ type: "heartbeat", position: 7 });
    last().push({ type: "facts", position: 7, facts: [fact(6), fact(7)] });
    await clock.pass(5000);
    expect(sockets).toHaveLength(1);
    expect(received).toEqual([6, 7]);
  });

  it("forty seconds of silence end it", async () => {
    const { connection, clock, sockets, welcome } = wired();
    connection.start();
    await clock.pass(1);
    welcome(5);
    await clock.pass(39_000);
    expect(connection.state.value).toBe("live");
    await clock.pass(3000);
    expect(sockets).toHaveLength(2);
  });

  it("a reset loads everything and says hello after the new position", async () => {
    const { connection, clock, last, welcome, reloads } = wired();
    connection.start();
    await clock.pass(1);
    welcome(5);
    last().push({ type: "reset", position: 900 });
    await clock.pass(10);
    expect(reloads()).toBe(1);
    expect(last().sent).toEqual([{ type: "hello", protocol: 1, after: 900 }]);
  });

  it("tries again ever more slowly, and at once when the network is back", async () => {
    const { connection, clock, sockets, last } = wired();
    connection.start();
    for (let i = 0; i < 5; i++) {
      last().cut();
      await clock.pass(60_000);
    }
    const before = sockets.length;
    last().cut();
    expect(connection.state.value).toBe("offline");
    connection.wake();
    expect(sockets).toHaveLength(before + 1);
  });

  it.each([4401, 4403, 4404, 4406])("close code %i is for good, and says why", async (code) => {
    const { connection, clock, sockets, last } = wired();
    connection.start();
    await clock.pass(1);
    last().cut(code);
    await clock.pass(600_000);
    expect(sockets).toHaveLength(1);
    expect(connection.state.value).toBe("closed");
    expect(connection.closed.value?.detail).toMatch(/\.$/);
  });

  it("people come and go, oneself is not among them, and nobody is there while it is cut", async () => {
    const { connection, clock, last, welcome } = wired();
    connection.start();
    await clock.pass(1);
    welcome(5);
    for (const session of ["me", "ben", "cem"]) last().push({ type: "presence", person: { session, name: session } });
    last().push({ type: "left", session: "cem" });
    expect([...connection.people.value.keys()]).toEqual(["ben"]);
    last().cut();
    expect(connection.people.value.size).toBe(0);
  });

  it("presence goes out at most fifteen times a second, and the last place is never lost", async () => {
    const clock = new FakeClock();
    const sent: number[] = [];
    const show = throttled<number>(1000 / 15, clock, (value) => sent.push(value));
    for (let i = 0; i <= 100; i++) {
      show(i);
      await clock.pass(10);
    }
    await clock.pass(100);
    expect(sent.length).toBeLessThanOrEqual(17);
    expect(sent.at(-1)).toBe(100);
  });
});

/** Two people work at random while their wires are cut, answers are lost and tabs are reloaded. */
async function storm(seed: number): Promise<{ server: FakeServer; pages: Page[] }> {
  const random = chance(seed);
  const pick = <T>(some: readonly T[]): T => some[Math.floor(random() * some.length)]!;
  const server = new FakeServer();
  const pages = [await new Page(server, "anna").start(), await new Page(server, "ben").start()];
  for (const page of pages) page.clock.random = random;
  for (let step = 0; step < 120; step++) {
    const index = Math.floor(random() * pages.length);
    const page = pages[index]!;
    const keys = [...page.session.store.all()].filter(([, row]) => !row.removed).map(([key]) => key);
    const what = random();
    if (what < 0.25 || keys.length === 0) page.session.draw("t", box(1000 + step));
    else if (what < 0.45) page.session.reshape(pick(keys), box(5000 + step));
    else if (what < 0.55) page.session.describe(pick(keys), `remark ${step}`);
    else if (what < 0.62) page.session.verify([pick(keys)], pick(["accepted", "rejected"] as const));
    else if (what < 0.65) page.session.verify(keys.slice(-3), pick(["accepted", "rejected"] as const));
    else if (what < 0.66) page.session.performAll(keys.slice(-3).map((key) => ({ key, change: { command: "RemoveAnnotation", reason: "" } })));
    else if (what < 0.68) page.session.remove(pick(keys));
    else if (what < 0.74) page.session.undoLast();
    else if (what < 0.78) page.session.redoLast();
    else if (what < 0.84) page.cut();
    else if (what < 0.92) page.back();
    else if (what < 0.95) page.losesAnswers = !page.losesAnswers;
    else if (what < 0.97) server.heartbeat();
    else {
      page.end();
      const next = new Page(server, page.person, new FakeClock(), page.storage, `tab-${step}`);
      next.clock.random = random;
      pages[index] = await next.start();
    }
    if (random() < 0.6) await page.clock.pass(random() * 2000);
  }
  for (let round = 0; round < 6; round++) {
    for (const page of pages) {
      page.losesAnswers = false;
      page.back();
      await page.clock.pass(120_000);
      for (const entry of page.session.outbox.entries.value) {
        if (entry.phase === "conflict") page.session.resolve(entry.id, pick(["mine", "theirs", "both"] as const));
        else if (entry.phase === "refused") page.session.outbox.discard(entry.id);
      }
    }
    server.heartbeat();
    for (const page of pages) await page.clock.pass(60_000);
  }
  return { server, pages };
}

describe("whatever happens to the wires", () => {
  it.each(Array.from({ length: 40 }, (_, index) => index + 1))("storm %i ends with everybody equal to a fresh load", async (seed) => {
    const { server, pages } = await storm(seed);
    const byId = (rows: { id: string }[]) => rows.toSorted((a, b) => a.id.localeCompare(b.id));
    for (const page of pages) {
      expect(page.session.outbox.entries.value).toEqual([]);
      expect(byId(page.rows())).toEqual(byId([...server.rows.values()]));
    }
    expect(server.log.map((fact) => fact.position)).toEqual(server.log.map((_, index) => index + 1));
    for (const row of server.rows.values()) expect(row.status).toBe(statusOf(row.verifications, row.content_version));
  });
});
