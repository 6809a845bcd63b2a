/** A form on its way to the server, with real progress; fetch reports none for what is sent, so it is an XMLHttpRequest. */

import { csrfToken } from "../api/client";

export const LOST = "The connection broke before the file was complete. Nothing was kept; try again.";

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
