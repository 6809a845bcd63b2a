import { describe, expect, it } from "vitest";
import { next, reduce, remaining_s, totals, type Upload, type UploadEvent } from "../../pages/uploads";

const FILES = [
  { id: 1, name: "a.svs", size_bytes: 1000 },
  { id: 2, name: "b.svs", size_bytes: 3000 },
];
const after = (...events: UploadEvent[]): Upload[] =>
  events.reduce(reduce, reduce([], { type: "added", files: FILES }));
const started: UploadEvent = { type: "started", id: 1, at_ms: 0 };

describe("the upload queue", () => {
  it("starts one file at a time, in the order in which they were added", () => {
    expect(next(after())?.id).toBe(1);
    expect(next(after(started))).toBeNull();
    expect(next(after(started, { type: "accepted", id: 1, images: [7] }))?.id).toBe(2);
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
      { type: "accepted", id: 1, images: [7] },
      { type: "lost", id: 1, sentence: "" },
    );
    expect(uploads[0]).toMatchObject({ state: "cancelled", images: [] });
  });

  it("tries a refused, lost or cancelled file again from the beginning, but not one that is there", () => {
    const lost = after(
      started,
      { type: "sent", id: 1, sent_bytes: 500, at_ms: 10 },
      { type: "lost", id: 1, sentence: "gone" },
      { type: "again", id: 1 },
    );
    expect(lost[0]).toMatchObject({ state: "waiting", sent_bytes: 0, sentence: "" });
    const done = after(started, { type: "accepted", id: 1, images: [7] }, { type: "again", id: 1 });
    expect(done[0]?.state).toBe("done");
  });

  it("says so when the file was in the set already", () => {
    expect(after(started, { type: "accepted", id: 1, images: [] })[0]).toMatchObject({
      state: "done",
      sentence: "Already in this image set.",
    });
  });

  it("clears what is over and keeps what is not", () => {
    expect(
      after(started, { type: "accepted", id: 1, images: [7] }, { type: "cleared" }).map((upload) => upload.id),
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
