/** Files on their way by the tus protocol: a few at a time, in pieces, going on where the connection broke. */

import { Upload as TusUpload, type DetailedError, type UploadOptions } from "tus-js-client";
import { csrfToken } from "../api/client";
import type { Picked } from "./picked";
import { refusal } from "./upload-transport";

const ENDPOINT = "/api/v1/uploads/";
/** A server that keeps a piece until all of it has come loses at most so much. */
const PIECE_BYTES = 8 * 2 ** 20;
const AT_ONCE = 3;
const RETRY_MS = [0, 1000, 3000, 5000, 10_000, 20_000, 30_000];

export const LOST = "The connection broke. What has arrived is kept: it goes on where it was.";

export interface Hearer {
  sent(bytes: number): void;
  allSent(): void;
  refused(sentence: string): void;
  lost(sentence: string): void;
}

/** The files of one delivery on their way. */
export class Road {
  private readonly sentOf = new Map<string, number>();
  private readonly waiting: Picked[];
  private readonly running = new Map<string, TusUpload>();
  private stopped = false;

  constructor(
    files: Picked[],
    private readonly imageSet: number,
    private readonly delivery: string,
    private readonly hearer: Hearer,
    /** Where files go on that were begun before, by their paths. */
    private readonly begun: Map<string, string> = new Map(),
  ) {
    this.waiting = [...files];
  }

  start(): void {
    this.stopped = false;
    for (const upload of this.running.values()) upload.start();
    this.fill();
  }

  pause(): void {
    this.stopped = true;
    for (const upload of this.running.values()) void upload.abort(false);
  }

  private fill(): void {
    while (!this.stopped && this.running.size < AT_ONCE) {
      const next = this.waiting.shift();
      if (!next) break;
      const upload = new TusUpload(next.file, this.options(next));
      this.running.set(next.path, upload);
      upload.start();
    }
    if (!this.stopped && this.running.size === 0) this.hearer.allSent();
  }

  private options({ file, path }: Picked): UploadOptions {
    return {
      endpoint: ENDPOINT,
      uploadUrl: this.begun.get(path) ?? null,
      chunkSize: PIECE_BYTES,
      retryDelays: RETRY_MS,
      storeFingerprintForResuming: false,
      headers: { "X-CSRFToken": csrfToken() },
      metadata: {
        filename: file.name,
        relativePath: path,
        image_set: String(this.imageSet),
        delivery: this.delivery,
        modified: String(file.lastModified),
      },
      onProgress: (bytes) => this.moved(path, bytes),
      onSuccess: () => this.arrived(path, file.size),
      onError: (error) => this.failed(error),
    };
  }

  private moved(path: string, bytes: number): void {
    this.sentOf.set(path, bytes);
    this.hearer.sent([...this.sentOf.values()].reduce((sum, one) => sum + one, 0));
  }

  private arrived(path: string, size: number): void {
    this.running.delete(path);
    this.moved(path, size);
    this.fill();
  }

  /** What the server refused is over; a connection that broke can be taken up again. */
  private failed(error: Error | DetailedError): void {
    this.pause();
    const response = "originalResponse" in error ? error.originalResponse : null;
    const status = response?.getStatus() ?? 0;
    const over = status >= 400 && status < 500 && status !== 409 && status !== 423;
    if (response && over) this.hearer.refused(refusal(status, response.getBody()));
    else this.hearer.lost(LOST);
  }
}
