/** Uploads of an image set: files dropped anywhere on the page, one after the other, each with its progress and its outcome. */

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { icon, type IconName } from "../design";
import { bytes, counted, duration, percent, speed } from "../design/format";
import { FileDrop } from "./file-drop";
import { PageElement } from "./element";
import { newKey } from "./rest";
import { urls } from "./routes";
import {
  next,
  over,
  reduce,
  remaining_s,
  retryable,
  totals,
  working,
  type Upload,
  type UploadEvent,
  type UploadState,
} from "./uploads";
import { send } from "./upload-transport";

const SIGNS: Partial<Record<UploadState, IconName>> = {
  done: "check-circle",
  refused: "alert",
  failed: "offline",
  cancelled: "close",
  waiting: "clock",
};

export class UploadPanel extends PageElement {
  static override properties = {
    imageSet: { type: Number },
    label: { type: String },
    uploads: { state: true },
    over: { state: true },
  };
  declare imageSet: number;
  declare label: string;
  declare uploads: Upload[];
  declare over: boolean;
  private readonly files = new Map<number, File>();
  /** A file that was lost on the way goes again under its key; a refused one is a new wish. */
  private readonly keys = new Map<number, string>();
  private readonly stops = new Map<number, () => void>();
  private readonly drop = new FileDrop(
    (files) => this.add(files),
    (over) => (this.over = over),
  );
  private last = 0;

  constructor() {
    super();
    this.uploads = [];
    this.over = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.drop.listen();
    window.addEventListener("beforeunload", this.leaving);
  }

  override disconnectedCallback(): void {
    this.drop.deaf();
    window.removeEventListener("beforeunload", this.leaving);
    super.disconnectedCallback();
  }

  private readonly leaving = (event: BeforeUnloadEvent): void => {
    if (totals(this.uploads).active) event.preventDefault();
  };

  choose(): void {
    this.querySelector<HTMLInputElement>("input[type=file]")?.click();
  }

  private chosen(event: Event): void {
    const input = event.target as HTMLInputElement;
    this.add([...(input.files ?? [])]);
    input.value = "";
  }

  private add(files: File[]): void {
    const added = files.map((file) => ({ id: ++this.last, name: file.name, size_bytes: file.size, file }));
    added.forEach(({ id, file }) => this.files.set(id, file));
    this.tell({ type: "added", files: added.map(({ id, name, size_bytes }) => ({ id, name, size_bytes })) });
  }

  /** Every event goes through here; whatever it ended, the next file starts. */
  private tell(event: UploadEvent): void {
    this.uploads = reduce(this.uploads, event);
    if (event.type === "accepted") this.arrived(event.images);
    if (event.type === "refused") this.keys.delete(event.id);
    this.startNext();
  }

  private arrived(images: number[]): void {
    this.dispatchEvent(new CustomEvent("exact-uploaded", { detail: images }));
    window.dispatchEvent(new Event("exact-granted"));
  }

  private startNext(): void {
    const upload = next(this.uploads);
    const file = upload ? this.files.get(upload.id) : undefined;
    if (!upload || !file) return;
    this.uploads = reduce(this.uploads, { type: "started", id: upload.id, at_ms: performance.now() });
    const key = this.keys.get(upload.id) ?? newKey();
    this.keys.set(upload.id, key);
    this.stops.set(
      upload.id,
      send(file, this.imageSet, key, (outcome) => this.tell({ ...outcome, id: upload.id } as UploadEvent)),
    );
  }

  private cancel(upload: Upload): void {
    this.stops.get(upload.id)?.();
    this.tell({ type: "cancelled", id: upload.id });
  }

  private cancelAll(): void {
    this.uploads
      .filter((upload) => !over(upload))
      .reverse()
      .forEach((upload) => this.cancel(upload));
  }

  protected override render() {
    return html`<input
        class="unseen"
        type="file"
        multiple
        tabindex="-1"
        aria-label="Images to upload"
        data-testid="upload-input"
        @change=${this.chosen}
      />
      ${this.over ? this.overlay() : nothing} ${this.uploads.length ? this.panel() : nothing}`;
  }

  private overlay() {
    return html`<div class="drop-overlay">
      <div class="drop-words">${icon("upload")}<strong>Drop to upload</strong><span>to ${this.label}</span></div>
    </div>`;
  }

  private panel() {
    return html`<section class="card uploads" aria-label="Uploads">
      ${this.summary()}
      <ul class="rows">
        ${repeat(
          this.uploads,
          (upload) => upload.id,
          (upload) => this.row(upload),
        )}
      </ul>
    </section>`;
  }

  private summary() {
    const sum = totals(this.uploads);
    const words = sum.active
      ? `Uploading ${sum.done + sum.refused + 1} of ${counted(sum.count, "file")}`
      : `${counted(sum.done, "file")} uploaded`;
    return html`<header class="card-head">
      <h2>${words}</h2>
      ${sum.refused ? html`<span class="badge bad">${sum.refused} not uploaded</span>` : nothing}
      <span class="muted">${sum.active ? `${bytes(sum.sent_bytes)} of ${bytes(sum.size_bytes)}` : ""}</span>
      <span class="spring"></span>
      <span class="unseen" role="status">${words}${sum.refused ? `, ${sum.refused} not uploaded` : ""}</span>
      ${
        sum.active
          ? html`<button class="button small" @click=${this.cancelAll}>Cancel all</button>`
          : html`<button class="button quiet small" @click=${() => this.tell({ type: "cleared" })}>
              Clear the list
            </button>`
      }
    </header>`;
  }

  private row(upload: Upload) {
    const sign = SIGNS[upload.state];
    return html`<li
      class="row upload"
      data-testid="upload-item"
      data-state=${upload.state === "reading" ? "uploading" : upload.state}
      data-name=${upload.name}
    >
      <span class="upload-sign ${upload.state}">${sign ? icon(sign) : html`<span class="spinner"></span>`}</span>
      <div class="row-words">
        <div class="upload-line">
          <strong class="clip">${upload.name}</strong><span class="muted">${this.figures(upload)}</span>
        </div>
        ${
          working(upload)
            ? html`<exact-progress
                label="Upload of ${upload.name}"
                .max=${upload.state === "reading" ? 0 : Math.max(1, upload.size_bytes)}
                .value=${upload.sent_bytes}
              ></exact-progress>`
            : nothing
        }
        ${upload.sentence ? html`<p class="upload-sentence">${upload.sentence}</p>` : nothing}
      </div>
      ${this.tools(upload)}
    </li>`;
  }

  private figures(upload: Upload): string {
    if (upload.state === "waiting") return `${bytes(upload.size_bytes)} · waiting`;
    if (upload.state === "reading") return "Sent. The server is reading it…";
    if (upload.state !== "uploading") return bytes(upload.size_bytes);
    const left = remaining_s(upload);
    const words = [
      percent(upload.sent_bytes, upload.size_bytes),
      upload.bytes_per_second ? speed(upload.bytes_per_second) : "",
      left === null ? "" : `${duration(left)} left`,
    ];
    return words.filter(Boolean).join(" · ");
  }

  private tools(upload: Upload) {
    const [first] = upload.images;
    if (upload.state === "done" && first !== undefined)
      return html`<a class="button quiet small" href=${urls.image(first)}>Open</a>`;
    if (retryable(upload))
      return html`<button class="button small" @click=${() => this.tell({ type: "again", id: upload.id })}>
        ${icon("refresh")}Try again
      </button>`;
    if (!over(upload))
      return html`<button
        class="button quiet square small"
        aria-label="Cancel ${upload.name}"
        title="Cancel"
        @click=${() => this.cancel(upload)}
      >
        ${icon("close")}
      </button>`;
    return nothing;
  }
}

customElements.define("exact-uploads", UploadPanel);
