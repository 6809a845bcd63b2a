import { describe, expect, it } from "vitest";
import type { DeliveredImage, Delivery } from "../../pages/shapes";
import { found, next, reduce, remaining_s, totals, type Upload, type UploadEvent } from "../../pages/uploads";

const FILES = [
  { id: 1, name: "a.svs", size_bytes: 1000 },
  { id: 2, name: "b.svs", size_bytes: 3000 },
];
const after = (...events: UploadEvent[]): Upload[] =>
  events.reduce(reduce, reduce([], { type: "added", files: FILES }));
const started: UploadEvent = { type: "started", id: 1, at_ms: 0 };
const sent: UploadEvent = { type: "all-sent", id: 1 };

const image = (fields: Partial<DeliveredImage> = {}): DeliveredImage => ({
  name: "a.svs",
  files: 1,
  outcome: "registered",
  image: 7,
  sentence: "",
  ...fields,
});
const delivery = (fields: Partial<Delivery> = {}): Delivery => ({
  id: "d",
  image_set: 1,
  state: "complete",
  progress: 1,
  user: 1,
  problem: null,
  files: [],
  images: [image()],
  aside: [],
  ...fields,
});
const told = (fields: Partial<Delivery> = {}): UploadEvent => ({ type: "told", id: 1, delivery: delivery(fields) });

describe("the upload queue", () => {
  it("starts one file at a time, in the order in which they were added", () => {
    expect(next(after())?.id).toBe(1);
    expect(next(after(started))).toBeNull();
    expect(next(after(started, sent))?.id).toBe(2);
  });

  it("goes on with the next file when one is refused, and keeps the server's sentence", () => {
    const uploads = after(started, { type: "refused", id: 1, sentence: "Not an image." });
    expect(uploads[0]).toMatchObject({ state: "refused", sentence: "Not an image." });
    expect(next(uploads)?.id).toBe(2);
  });

  it("measures the speed and the time that is left", () => {
    const uploads = after(started, { type: "sent", id: 1, sent_bytes: 500, at_ms: 1000 });
    expect(uploads[0]?.bytes_per_second).toBe(500);
    expect(remaining_s(uploads[0] as Upload)).toBe(1);
  });

  it("lets the speed follow slowly, so that one slow second does not frighten", () => {
    const uploads = after(
      started,
      { type: "sent", id: 1, sent_bytes: 500, at_ms: 1000 },
      { type: "sent", id: 1, sent_bytes: 500, at_ms: 2000 },
    );
    expect(uploads[0]?.bytes_per_second).toBeGreaterThan(300);
  });

  it("never shows more sent than the file has, though the form itself has bytes too", () => {
    expect(after(started, { type: "sent", id: 1, sent_bytes: 1400, at_ms: 10 })[0]?.sent_bytes).toBe(1000);
  });

  it("says that the server is reading once everything is sent", () => {
    expect(after(started, { type: "all-sent", id: 1 })[0]?.state).toBe("reading");
  });

  it("ignores an answer that comes after the cancellation", () => {
    const uploads = after(
      started,
      { type: "cancelled", id: 1 },
      told(),
      { type: "lost", id: 1, sentence: "" },
    );
    expect(uploads[0]).toMatchObject({ state: "cancelled", results: [] });
  });

  it("goes on with a lost file where it was, but not with one that is there", () => {
    const lost = after(
      started,
      { type: "sent", id: 1, sent_bytes: 500, at_ms: 10 },
      { type: "lost", id: 1, sentence: "gone" },
      { type: "again", id: 1 },
    );
    expect(lost[0]).toMatchObject({ state: "waiting", sent_bytes: 500, sentence: "" });
    const done = after(started, sent, told(), { type: "again", id: 1 });
    expect(done[0]?.state).toBe("done");
  });

  it("pauses and goes on", () => {
    const paused = after(started, { type: "paused", id: 1 });
    expect(paused[0]?.state).toBe("paused");
    expect(next(paused)?.id).toBe(2);
    expect(reduce(paused, { type: "resumed", id: 1 })[0]?.state).toBe("waiting");
  });

  it("shows how far the server is, and in the end what came of it", () => {
    const reading = after(started, sent, told({ state: "registering", progress: 0.4, images: [] }));
    expect(reading[0]).toMatchObject({ state: "reading", share: 0.4 });
    expect(reduce(reading, told())[0]).toMatchObject({ state: "done", sentence: "" });
  });

  it("says so when the file was in the set already, sent or not", () => {
    const words = { state: "done", sentence: "Already in this image set." };
    expect(after(started, sent, told({ images: [image({ outcome: "duplicate" })] }))[0]).toMatchObject(words);
    expect(after(started, { type: "known", id: 1, image: 7, name: "a.svs" })[0]).toMatchObject(words);
    expect(after(started, { type: "known", id: 1, image: 7, name: "b.svs" })[0]?.sentence).toContain("as “b.svs”");
  });

  it("tells a single refusal in the server's own words, and counts several", () => {
    const refused = image({ outcome: "refused", image: null, sentence: "bad.png: not an image." });
    expect(after(started, sent, told({ images: [refused] }))[0]).toMatchObject({
      state: "refused",
      sentence: "bad.png: not an image.",
    });
    const aside = [
      { path: "a.mrxs", code: "incomplete", sentence: "It needs its folder.", harmless: false },
      { path: ".DS_Store", code: "passed_over", sentence: "", harmless: true },
    ];
    expect(after(started, sent, told({ images: [image({ files: 4 }), refused], aside }))[0]).toMatchObject({
      state: "done",
      sentence: "1 image, 2 refused.",
      passed: [".DS_Store"],
    });
    expect(after(started, sent, told({ images: [] }))[0]?.state).toBe("refused");
    expect(after(started, sent, told({ state: "failed", problem: "The disk is full." }))[0]?.sentence).toBe(
      "The disk is full.",
    );
  });

  it("finds what was interrupted when the page was left", () => {
    const file = { path: "ct/1.dcm", size_bytes: 100, modified: 1, received_bytes: 40, upload: "/u/1" };
    const left = found(9, delivery({ state: "receiving", files: [file, { ...file, path: "ct/2.dcm" }], images: [] }));
    expect(left).toMatchObject({ state: "interrupted", name: "ct", sent_bytes: 80, size_bytes: 200, files: 2 });
    expect(left.sentence).toContain("Choose or drop the same folder again");
    expect(totals([left]).active).toBe(false);
    expect(next([left])).toBeNull();
    expect(found(9, delivery({ state: "queued", images: [] })).state).toBe("reading");
  });

  it("clears what is over and keeps what is not", () => {
    expect(
      after(started, sent, told(), { type: "cleared" }).map((upload) => upload.id),
    ).toEqual([2]);
  });

  it("adds up what is sent, done and refused, without the cancelled", () => {
    expect(totals(after(started, { type: "refused", id: 1, sentence: "no" }, { type: "cancelled", id: 2 }))).toEqual({
      count: 1,
      done: 0,
      refused: 1,
      active: false,
      sent_bytes: 1000,
      size_bytes: 1000,
    });
  });
});
