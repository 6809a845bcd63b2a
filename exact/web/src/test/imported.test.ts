import { describe, expect, it } from "vitest";
import { evolve, type Fact } from "../model/facts";
import type { Vector } from "../model/vector";
import { sentenceOfMany } from "../viewer/many";
import { FakeServer, Page } from "./fakes";

const box = (size: number): Vector => ({ vector_type: 1, points: [0, 0, size, size], frame: null, plane: 0 });
const byId = (rows: { id: string }[]) => rows.toSorted((a, b) => a.id.localeCompare(b.id));

/** What the server does when an import is shown: rows are there, and one fact that does not name them. */
function showImport(server: FakeServer, size: number): void {
  for (let i = 0; i < size; i++) {
    const id = `imported-${i}`;
    const data = { number: 500 + i, annotation_type_id: "t", vector: box(100 + i), by: "ada", unique_identifier: id };
    server.rows.set(id, evolve(undefined, { position: 0, name: "AnnotationDrawn", stream: id, version: 1, data })!);
  }
  tell(server, "ImportedAnnotationsShown", { count: size });
}

function tell(server: FakeServer, name: string, data: Fact["data"]): void {
  const fact: Fact = { position: server.position + 1, name, stream: "import", version: 2, data: { ...data, by: "ada" } };
  server.log.push(fact);
  for (const socket of server.sockets) socket.push({ type: "facts", position: fact.position, facts: [fact] });
}

describe("an import that is shown, taken back or brought back", () => {
  it("is on the page of everybody who looks at the image, as after a reload", async () => {
    const server = new FakeServer();
    const page = await new Page(server, "ben").start();
    showImport(server, 3);
    await page.clock.pass(100);
    expect(byId(page.rows())).toEqual(byId([...server.rows.values()]));
    expect(page.session.status.value).toMatchObject({ state: "live", position: server.position });
    expect(page.session.moved.value.map((fact) => fact.name)).toEqual(["ImportedAnnotationsShown"]);
  });

  it("leaves own work that is not sent yet where it is", async () => {
    const server = new FakeServer();
    const page = await new Page(server, "ben").start();
    page.cut();
    const mine = page.session.draw("t", box(900));
    showImport(server, 2);
    page.back();
    await page.clock.pass(60_000);
    expect(page.session.store.get(mine)?.vector).toMatchObject(box(900));
    expect(page.session.outbox.entries.value).toEqual([]);
    expect(byId(page.rows())).toEqual(byId([...server.rows.values()]));
  });

  it("is loaded again when the first try of loading failed, and told once", async () => {
    const server = new FakeServer();
    const page = await new Page(server, "ben").start();
    let told = 0;
    page.session.moved.subscribe(() => (told += 1));
    page.online = false;
    showImport(server, 2);
    await page.clock.pass(100);
    expect(page.rows()).toHaveLength(0);
    page.online = true;
    await page.clock.pass(60_000);
    expect(page.rows()).toHaveLength(2);
    expect(told).toBe(1);
  });

  it("folds what came before it in the same message", async () => {
    const server = new FakeServer();
    const page = await new Page(server, "ben").start();
    server.live = false;
    const drawn = { command: "DrawAnnotation", annotation_type_id: "t", vector: box(5), unique_identifier: "u" };
    server.command(drawn, { "Idempotency-Key": "k" }, "ada");
    showImport(server, 1);
    server.heartbeat();
    await page.clock.pass(10_000);
    expect(byId(page.rows())).toEqual(byId([...server.rows.values()]));
  });
});

describe("facts that this page does not know", () => {
  it("move the position and nothing else", async () => {
    const server = new FakeServer();
    const page = await new Page(server, "ben").start();
    page.session.draw("t", box(7));
    await page.clock.pass(10);
    const before = page.rows();
    tell(server, "SomethingOfTomorrow", {});
    await page.clock.pass(10);
    expect(page.rows()).toEqual(before);
    expect(page.session.store.position).toBe(server.position);
  });
});

describe("the sentence", () => {
  const fact = (name: string, data: Fact["data"]): Fact => ({ position: 1, name, stream: "s", version: 1, data });
  it.each([
    ["ImportedAnnotationsShown", { count: 1200 }, "1,200 annotations were imported by Ada."],
    ["ImportedAnnotationsShown", { count: 1 }, "1 annotation was imported by Ada."],
    ["ImportedAnnotationsRemoved", { removed: 7, kept: 0 }, "7 annotations of an import were removed by Ada."],
    ["ImportedAnnotationsRemoved", { removed: 7, kept: 3 }, "7 annotations of an import were removed by Ada. 3 annotations that people have touched stay."],
    ["ImportedAnnotationsRestored", { restored: 7 }, "7 annotations of an import were brought back by Ada."],
  ])("of %s %o", (name, data, sentence) => expect(sentenceOfMany(fact(name, data), "Ada")).toBe(sentence));
});
