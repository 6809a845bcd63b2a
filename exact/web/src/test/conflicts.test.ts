import { describe, expect, it } from "vitest";
import type { Annotation } from "../model/annotation";
import type { Change } from "../model/commands";
import { collide, conflictOf, sentenceOf } from "../model/conflicts";
import { frameOf, pathOf } from "../model/outline";
import type { Vector } from "../model/vector";
import type { Entry } from "../state/entries";

const box = (size: number): Vector => ({ vector_type: 1, points: [0, 0, size, size], frame: null, plane: 0 });

const row = (fields: Partial<Annotation> = {}): Annotation => ({
  id: "a", number: 12, version: 1, content_version: 1, image_id: "i", unique_identifier: "a", annotation_type_id: "tumour", vector: box(1000),
  description: "", meta_data: null, removed: false, created_by: "anna", created_at: "", edited_by: "anna", edited_at: "", status: "open",
  verifications: [], ...fields,
});

const reshape: Change = { command: "ReshapeAnnotation", vector: box(3000) };
const describeIt: Change = { command: "DescribeAnnotation", description: "mine", meta_data: null };
const remove: Change = { command: "RemoveAnnotation", reason: "" };

const entry = (change: Change, current: Annotation): Entry => ({
  id: "1", scope: "s", tab: "t", person: "anna", key: "a", at: "2026-01-01T00:00:00Z", origin: "edit", before: row(), change, idempotency_key: "k",
  annotation_id: "a", base_version: 1, phase: "conflict", attempted: true, rebased: 0, acknowledged: null,
  refusal: { status: 409, code: "stale_version", detail: "", current, seen: row() },
});

const said = (change: Change, current: Annotation): string => sentenceOf(conflictOf(entry(change, current), undefined)!, "Ben", "Tumour #12");

describe("a change collides", () => {
  it.each([
    ["shape with shape", reshape, { vector: box(2000) }, true],
    ["shape with remark", reshape, { description: "theirs" }, false],
    ["remark with remark", describeIt, { description: "theirs" }, true],
    ["remark with the same remark", describeIt, { description: "mine" }, false],
    ["removal with anything", remove, { annotation_type_id: "cell" }, true],
    ["removal with a verdict", remove, {}, false],
  ])("%s", (_, change, theirs, expected) => expect(collide([change], row(), row({ version: 2, ...theirs }))).toBe(expected));

  it("also when a later one of mine does", () => expect(collide([reshape, describeIt], row(), row({ description: "theirs" }))).toBe(true));

  it("also when it wishes for what I had seen", () => {
    const back: Change = { command: "ReshapeAnnotation", vector: box(1000) };
    expect(collide([back], row(), row({ vector: box(2000) }))).toBe(true);
  });
});

describe("both versions", () => {
  it("mine is what comes out when my change is put on top of theirs", () => {
    const conflict = conflictOf(entry(reshape, row({ version: 2, vector: box(2000), annotation_type_id: "cell" })), undefined, [describeIt])!;
    expect(conflict.mine).toMatchObject({ vector: box(3000), annotation_type_id: "cell", description: "mine" });
    expect(conflict.theirs).toMatchObject({ vector: box(2000), description: "" });
    expect(conflict.differ).toEqual(["shape", "remark"]);
  });

  it("theirs is what the server has by now, when that is newer than its answer", () => {
    const conflict = conflictOf(entry(reshape, row({ version: 2, vector: box(2000) })), row({ version: 3, vector: box(2500) }))!;
    expect(conflict.theirs.vector).toEqual(box(2500));
  });

  it("whoever changes what was removed brings it back", () => {
    const conflict = conflictOf(entry(reshape, row({ version: 2, removed: true })), undefined)!;
    expect([conflict.theirs.removed, conflict.mine.removed]).toEqual([true, false]);
  });

  it("a sentence says what each of them did", () => {
    expect(said(reshape, row({ vector: box(2000), annotation_type_id: "cell" }))).toBe("Ben changed the shape and the type of Tumour #12 while you changed its shape.");
    expect(said(reshape, row({ vector: box(2000) }))).toBe("Ben and you changed the shape of Tumour #12.");
    expect(said(describeIt, row({ removed: true }))).toBe("Ben removed Tumour #12 while you changed its remark.");
    expect(said(remove, row({ description: "keep" }))).toBe("Ben changed the remark of Tumour #12 while you removed it.");
  });
});

describe("a small outline", () => {
  it("is a path in whole pixels, closed where the shape is", () => {
    expect(pathOf(box(1000))).toBe("M0 0L10 0L10 10L0 10Z");
    expect(pathOf({ ...box(0), vector_type: 3, points: [0, 0, 500, 700] })).toBe("M0 0L5 7");
    expect(pathOf({ ...box(1000), vector_type: 2 })).toBe("M0 5A5 5 0 1 1 10 5A5 5 0 1 1 0 5Z");
    expect(pathOf({ ...box(0), vector_type: 7, points: [] })).toBe("");
  });

  it("is seen whole beside the other, with room around both", () => {
    expect(frameOf([box(1000), box(2000)])).toBe("-2.4 -2.4 24.8 24.8");
    expect(frameOf([])).toBeNull();
  });
});
