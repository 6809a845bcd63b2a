/** The upload queue as a pure state machine: files go one after the other, and each ends in a word a person understands. */

export type UploadState = "waiting" | "uploading" | "reading" | "done" | "refused" | "failed" | "cancelled";

export interface Upload {
  id: number;
  name: string;
  size_bytes: number;
  state: UploadState;
  sent_bytes: number;
  bytes_per_second: number;
  /** When the last progress came, in ms. */
  at_ms: number;
  /** The server's own sentence, or ours about the connection. */
  sentence: string;
  /** The numbers of the images that came of the file. */
  images: number[];
}

export type UploadEvent =
  | { type: "added"; files: { id: number; name: string; size_bytes: number }[] }
  | { type: "started"; id: number; at_ms: number }
  | { type: "sent"; id: number; sent_bytes: number; at_ms: number }
  | { type: "all-sent"; id: number }
  | { type: "accepted"; id: number; images: number[] }
  | { type: "refused"; id: number; sentence: string }
  | { type: "lost"; id: number; sentence: string }
  | { type: "cancelled"; id: number }
  | { type: "again"; id: number }
  | { type: "cleared" };

const WORKING: UploadState[] = ["uploading", "reading"];
const OVER: UploadState[] = ["done", "refused", "failed", "cancelled"];
/** How fast the speed follows: seconds over which old samples fade. */
const FADE_S = 3;

const fresh = (file: { id: number; name: string; size_bytes: number }): Upload => ({
  ...file,
  state: "waiting",
  sent_bytes: 0,
  bytes_per_second: 0,
  at_ms: 0,
  sentence: "",
  images: [],
});

export const working = (upload: Upload): boolean => WORKING.includes(upload.state);
export const over = (upload: Upload): boolean => OVER.includes(upload.state);
export const retryable = (upload: Upload): boolean => upload.state !== "done" && over(upload);

/** The next upload to start, or null while one is running or none waits. */
export function next(uploads: Upload[]): Upload | null {
  if (uploads.some(working)) return null;
  return uploads.find((upload) => upload.state === "waiting") ?? null;
}

export function reduce(uploads: Upload[], event: UploadEvent): Upload[] {
  if (event.type === "added") return [...uploads, ...event.files.map(fresh)];
  if (event.type === "cleared") return uploads.filter((upload) => !over(upload));
  return uploads.map((upload) => (upload.id === event.id ? step(upload, event) : upload));
}

type OneEvent = Exclude<UploadEvent, { type: "added" } | { type: "cleared" }>;

/** An answer that comes after a cancellation, or twice, changes nothing. */
function step(upload: Upload, event: OneEvent): Upload {
  switch (event.type) {
    case "started":
      return upload.state === "waiting" ? { ...upload, state: "uploading", at_ms: event.at_ms } : upload;
    case "sent":
      return upload.state === "uploading" ? moved(upload, event.sent_bytes, event.at_ms) : upload;
    case "all-sent":
      return upload.state === "uploading" ? { ...upload, state: "reading", sent_bytes: upload.size_bytes } : upload;
    case "accepted":
      return working(upload) ? accepted(upload, event.images) : upload;
    case "refused":
      return working(upload) ? { ...upload, state: "refused", sentence: event.sentence } : upload;
    case "lost":
      return working(upload) ? { ...upload, state: "failed", sentence: event.sentence } : upload;
    case "cancelled":
      return over(upload) ? upload : { ...upload, state: "cancelled", sentence: "Cancelled. Nothing was kept." };
    case "again":
      return retryable(upload) ? fresh(upload) : upload;
  }
}

/** Progress counts the form's own bytes too, so it is held to the file's size. */
function moved(upload: Upload, sent: number, at_ms: number): Upload {
  const seconds = (at_ms - upload.at_ms) / 1000;
  const sent_bytes = Math.min(sent, upload.size_bytes);
  if (seconds <= 0) return { ...upload, sent_bytes };
  const now = (sent_bytes - upload.sent_bytes) / seconds;
  const weight = upload.bytes_per_second ? 1 - Math.exp(-seconds / FADE_S) : 1;
  const bytes_per_second = upload.bytes_per_second + weight * (now - upload.bytes_per_second);
  return { ...upload, sent_bytes, bytes_per_second, at_ms };
}

function accepted(upload: Upload, images: number[]): Upload {
  const sentence =
    images.length === 0 ? "Already in this image set." : images.length === 1 ? "" : `${images.length} images`;
  return { ...upload, state: "done", sent_bytes: upload.size_bytes, images, sentence };
}

/** Seconds until the file is sent, or null while the speed is unknown. */
export function remaining_s(upload: Upload): number | null {
  if (upload.state !== "uploading" || upload.bytes_per_second <= 0) return null;
  return (upload.size_bytes - upload.sent_bytes) / upload.bytes_per_second;
}

export interface Totals {
  count: number;
  done: number;
  refused: number;
  active: boolean;
  sent_bytes: number;
  size_bytes: number;
}

export function totals(uploads: Upload[]): Totals {
  const kept = uploads.filter((upload) => upload.state !== "cancelled");
  return {
    count: kept.length,
    done: kept.filter((upload) => upload.state === "done").length,
    refused: kept.filter((upload) => upload.state === "refused" || upload.state === "failed").length,
    active: uploads.some((upload) => !over(upload)),
    sent_bytes: kept.reduce((sum, upload) => sum + (over(upload) ? upload.size_bytes : upload.sent_bytes), 0),
    size_bytes: kept.reduce((sum, upload) => sum + upload.size_bytes, 0),
  };
}
