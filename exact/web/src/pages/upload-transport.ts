/** One file on its way to the server, with real progress; fetch reports none for what is sent, so it is an XMLHttpRequest. */

import { csrfToken } from "../api/client";
import type { UploadEvent } from "./uploads";

/** The event without the id of its upload, which the queue adds. */
export type Outcome = UploadEvent extends infer E ? (E extends { id: number } ? Omit<E, "id"> : never) : never;

export const LOST = "The connection broke before the file was complete. Nothing was kept; try again.";

/** Send `file` into an image set under an idempotency key; `tell` hears every step, and what is returned cancels. */
export function send(file: File, imageSet: number, key: string, tell: (outcome: Outcome) => void): () => void {
  return sendForm("/api/v1/images/images/", form(file, imageSet), key, {
    sent: (sent_bytes) => tell({ type: "sent", sent_bytes, at_ms: performance.now() }),
    allSent: () => tell({ type: "all-sent" }),
    answered: (status, text) => tell(outcome(status, text)),
    lost: () => tell({ type: "lost", sentence: LOST }),
  });
}

/** What is heard while a form is sent. */
export interface Hearer {
  sent(bytes: number): void;
  allSent(): void;
  answered(status: number, text: string): void;
  lost(): void;
}

/** A form on its way, with progress; what is returned cancels it. */
export function sendForm(url: string, data: FormData, key: string, hearer: Hearer): () => void {
  const xhr = new XMLHttpRequest();
  xhr.open("POST", url);
  xhr.setRequestHeader("X-CSRFToken", csrfToken());
  xhr.setRequestHeader("Accept", "application/json");
  xhr.setRequestHeader("Idempotency-Key", key);
  xhr.upload.onprogress = (event) => hearer.sent(event.loaded);
  xhr.upload.onload = () => hearer.allSent();
  xhr.onload = () => hearer.answered(xhr.status, xhr.responseText);
  xhr.onerror = () => hearer.lost();
  xhr.send(data);
  return () => xhr.abort();
}

/** The set stands before the file, so that the server knows who may upload before it reads on. */
function form(file: File, imageSet: number): FormData {
  const data = new FormData();
  data.append("image_set", String(imageSet));
  data.append("file_path", file, file.name);
  return data;
}

/** What the server's answer means for the file. */
export function outcome(status: number, text: string): Outcome {
  const body = json(text);
  if (status >= 200 && status < 300) {
    const results = (body?.["results"] ?? []) as { id: number }[];
    return { type: "accepted", images: results.map((image) => image.id) };
  }
  return { type: "refused", sentence: refusal(status, text) };
}

/** The server's own sentence, or one that its status deserves. */
export function refusal(status: number, text: string): string {
  const detail = json(text)?.["detail"];
  return typeof detail === "string" ? detail : withoutReason(status);
}

function withoutReason(status: number): string {
  if (status === 413) return "The file is larger than this server accepts.";
  return `The server answered with an error (${status}) and gave no reason. Try again, or tell your administrator.`;
}

function json(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null; // an error page of a proxy is not JSON; the status says enough
  }
}
