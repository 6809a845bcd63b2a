import { describe, expect, it } from "vitest";
import { cancellable, namesNoImage, sentenceOf, underWay, undone } from "../../pages/import-words";
import type { Import } from "../../pages/shapes";
import { refusal } from "../../pages/upload-transport";

const one = (fields: Partial<Import>): Import =>
  ({ id: "i", filename: "cells.jsonl", state: "complete", progress: 1, annotation_count: null, image_count: null, kept: null, ...fields }) as Import;

describe("what is said of an import", () => {
  it.each([
    [{ state: "checking", rows_seen: 1200, rows_bad: 2 }, "Checking: 1,200 rows read, 2 bad…"],
    [{ state: "complete", annotation_count: 1200, image_count: 1 }, "1,200 annotations on 1 image."],
    [{ state: "complete", annotation_count: 5, image_count: 2, rows_bad: 1 }, "5 annotations on 2 images. 1 bad row set aside."],
    [{ state: "refused", rows_seen: 7, rows_bad: 1 }, "1 row of 7 cannot be imported. Nothing was kept."],
    [{ state: "failed", problem: "The file ends in the middle." }, "The file ends in the middle."],
    [{ state: "undone", annotation_count: 1000, kept: 3 }, "997 annotations removed; 3 that people have touched stay."],
  ] as [Partial<Import>, string][])("%o", (fields, sentence) => expect(sentenceOf(one(fields))).toBe(sentence));

  it("keeps silent about what was kept where nothing was", () =>
    expect(undone(one({ annotation_count: 4, kept: 0 }))).toBe("4 annotations removed."));
});

it("can be given up until it is being shown", () => {
  expect((["queued", "checking", "importing"] as const).every((state) => cancellable(one({ state })))).toBe(true);
  expect([cancellable(one({ state: "showing" })), underWay(one({ state: "showing" }))]).toEqual([false, true]);
  expect((["complete", "refused", "undone"] as const).some((state) => cancellable(one({ state })))).toBe(false);
});

it.each([["a.geojson", true], ["a.GeoJSON.gz", true], ["a.json", true], ["a.jsonl", false], ["a.jsonl.gz", false]])(
  "%s: does the person have to name the image? %s",
  (filename, asked) => expect(namesNoImage(filename)).toBe(asked),
);

it("a refused file says the server's sentence", () =>
  expect(refusal(400, '{"detail":"The form holds no file."}')).toBe("The form holds no file."));
