import "fake-indexeddb/auto";
import { beforeEach, describe, expect, it } from "vitest";
import { BATCH_MAX, chunked } from "../live/batches";
import { IndexedStorage } from "../live/storage";
import type { Vector } from "../model/vector";
import { FakeClock, FakeServer, KeptStorage, Page, refused } from "./fakes";

const box = (size: number): Vector => ({ vector_type: 1, points: [0, 0, size, size], frame: null, plane: 0 });

let server: FakeServer;
let anna: Page;
let ben: Page;

beforeEach(async () => {
  server = new FakeServer();
  anna = await new Page(server, "anna").start();
  ben = await new Page(server, "ben").start();
});

const pass = async (ms: number): Promise<void> => {
  await anna.clock.pass(ms);
  await ben.clock.pass(ms);
};
const statuses = () => [...server.rows.values()].map((row) => row.status);
const row = (key: string) => server.rows.get(`id-${key}`)!;
const sent = () => server.requests.filter(({ body }) => body["commands"]).map(({ body }) => (body["commands"] as unknown[]).length);
const removal = { command: "RemoveAnnotation", reason: "" } as const;

/** Boxes that both pages have. */
async function shared(count: number): Promise<string[]> {
  const keys = Array.from({ length: count }, (_, index) => `box-${index}`);
  const draw = { command: "DrawAnnotation", annotation_type_id: "t", description: "", meta_data: null, vector: box(1000) };
  server.command({ commands: keys.map((key) => ({ ...draw, unique_identifier: key })) }, { "Idempotency-Key": "shared" }, "anna");
  await pass(10);
  server.requests.length = 0;
  return keys;
}

describe("many changes", () => {
  it("go as one request, show at once, and are seen by the other", async () => {
    const keys = await shared(30);
    anna.session.verify(keys, "rejected");
    expect(keys.every((key) => anna.session.store.get(key)?.status === "rejected")).toBe(true);
    expect(anna.session.status.value.unsent).toBe(30);
    await pass(10);
    expect(sent()).toEqual([30]);
    expect(statuses()).toEqual(Array(30).fill("rejected"));
    expect(keys.every((key) => ben.session.store.get(key)?.status === "rejected")).toBe(true);
    expect(anna.session.outbox.entries.value).toEqual([]);
    expect((anna.storage as KeptStorage).rows.size).toBe(0);
  });

  it("are taken back by one undo, and made again by one redo", async () => {
    const keys = await shared(30);
    anna.session.verify(keys, "rejected");
    await pass(10);
    for (let round = 0; round < 2; round++) {
      anna.session.undoLast();
      expect(keys.every((key) => anna.session.store.get(key)?.status === "open")).toBe(true);
      await pass(10);
      expect(statuses()).toEqual(Array(30).fill("open"));
      anna.session.redoLast();
      expect(keys.every((key) => anna.session.store.get(key)?.status === "rejected")).toBe(true);
      await pass(10);
      expect(statuses()).toEqual(Array(30).fill("rejected"));
    }
    expect(server.requests).toHaveLength(5);
    expect(server.requests.slice(1).every(({ body }) => body["command"] === "Undo")).toBe(true);
    expect(anna.session.outbox.entries.value).toEqual([]);
    expect(ben.rows().map((one) => one.status)).toEqual(Array(30).fill("rejected"));
  });

  it("of more than five hundred are several requests and one undo", async () => {
    const keys = await shared(1100);
    anna.session.performAll(keys.map((key) => ({ key, change: removal })));
    await pass(100);
    expect(sent()).toEqual([500, 500, 100]);
    expect(new Set(server.requests.map(({ body }) => body["correlation_id"])).size).toBe(1);
    anna.session.undoLast();
    await pass(100);
    expect([...server.rows.values()].some((one) => one.removed)).toBe(false);
    expect(server.requests.filter(({ body }) => body["command"] === "Undo")).toHaveLength(1);
  });

  it("of which the server has heard nothing are undone and redone without it", async () => {
    const keys = await shared(3);
    anna.cut();
    anna.session.describe(keys[0]!, "tried, so that the others wait");
    await pass(10);
    anna.session.performAll(keys.map((key) => ({ key, change: removal })));
    anna.session.undoLast();
    expect(anna.session.outbox.unsent).toBe(1);
    anna.session.redoLast();
    anna.back();
    await pass(60_000);
    expect(server.requests.map(({ body }) => body["command"] ?? "batch")).toEqual(["DescribeAnnotation", "batch"]);
    expect([...server.rows.values()].every((one) => one.removed)).toBe(true);
  });

  it("wait for an earlier change of one of them, and a later one waits for them", async () => {
    const keys = await shared(3);
    anna.session.reshape(keys[1]!, box(5000));
    anna.session.performAll(keys.map((key) => ({ key, change: { command: "ReclassifyAnnotation", annotation_type_id: "t2" } })));
    anna.session.describe(keys[2]!, "after");
    await pass(10);
    expect(server.requests.map(({ body }) => body["command"] ?? "batch")).toEqual(["ReshapeAnnotation", "batch", "DescribeAnnotation"]);
    expect(row(keys[1]!)).toMatchObject({ annotation_type_id: "t2", vector: box(5000), version: 3 });
    expect(row(keys[2]!)).toMatchObject({ annotation_type_id: "t2", description: "after" });
  });

  it("survive a reload as one request, each once", async () => {
    const keys = await shared(5);
    anna.losesAnswers = true;
    anna.session.performAll(keys.map((key) => ({ key, change: removal })));
    await pass(10);
    anna.end();
    const next = await new Page(server, "anna", new FakeClock(), anna.storage, "another-tab").start();
    await next.clock.pass(1000);
    expect(sent()).toEqual([5, 5]);
    expect(server.log.filter((fact) => fact.name === "AnnotationRemoved")).toHaveLength(5);
    expect(next.session.outbox.entries.value).toEqual([]);
  });

  it("an edit after an undo builds on what the undo has made", async () => {
    const keys = await shared(2);
    const retyped = { command: "ReclassifyAnnotation", annotation_type_id: "t2" } as const;
    anna.session.performAll(keys.map((key) => ({ key, change: retyped })));
    await pass(10);
    server.live = false;
    anna.session.undoLast();
    anna.session.reshape(keys[0]!, box(7000));
    await pass(10);
    expect(server.requests).toHaveLength(2);
    server.live = true;
    server.heartbeat();
    await pass(10_000);
    expect(row(keys[0]!)).toMatchObject({ annotation_type_id: "t", vector: box(7000) });
    expect(anna.told).toEqual([]);
  });
});

describe("a refused batch", () => {
  it("is taken back whole on the screen, and says why and of which annotation", async () => {
    const keys = await shared(3);
    anna.cut();
    ben.session.reshape(keys[1]!, box(4000));
    await pass(10);
    anna.session.verify(keys, "accepted");
    anna.back();
    await pass(1000);
    expect(statuses()).toEqual(["open", "open", "open"]);
    expect(keys.map((key) => anna.session.store.get(key)?.status)).toEqual(["open", "open", "open"]);
    expect(anna.told).toEqual([{ kind: "batch_refused", key: keys[1], text: "None of your 3 changes was made. Annotation #101: ben changed it since you looked." }]);
    expect(anna.session.undo.canUndo).toBe(false);
  });

  it("goes on top of what somebody changed where nothing is lost by that", async () => {
    const keys = await shared(3);
    anna.cut();
    ben.session.describe(keys[1]!, "theirs");
    await pass(10);
    anna.session.performAll(keys.map((key) => ({ key, change: { command: "ReclassifyAnnotation", annotation_type_id: "t2" } as const })));
    anna.back();
    await pass(1000);
    expect([...server.rows.values()].every((one) => one.annotation_type_id === "t2")).toBe(true);
    expect(row(keys[1]!).description).toBe("theirs");
    expect(anna.told).toEqual([]);
  });

  it("of several leaves what was granted, and undo takes just that back", async () => {
    const keys = await shared(BATCH_MAX + 2);
    anna.cut();
    ben.session.reshape(keys[BATCH_MAX]!, box(4000));
    await pass(10);
    anna.session.performAll(keys.map((key) => ({ key, change: removal })));
    anna.back();
    await pass(1000);
    expect([...server.rows.values()].filter((one) => one.removed)).toHaveLength(BATCH_MAX);
    expect(anna.told[0]?.text).toContain("500 of your 502 changes are saved, the other 2 were taken back.");
    anna.session.undoLast();
    await pass(100);
    expect([...server.rows.values()].some((one) => one.removed)).toBe(false);
  });

  it("takes the wish to undo it with it", async () => {
    const keys = await shared(2);
    const decide = server.command.bind(server);
    let answer: () => void = () => undefined;
    server.command = () => (answer(), refused(409, "annotation_removed", "It was removed.", { index: 0 }));
    answer = () => anna.session.undoLast();
    anna.session.verify(keys, "accepted");
    await pass(10);
    server.command = decide;
    await pass(1000);
    expect(anna.session.outbox.entries.value).toEqual([]);
    expect(server.requests).toEqual([]);
    expect(anna.session.undo.canRedo).toBe(false);
  });

  it("is not refused by a server that is only busy", async () => {
    const keys = await shared(2);
    const decide = server.command.bind(server);
    let refusals = 2;
    server.command = (...request) => (refusals-- > 0 ? refused(503, "busy", "Later.") : decide(...request));
    anna.session.verify(keys, "accepted");
    await pass(60_000);
    expect(statuses()).toEqual(["accepted", "accepted"]);
  });
});

describe("undo of many", () => {
  it("leaves what somebody changed since, and says how many and why", async () => {
    const keys = await shared(3);
    anna.session.performAll(keys.map((key) => ({ key, change: { command: "ReclassifyAnnotation", annotation_type_id: "t2" } })));
    await pass(10);
    ben.session.reclassify(keys[1]!, "t3");
    await pass(10);
    anna.session.undoLast();
    expect(anna.session.store.get(keys[1]!)?.annotation_type_id).toBe("t3");
    await pass(10);
    expect(keys.map((key) => row(key).annotation_type_id)).toEqual(["t", "t3", "t"]);
    expect(anna.told).toMatchObject([{ kind: "undone_in_part", keys: [keys[1]], text: "2 undone. 1 stays: ben changed it since." }]);
  });

  it("is not sent where nothing of it stands any more", async () => {
    const keys = await shared(2);
    anna.session.performAll(keys.map((key) => ({ key, change: { command: "ReclassifyAnnotation", annotation_type_id: "t2" } })));
    await pass(10);
    for (const key of keys) ben.session.reclassify(key, "t3");
    await pass(10);
    anna.session.undoLast();
    expect(anna.told).toMatchObject([{ kind: "undo_refused", text: "Not undone: ben changed it after that step." }]);
  });
});

describe("the same verdict again", () => {
  it("is given to those that have another, and taken back where all have it", async () => {
    const keys = await shared(3);
    anna.session.verify([keys[0]!], "accepted");
    await pass(10);
    expect(anna.session.verify(keys, "accepted")).toEqual({ taken: false, count: 2 });
    await pass(10);
    expect(statuses()).toEqual(["accepted", "accepted", "accepted"]);
    expect(anna.session.verify(keys, "accepted")).toEqual({ taken: true, count: 3 });
    await pass(10);
    expect(statuses()).toEqual(["open", "open", "open"]);
  });
});

it("requests stay small where outlines are long", () => {
  const long: Vector = { ...box(1), points: Array(150_000).fill(7) };
  const parts = Array.from({ length: 5 }, (_, index) => ({ key: String(index), change: { command: "ReshapeAnnotation", vector: long } as const }));
  expect(chunked(parts).map((chunk) => chunk.length)).toEqual([2, 2, 1]);
});

it("IndexedDB keeps all entries of a batch or none", async () => {
  const kept = new KeptStorage();
  const page = await new Page(server, "anna", new FakeClock(), kept).start();
  const keys = (await shared(3));
  await page.clock.pass(100);
  page.cut();
  page.session.performAll(keys.map((key) => ({ key, change: removal })));
  const storage = await IndexedStorage.open("test-batches");
  const [first, second] = [...kept.rows.values()];
  const unkeepable = { ...second!, before: (() => 1) as never };
  await expect(storage.put(first!, unkeepable)).rejects.toThrow();
  expect(await storage.load("anna/1")).toEqual([]);
});
