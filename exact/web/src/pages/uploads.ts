/** The upload queue as a pure state machine: one delivery is sent at a time, and each ends in words a person understands. */

import type { DeliveredImage, Delivery } from "./shapes";

export type UploadState =
  | "waiting"
  | "uploading"
  | "paused"
  | "interrupted"
  | "reading"
  | "done"
  | "refused"
  | "failed"
  | "cancelled";

export interface Upload {
  id: number;
  name: string;
  size_bytes: number;
  /** How many files are sent together. */
  files: number;
  state: UploadState;
  sent_bytes: number;
  bytes_per_second: number;
  /** When the last progress came, in ms. */
  at_ms: number;
  /** How far the server is in reading, from 0 to 1. */
  share: number;
  /** The server's own sentence, or ours about the connection. */
  sentence: string;
  /** The images that came of it, and what was refused. */
  results: DeliveredImage[];
  /** Files that were passed over. */
  passed: string[];
  /** Whether it lies in a folder, which is chosen by a dialog of its own. */
  folder: boolean;
}

export interface Added {
  id: number;
  name: string;
  size_bytes: number;
  files?: number;
}

export type UploadEvent =
  | { type: "added"; files: Added[] }
  | { type: "found"; upload: Upload }
  | { type: "started"; id: number; at_ms: number }
  | { type: "sent"; id: number; sent_bytes: number; at_ms: number }
  | { type: "paused"; id: number }
  | { type: "resumed"; id: number }
  | { type: "all-sent"; id: number }
  | { type: "told"; id: number; delivery: Delivery }
  | { type: "known"; id: number; image: number; name: string }
  | { type: "refused"; id: number; sentence: string }
  | { type: "lost"; id: number; sentence: string }
  | { type: "cancelled"; id: number }
  | { type: "again"; id: number }
  | { type: "cleared" };

const OVER: UploadState[] = ["done", "refused", "failed", "cancelled"];
const ENDED: Delivery["state"][] = ["complete", "failed", "cancelled"];
/** How fast the speed follows: seconds over which old samples fade. */
const FADE_S = 3;

export const fresh = (file: Added): Upload => ({
  id: file.id,
  name: file.name,
  size_bytes: file.size_bytes,
  files: file.files ?? 1,
  state: "waiting",
  sent_bytes: 0,
  bytes_per_second: 0,
  at_ms: 0,
  share: 0,
  sentence: "",
  results: [],
  passed: [],
  folder: false,
});

/** A delivery that was under way when the page was left. */
export function found(id: number, delivery: Delivery): Upload {
  const sum = (what: "size_bytes" | "received_bytes") => delivery.files.reduce((all, file) => all + file[what], 0);
  const first = delivery.files[0]?.path ?? delivery.images[0]?.name ?? "Files";
  const name = first.includes("/") ? first.slice(0, first.indexOf("/")) : first;
  const upload = fresh({ id, name, size_bytes: sum("size_bytes"), files: Math.max(1, delivery.files.length) });
  if (delivery.state !== "receiving") return told({ ...upload, state: "reading" }, delivery);
  const folder = first.includes("/");
  const what = `Choose or drop the same ${folder ? "folder" : upload.files > 1 ? "files" : "file"}`;
  return {
    ...upload,
    folder,
    state: "interrupted",
    sent_bytes: sum("received_bytes"),
    sentence: `Interrupted. ${what} again: it goes on where it was.`,
  };
}

export const working = (upload: Upload): boolean => ["uploading", "reading"].includes(upload.state);
export const over = (upload: Upload): boolean => OVER.includes(upload.state);
export const retryable = (upload: Upload): boolean => upload.state !== "done" && over(upload);

/** The next to be sent, or null while one is or none waits; what the server reads holds nobody up. */
export function next(uploads: Upload[]): Upload | null {
  if (uploads.some((upload) => upload.state === "uploading")) return null;
  return uploads.find((upload) => upload.state === "waiting") ?? null;
}

export function reduce(uploads: Upload[], event: UploadEvent): Upload[] {
  if (event.type === "added") return [...uploads, ...event.files.map(fresh)];
  if (event.type === "found") return [...uploads, event.upload];
  if (event.type === "cleared") return uploads.filter((upload) => !over(upload));
  return uploads.map((upload) => (upload.id === event.id ? step(upload, event) : upload));
}

type OneEvent = Exclude<UploadEvent, { type: "added" } | { type: "found" } | { type: "cleared" }>;

/** An answer that comes after a cancellation, or twice, changes nothing. */
function step(upload: Upload, event: OneEvent): Upload {
  switch (event.type) {
    case "started":
      return upload.state === "waiting" ? { ...upload, state: "uploading", at_ms: event.at_ms } : upload;
    case "sent":
      return upload.state === "uploading" ? moved(upload, event.sent_bytes, event.at_ms) : upload;
    case "paused":
      return upload.state === "uploading" ? { ...upload, state: "paused", bytes_per_second: 0 } : upload;
    case "resumed":
      return upload.state === "paused" || upload.state === "interrupted"
        ? { ...upload, state: "waiting", sentence: "" }
        : upload;
    case "all-sent":
      return upload.state === "uploading" ? { ...upload, state: "reading", sent_bytes: upload.size_bytes } : upload;
    case "told":
      return upload.state === "reading" ? told(upload, event.delivery) : upload;
    case "known":
      return working(upload) ? known(upload, event.image, event.name) : upload;
    case "refused":
      return working(upload) ? { ...upload, state: "refused", sentence: event.sentence } : upload;
    case "lost":
      return working(upload) ? { ...upload, state: "failed", sentence: event.sentence } : upload;
    case "cancelled":
      return over(upload) ? upload : { ...upload, state: "cancelled", sentence: "Cancelled. Nothing was kept." };
    case "again":
      return retryable(upload) ? { ...upload, state: "waiting", sentence: "", bytes_per_second: 0 } : upload;
  }
}

/** The speed follows slowly, so that one slow second does not frighten. */
function moved(upload: Upload, sent: number, at_ms: number): Upload {
  const seconds = (at_ms - upload.at_ms) / 1000;
  const sent_bytes = Math.min(sent, upload.size_bytes);
  if (seconds <= 0) return { ...upload, sent_bytes };
  const now = Math.max(0, sent_bytes - upload.sent_bytes) / seconds;
  const weight = upload.bytes_per_second ? 1 - Math.exp(-seconds / FADE_S) : 1;
  const bytes_per_second = upload.bytes_per_second + weight * (now - upload.bytes_per_second);
  return { ...upload, sent_bytes, bytes_per_second, at_ms };
}

/** How far the server is, and at the end what came of it. */
function told(upload: Upload, delivery: Delivery): Upload {
  const refused = delivery.aside
    .filter((aside) => !aside.harmless)
    .map((aside) => ({ ...asRefused(aside.sentence), name: aside.path }));
  const passed = delivery.aside.filter((aside) => aside.harmless).map((aside) => aside.path);
  const results = [...delivery.images, ...refused];
  const now = { ...upload, share: delivery.progress, results, passed };
  return ENDED.includes(delivery.state) ? ended(now, delivery) : now;
}

const asRefused = (sentence: string): DeliveredImage => ({
  name: "",
  files: 1,
  outcome: "refused",
  image: null,
  sentence,
});

function ended(upload: Upload, delivery: Delivery): Upload {
  if (delivery.state === "cancelled") return { ...upload, state: "cancelled", sentence: "Cancelled." };
  if (delivery.state === "failed") return { ...upload, state: "refused", sentence: delivery.problem ?? "" };
  const there = upload.results.some((result) => result.outcome !== "refused");
  return { ...upload, state: there ? "done" : "refused", sentence: summed(upload.results) };
}

/** In one line; a single refusal in the server's own words. */
export function summed(results: DeliveredImage[]): string {
  const [only] = results;
  if (results.length === 0) return "There was no image in it.";
  if (results.length === 1 && only) return wordsOf(only);
  const count = (outcome: DeliveredImage["outcome"]) => results.filter((result) => result.outcome === outcome).length;
  const [came, already, refused] = [count("registered"), count("duplicate"), count("refused")];
  const words = [
    came ? `${came} ${came === 1 ? "image" : "images"}` : "",
    already ? `${already} already in this image set` : "",
    refused ? `${refused} refused` : "",
  ];
  return `${words.filter(Boolean).join(", ")}.`;
}

/** What has become of one image, where that needs words. */
export function wordsOf(result: DeliveredImage): string {
  if (result.outcome === "duplicate") return "Already in this image set.";
  if (result.outcome === "registered") return result.files > 1 ? `One image of ${result.files} files.` : "";
  return result.sentence;
}

function known(upload: Upload, image: number, name: string): Upload {
  const result: DeliveredImage = { name, files: 1, outcome: "duplicate", image, sentence: "" };
  return {
    ...upload,
    state: "done",
    sent_bytes: upload.size_bytes,
    results: [result],
    sentence: name === upload.name ? "Already in this image set." : `Already in this image set, as “${name}”.`,
  };
}

/** Seconds until it is sent, or null while the speed is unknown. */
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

/** What was interrupted waits for its person, and is not counted as going on. */
export function totals(uploads: Upload[]): Totals {
  const kept = uploads.filter((upload) => upload.state !== "cancelled" && upload.state !== "interrupted");
  return {
    count: kept.length,
    done: kept.filter((upload) => upload.state === "done").length,
    refused: kept.filter((upload) => upload.state === "refused" || upload.state === "failed").length,
    active: kept.some((upload) => !over(upload)),
    sent_bytes: kept.reduce((sum, upload) => sum + (over(upload) ? upload.size_bytes : upload.sent_bytes), 0),
    size_bytes: kept.reduce((sum, upload) => sum + upload.size_bytes, 0),
  };
}
