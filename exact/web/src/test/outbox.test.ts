import "fake-indexeddb/auto";
import { beforeEach, describe, expect, it } from "vitest";
import type { Vector } from "../model/vector";
import { IndexedStorage } from "../live/storage";
import { uuid7 } from "../model/uuid7";
import { FakeClock, FakeServer, KeptStorage, Page, refused, settled } from "./fakes";

const box = (size: number): Vector => ({ vector_type: 1, points: [0, 0, size, size], frame: null, plane: 0 });

let server: FakeServer;
let anna: Page;
let ben: Page;

beforeEach(async () => {
  server = new FakeServer();
  anna = await new Page(server, "anna").start();
  ben = await new Page(server, "ben").start();
});

const commands = () => server.requests.map((request) => request.body["command"]);
const pass = async (ms: number): Promise<void> => {
  await anna.clock.pass(ms);
  await ben.clock.pass(ms);
};

/** One box that both pages have. */
async function sharedBox(): Promise<string> {
  const key = anna.session.draw("t", box(1000));
  await pass(10);
  return key;
}

describe("a change", () => {
  it("shows at once, is saved, and is seen by the other", async () => {
    const key = anna.session.draw("t", box(1000));
    expect(anna.session.store.get(key)?.vector).toEqual(box(1000));
    expect(anna.session.status.value.unsent).toBe(1);
    await pass(10);
    expect(anna.session.status.value).toEqual({ state: "live", unsent: 0, stopped: 0, position: 1 });
    expect(ben.session.store.get(key)?.number).toBe(100);
  });

  it("does not flicker back between the answer and the fact", async () => {
    const key = await sharedBox();
    server.live = false;
    const seen: number[] = [];
    anna.session.store.subscribe(() => seen.push(anna.session.store.get(key)!.vector!.points[2]!));
    anna.session.reshape(key, box(2000));
    await pass(10);
    expect(anna.session.status.value.unsent).toBe(0);
    expect(new Set(seen)).toEqual(new Set([2000]));
  });

  it("carries the version it was made on", async () => {
    const key = await sharedBox();
    anna.session.reshape(key, box(2000));
    await pass(10);
    anna.session.reshape(key, box(3000));
    await pass(10);
    expect(server.requests.map((request) => request.headers["If-Match"])).toEqual([undefined, '"v1"', '"v2"']);
  });

  it("a verdict names the version that was seen", async () => {
    const key = await sharedBox();
    ben.session.verify([key], "accepted");
    await pass(10);
    expect(server.requests.at(-1)?.body).toMatchObject({ command: "VerifyAnnotation", of_version: 1 });
    expect(anna.session.store.get(key)?.status).toBe("accepted");
    ben.session.verify([key], "accepted");
    await pass(10);
    expect(anna.session.store.get(key)?.status).toBe("open");
  });
});

describe("without a network", () => {
  it("changes wait, are counted, and arrive in their order", async () => {
    anna.cut();
    const keys = [1000, 2000, 3000].map((size) => anna.session.draw("t", box(size)));
    await pass(60_000);
    expect(anna.session.status.value).toMatchObject({ state: "offline", unsent: 3 });
    expect(server.log).toHaveLength(0);
    anna.back();
    await pass(1000);
    expect(server.log.map((fact) => fact.data.unique_identifier)).toEqual(keys);
    expect(anna.session.status.value).toEqual({ state: "live", unsent: 0, stopped: 0, position: 3 });
  });

  it("an answer that was lost does not make a second annotation", async () => {
    anna.losesAnswers = true;
    anna.session.draw("t", box(1000));
    await pass(3000);
    expect(server.requests.length).toBeGreaterThan(1);
    anna.losesAnswers = false;
    await pass(60_000);
    expect(server.log).toHaveLength(1);
    expect(anna.session.status.value.unsent).toBe(0);
  });

  it("a drawing that was never sent takes its edits in: one command", async () => {
    anna.cut();
    await pass(10);
    const first = anna.session.draw("t", box(1000));
    const key = anna.session.draw("t", box(1000));
    anna.session.reshape(key, box(4000));
    anna.session.reclassify(key, "t2");
    anna.session.describe(key, "large");
    anna.back();
    await pass(1000);
    expect(commands().filter((name) => name !== "DrawAnnotation")).toEqual([]);
    expect(server.rows.get(`id-${key}`)).toMatchObject({ vector: box(4000), annotation_type_id: "t2", description: "large", version: 1 });
    expect(server.rows.has(`id-${first}`)).toBe(true);
  });

  it("an edit of a drawing whose answer is missing waits for its id and goes alone", async () => {
    anna.losesAnswers = true;
    const key = anna.session.draw("t", box(1000));
    await pass(100);
    anna.session.reshape(key, box(5000));
    anna.losesAnswers = false;
    await pass(60_000);
    expect(server.log.map((fact) => fact.name)).toEqual(["AnnotationDrawn", "AnnotationReshaped"]);
    expect(server.rows.get(`id-${key}`)?.vector).toEqual(box(5000));
  });

  it("a drawing that was never sent and is removed again leaves no trace", async () => {
    anna.cut();
    anna.session.draw("t", box(900));
    const key = anna.session.draw("t", box(1000));
    anna.session.remove(key);
    expect(anna.session.store.get(key)).toBeUndefined();
    anna.back();
    await pass(1000);
    expect(server.log).toHaveLength(1);
  });

  it.each([502, 503, 504, 429])("answer %i means later, not no", async (status) => {
    const decide = server.command.bind(server);
    let refusals = 2;
    server.command = (...request) => (refusals-- > 0 ? refused(status, "busy", "Later.") : decide(...request));
    anna.session.draw("t", box(1000));
    await pass(60_000);
    expect(server.log).toHaveLength(1);
  });

  it("a server error is tried again, but not for ever", async () => {
    let tries = 0;
    server.command = () => (tries++, refused(500, "http_500", "The server has a problem."));
    anna.session.draw("t", box(1000));
    await pass(600_000);
    expect(tries).toBe(4);
    expect(anna.session.outbox.entries.value[0]?.phase).toBe("refused");
  });

  it("after the session ended nothing is sent until somebody signs in", async () => {
    const decide = server.command.bind(server);
    server.command = () => refused(403, "not_signed_in", "Sign in.");
    anna.session.draw("t", box(1000));
    await pass(60_000);
    expect(anna.session.outbox.signedOut.value).toBe(true);
    expect(anna.session.status.value.unsent).toBe(1);
    server.command = decide;
    anna.session.wake();
    await pass(100);
    expect(server.log).toHaveLength(1);
  });
});

describe("a reload", () => {
  const reload = (page: Page): Page => {
    page.end();
    return new Page(server, page.person, new FakeClock(), page.storage, "another-tab");
  };

  it("loses no unsent change, and sends each once", async () => {
    anna.losesAnswers = true;
    const sent = anna.session.draw("t", box(1000));
    await pass(10);
    anna.cut();
    const unsent = anna.session.draw("t", box(2000));
    anna.session.reshape(sent, box(3000));
    await pass(10);
    const next = await reload(anna).start();
    await next.clock.pass(1000);
    expect(server.rows.get(`id-${sent}`)?.vector).toEqual(box(3000));
    expect(server.rows.get(`id-${unsent}`)?.vector).toEqual(box(2000));
    expect(server.log).toHaveLength(3);
    expect((next.storage as KeptStorage).rows.size).toBe(0);
  });

  it("between an edit and its follower makes no conflict with oneself", async () => {
    const key = await sharedBox();
    anna.cut();
    anna.session.reshape(key, box(2000));
    anna.session.reshape(key, box(3000));
    anna.online = true;
    const decide = server.command.bind(server);
    server.command = (body, ...rest) => {
      const answer = decide(body, ...rest);
      if ((body["vector"] as Vector).points[2] === 2000) server.command = () => { throw new TypeError("network"); };
      return answer;
    };
    anna.session.outbox.wake();
    await pass(100);
    server.command = decide;
    const next = await reload(anna).start();
    await next.clock.pass(1000);
    expect(next.session.outbox.entries.value).toEqual([]);
    expect(server.rows.get(`id-${key}`)?.vector).toEqual(box(3000));
  });

  it("leaves the changes of another open tab to that tab", async () => {
    anna.cut();
    anna.session.draw("t", box(1000));
    await settled();
    const second = new Page(server, "anna", new FakeClock(), anna.storage, "second");
    await second.session.start(new Set([anna.tab]));
    await second.clock.pass(100);
    expect(server.log).toHaveLength(0);
  });
});

describe("two people on one annotation", () => {
  it("a remark goes on top of the other's outline by itself", async () => {
    const key = await sharedBox();
    anna.cut();
    ben.session.reshape(key, box(2000));
    await pass(10);
    anna.session.describe(key, "seen");
    anna.back();
    await pass(1000);
    expect(server.rows.get(`id-${key}`)).toMatchObject({ vector: box(2000), description: "seen" });
    expect(anna.session.outbox.entries.value).toEqual([]);
  });

  it("two remarks: the person decides; theirs stays, and undo brings mine back", async () => {
    const key = await sharedBox();
    anna.cut();
    ben.session.describe(key, "theirs");
    await pass(10);
    anna.session.describe(key, "mine");
    anna.back();
    await pass(1000);
    expect(server.rows.get(`id-${key}`)?.description).toBe("theirs");
    anna.session.resolve(stopped().id, "theirs");
    expect(anna.session.store.get(key)?.description).toBe("theirs");
    anna.session.undoLast();
    await pass(10);
    expect(server.rows.get(`id-${key}`)?.description).toBe("mine");
  });

  it("a later change of mine that touches theirs is not carried along by an earlier one that does not", async () => {
    const key = await sharedBox();
    anna.cut();
    ben.session.describe(key, "theirs");
    await pass(10);
    anna.session.reshape(key, box(2000));
    anna.session.describe(key, "mine");
    anna.back();
    await pass(1000);
    expect(server.rows.get(`id-${key}`)).toMatchObject({ vector: box(1000), description: "theirs" });
    anna.session.resolve(stopped().id, "mine");
    await pass(10);
    expect(server.rows.get(`id-${key}`)).toMatchObject({ vector: box(2000), description: "mine" });
  });

  it("what is changed before their facts have come was not made on their version", async () => {
    const key = await sharedBox();
    server.live = false;
    ben.session.describe(key, "theirs");
    await pass(10);
    anna.session.reshape(key, box(2000));
    await pass(10);
    anna.session.describe(key, "mine");
    await pass(10);
    expect(server.rows.get(`id-${key}`)).toMatchObject({ vector: box(2000), description: "theirs" });
    expect(stopped().refusal?.current?.description).toBe("theirs");
  });

  it("two who wish for the same have no conflict", async () => {
    const key = await sharedBox();
    anna.cut();
    ben.session.describe(key, "mitosis");
    await pass(10);
    anna.session.describe(key, "mitosis");
    anna.back();
    await pass(1000);
    expect(anna.session.outbox.entries.value).toEqual([]);
  });

  it("what the other has described since is not removed unseen", async () => {
    const key = await sharedBox();
    anna.cut();
    ben.session.describe(key, "keep this");
    await pass(10);
    anna.session.remove(key);
    anna.back();
    await pass(1000);
    expect(server.rows.get(`id-${key}`)?.removed).toBe(false);
    anna.session.resolve(stopped().id, "mine");
    await pass(10);
    expect(server.rows.get(`id-${key}`)?.removed).toBe(true);
  });

  it("a remark on what the other removed is kept until the person decides, and undo brings it back", async () => {
    const key = await sharedBox();
    anna.cut();
    ben.session.remove(key);
    await pass(10);
    anna.session.describe(key, "mine");
    anna.back();
    await pass(1000);
    anna.session.resolve(stopped().id, "theirs");
    await pass(10);
    expect(anna.session.store.get(key)?.removed).toBe(true);
    anna.session.undoLast();
    await pass(10);
    expect(server.rows.get(`id-${key}`)).toMatchObject({ removed: false, description: "mine" });
  });

  it("the answer holds both versions, also when the fact has not come yet", async () => {
    const key = await sharedBox();
    server.live = false;
    ben.session.reshape(key, box(2000));
    await pass(10);
    anna.session.reshape(key, box(3000));
    await pass(1000);
    const conflict = anna.session.outbox.conflict(stopped())!;
    expect([conflict.seen, conflict.theirs, conflict.mine].map((row) => row?.vector)).toEqual([box(1000), box(2000), box(3000)]);
    expect(stopped().refusal).toMatchObject({ expected: 1, version: 2, changed_by: "ben" });
  });

  it("an outline goes on top of the other's remark by itself", async () => {
    const key = await sharedBox();
    anna.cut();
    ben.session.describe(key, "theirs");
    await pass(10);
    anna.session.reshape(key, box(2000));
    anna.back();
    await pass(1000);
    expect(server.rows.get(`id-${key}`)).toMatchObject({ vector: box(2000), description: "theirs" });
  });

  /** Both reshape the same box; anna is second. */
  async function conflict(): Promise<string> {
    const key = await sharedBox();
    anna.cut();
    ben.session.reshape(key, box(2000));
    await pass(10);
    anna.session.reshape(key, box(3000));
    anna.back();
    await pass(1000);
    return key;
  }
  const stopped = () => anna.session.outbox.entries.value.find((entry) => entry.phase === "conflict")!;

  it("two outlines: the person decides, and is told who was first", async () => {
    const key = await conflict();
    expect(stopped().refusal?.changed_by_name).toBe("ben");
    expect(anna.session.store.phase(key)).toBe("conflict");
    expect(anna.session.store.get(key)?.vector).toEqual(box(3000));
    expect(anna.session.store.confirmed(key)?.vector).toEqual(box(2000));
  });

  it("mine: my outline is saved on top of theirs", async () => {
    const key = await conflict();
    anna.session.resolve(stopped().id, "mine");
    await pass(10);
    expect(server.rows.get(`id-${key}`)?.vector).toEqual(box(3000));
    expect(server.log).toHaveLength(3);
  });

  it("theirs: their outline stays, and undo brings mine back", async () => {
    const key = await conflict();
    anna.session.resolve(stopped().id, "theirs");
    await pass(10);
    expect(anna.session.store.get(key)?.vector).toEqual(box(2000));
    anna.session.undoLast();
    await pass(10);
    expect(server.rows.get(`id-${key}`)?.vector).toEqual(box(3000));
  });

  it("both: mine becomes an annotation of its own", async () => {
    const key = await conflict();
    anna.session.resolve(stopped().id, "both");
    await pass(10);
    expect(server.rows.get(`id-${key}`)?.vector).toEqual(box(2000));
    expect([...server.rows.values()].map((row) => row.vector)).toContainEqual(box(3000));
    expect(server.rows.size).toBe(2);
  });

  it("changes of other annotations do not wait for the decision", async () => {
    await conflict();
    anna.session.draw("t", box(7000));
    await pass(10);
    expect(server.rows.size).toBe(2);
  });

  it("an outline of what the other removed comes back only when I say so", async () => {
    const key = await sharedBox();
    anna.cut();
    ben.session.remove(key);
    await pass(10);
    anna.session.reshape(key, box(3000));
    anna.back();
    await pass(1000);
    expect(stopped().refusal?.current?.removed).toBe(true);
    expect(server.rows.get(`id-${key}`)?.removed).toBe(true);
    anna.session.resolve(stopped().id, "mine");
    await pass(10);
    expect(server.rows.get(`id-${key}`)).toMatchObject({ removed: false, vector: box(3000) });
  });

  it("a verdict on what the other has changed since is not given", async () => {
    const key = await sharedBox();
    ben.cut();
    anna.session.reshape(key, box(2000));
    await pass(10);
    ben.session.verify([key], "accepted");
    ben.back();
    await pass(1000);
    expect(server.rows.get(`id-${key}`)?.status).toBe("open");
    expect(ben.told[0]?.text).toContain("anna changed it since you looked");
  });
});

describe("a refusal", () => {
  it("keeps the change with its sentence until the person discards it", async () => {
    const key = await sharedBox();
    anna.session.describe(key, "x".repeat(1001));
    await pass(10);
    const [entry] = anna.session.outbox.entries.value;
    expect(entry?.phase).toBe("refused");
    expect(entry?.refusal?.detail).toContain("1000 characters");
    expect(anna.session.store.get(key)?.description).toHaveLength(1001);
    anna.session.outbox.discard(entry!.id);
    expect(anna.session.store.get(key)?.description).toBe("");
    expect((anna.storage as KeptStorage).rows.size).toBe(0);
  });

  it("is sent again when the person edits it", async () => {
    const key = await sharedBox();
    anna.session.describe(key, "x".repeat(1001));
    await pass(10);
    anna.session.describe(key, "short");
    await pass(10);
    expect(server.rows.get(`id-${key}`)?.description).toBe("short");
    expect(anna.session.outbox.entries.value).toEqual([]);
  });

  it("of a detail does not hold up the outline", async () => {
    const key = await sharedBox();
    anna.session.describe(key, "x".repeat(1001));
    await pass(10);
    anna.session.reshape(key, box(2000));
    await pass(10);
    expect(server.rows.get(`id-${key}`)?.vector).toEqual(box(2000));
  });
});

describe("undo", () => {
  it("every step has its compensating command, and redo its own", async () => {
    const key = await sharedBox();
    anna.session.reshape(key, box(2000));
    anna.session.reclassify(key, "t2");
    anna.session.remove(key);
    await pass(10);
    for (let i = 0; i < 4; i++) anna.session.undoLast();
    await pass(10);
    expect(server.rows.get(`id-${key}`)).toMatchObject({ removed: true, vector: box(1000), annotation_type_id: "t" });
    for (let i = 0; i < 4; i++) anna.session.redoLast();
    await pass(10);
    expect(server.rows.get(`id-${key}`)).toMatchObject({ removed: true, vector: box(2000), annotation_type_id: "t2" });
    expect(server.log.map((fact) => fact.version)).toEqual(server.log.map((_, index) => index + 1));
  });

  it("does not throw away what somebody else did after me, and says who", async () => {
    const key = await sharedBox();
    anna.session.reshape(key, box(2000));
    await pass(10);
    ben.session.reshape(key, box(5000));
    await pass(10);
    anna.session.undoLast();
    await pass(10);
    expect(server.rows.get(`id-${key}`)?.vector).toEqual(box(5000));
    expect(anna.told[0]?.text).toContain("ben");
  });

  it("of a drawing that was never sent forgets it; redo draws it again", async () => {
    anna.cut();
    anna.session.draw("t", box(500));
    const key = anna.session.draw("t", box(1000));
    anna.session.undoLast();
    expect(anna.session.store.get(key)).toBeUndefined();
    anna.session.redoLast();
    anna.back();
    await pass(1000);
    expect(server.rows.get(`id-${key}`)?.vector).toEqual(box(1000));
  });
});

it("a change is kept in the browser before it is sent", async () => {
  const letGo: (() => void)[] = [];
  const slow = new KeptStorage();
  const put = slow.put.bind(slow);
  slow.put = (entry) => new Promise((resolve) => letGo.push(() => resolve(put(entry))));
  const page = await new Page(server, "anna", new FakeClock(), slow, "slow").start();
  page.session.draw("t", box(1000));
  await page.clock.pass(50);
  expect(server.requests).toHaveLength(0);
  for (let i = 0; i < 4; i++) {
    letGo.splice(0).forEach((go) => go());
    await page.clock.pass(50);
  }
  expect(server.requests).toHaveLength(1);
});

describe("IndexedDB", () => {
  it("gives back what was put, in the order of making, for this person and image only", async () => {
    const storage = await IndexedStorage.open("test-a");
    const kept = new KeptStorage();
    const page = new Page(new FakeServer(), "anna", new FakeClock(), kept);
    page.online = false;
    [1, 2, 3].forEach((size) => page.session.draw("t", box(size * 1000)));
    await settled();
    const entries = [...kept.rows.values()];
    for (const entry of entries.toReversed()) await storage.put(entry);
    await storage.put({ ...entries[0]!, id: uuid7(), scope: "ben/1" });
    expect(await storage.load("anna/1")).toEqual(entries);
    await storage.delete(entries[1]!);
    expect(await storage.load("anna/1")).toHaveLength(2);
  });
});

it("uuid7 values sort in the order of their making", () => {
  const made = Array.from({ length: 10_000 }, () => uuid7());
  expect(made.toSorted()).toEqual(made);
  expect(new Set(made).size).toBe(made.length);
  expect(made[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
