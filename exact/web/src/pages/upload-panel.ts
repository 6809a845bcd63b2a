/** Uploads of an image set: files and folders dropped anywhere on the page, each with its progress and its outcome. */

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { icon, type IconName } from "../design";
import { bytes, counted, duration, percent, speed } from "../design/format";
import { Deliveries } from "./deliveries";
import { PageElement } from "./element";
import { FileDrop } from "./file-drop";
import { ofInput } from "./picked";
import { urls } from "./routes";
import type { DeliveredImage } from "./shapes";
import { over, remaining_s, retryable, totals, wordsOf, working, type Upload, type UploadState } from "./uploads";

const SIGNS: Partial<Record<UploadState, IconName>> = {
  done: "check-circle",
  refused: "alert",
  failed: "offline",
  cancelled: "close",
  waiting: "clock",
  paused: "pause",
  interrupted: "pause",
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
  private deliveries: Deliveries | null = null;
  private readonly drop = new FileDrop(
    (picked) => void this.deliveries?.add(picked),
    (over) => (this.over = over),
  );

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
    this.deliveries?.stop();
    window.removeEventListener("beforeunload", this.leaving);
    super.disconnectedCallback();
  }

  protected override firstUpdated(): void {
    this.deliveries = new Deliveries(this.imageSet, (uploads) => (this.uploads = uploads), this.arrived);
    void this.deliveries.goOn();
  }

  private readonly leaving = (event: BeforeUnloadEvent): void => {
    if (this.uploads.some((upload) => upload.state === "uploading")) event.preventDefault();
  };

  /** Asks for files, or for one folder with all that lies in it: browsers have a dialog for each. */
  choose(what: "files" | "folder" = "files"): void {
    const name = what === "folder" ? "upload-folder-input" : "upload-input";
    this.querySelector<HTMLInputElement>(`input[data-testid=${name}]`)?.click();
  }

  private readonly chosen = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    void this.deliveries?.add(ofInput(input));
    input.value = "";
  };

  private readonly arrived = (images: number[]): void => {
    this.dispatchEvent(new CustomEvent("exact-uploaded", { detail: images }));
    window.dispatchEvent(new Event("exact-granted"));
  };

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
      <input
        class="unseen"
        type="file"
        webkitdirectory
        tabindex="-1"
        aria-label="A folder of images to upload"
        data-testid="upload-folder-input"
        @change=${this.chosen}
      />
      ${this.over ? this.overlay() : nothing} ${this.uploads.length ? this.panel() : nothing}`;
  }

  private overlay() {
    return html`<div class="drop-overlay">
      <div class="drop-words">
        ${icon("upload")}<strong>Drop files, folders or zips to upload</strong><span>to ${this.label}</span>
      </div>
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
      ? `Uploading ${Math.min(sum.count, sum.done + sum.refused + 1)} of ${sum.count}`
      : sum.done
        ? `${counted(sum.done, "upload")} done`
        : "Uploads";
    return html`<header class="card-head">
      <h2>${words}</h2>
      ${sum.refused ? html`<span class="badge bad">${sum.refused} not uploaded</span>` : nothing}
      <span class="muted">${sum.active ? `${bytes(sum.sent_bytes)} of ${bytes(sum.size_bytes)}` : ""}</span>
      <span class="spring"></span>
      <span class="unseen" role="status">${words}${sum.refused ? `, ${sum.refused} not uploaded` : ""}</span>
      ${
        sum.active
          ? html`<button class="button small" @click=${() => this.deliveries?.cancelAll()}>Cancel all</button>`
          : this.uploads.some(over)
            ? html`<button class="button quiet small" @click=${() => this.deliveries?.tell({ type: "cleared" })}>
                Clear the list
              </button>`
            : nothing
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
        ${this.progress(upload)}
        ${upload.sentence ? html`<p class="upload-sentence">${upload.sentence}</p>` : nothing}
        ${this.results(upload)}
      </div>
      ${this.tools(upload)}
    </li>`;
  }

  private progress(upload: Upload) {
    if (!working(upload) && upload.state !== "paused" && upload.state !== "interrupted") return nothing;
    const reading = upload.state === "reading";
    return html`<exact-progress
      label=${reading ? `Reading of ${upload.name}` : `Upload of ${upload.name}`}
      .max=${reading ? (upload.share > 0 ? 1 : 0) : Math.max(1, upload.size_bytes)}
      .value=${reading ? upload.share : upload.sent_bytes}
    ></exact-progress>`;
  }

  /** What became of each image; a single one is told by the row itself. */
  private results(upload: Upload) {
    const passed = upload.passed.map((path) => path.split("/").at(-1)).join(", ");
    return html`${
      upload.results.length > 1
        ? html`<ul class="upload-results" aria-label="Images of ${upload.name}">
            ${upload.results.map((result) => this.result(result))}
          </ul>`
        : nothing
    }${
      over(upload) && passed ? html`<p class="upload-sentence">Passed over: ${passed}.</p>` : nothing
    }`;
  }

  private result(result: DeliveredImage) {
    const name = result.image === null ? result.name : html`<a href=${urls.image(result.image)}>${result.name}</a>`;
    const words = result.outcome === "waiting" ? "" : result.outcome === "reading" ? "Reading…" : wordsOf(result);
    return html`<li class=${result.outcome} data-testid="upload-result" data-outcome=${result.outcome}>
      <span class="clip">${name}</span><span class="muted">${words}</span>
    </li>`;
  }

  private figures(upload: Upload): string {
    const files = upload.files > 1 ? `${upload.files} files · ` : "";
    if (upload.state === "waiting") return `${files}${bytes(upload.size_bytes)} · waiting`;
    if (upload.state === "reading")
      return upload.share > 0 ? `Sent. Reading: ${percent(upload.share, 1)}` : "Sent. The server is reading it…";
    if (upload.state === "paused" || upload.state === "interrupted")
      return `${files}${bytes(upload.sent_bytes)} of ${bytes(upload.size_bytes)} · paused`;
    if (upload.state !== "uploading") return `${files}${bytes(upload.size_bytes)}`;
    const left = remaining_s(upload);
    const words = [
      percent(upload.sent_bytes, upload.size_bytes),
      upload.bytes_per_second ? speed(upload.bytes_per_second) : "",
      left === null ? "" : `${duration(left)} left`,
    ];
    return files + words.filter(Boolean).join(" · ");
  }

  private tools(upload: Upload) {
    const open = upload.results.length === 1 ? upload.results[0]?.image : null;
    if (upload.state === "done" && open)
      return html`<a class="button quiet small" href=${urls.image(open)}>Open</a>`;
    if (upload.state === "interrupted")
      return html`<button class="button small" @click=${() => this.choose(upload.folder ? "folder" : "files")}>
          Choose again</button
        >${this.cancelButton(upload)}`;
    if (retryable(upload) && this.deliveries?.has(upload))
      return html`<button class="button small" @click=${() => this.deliveries?.tell({ type: "again", id: upload.id })}>
        ${icon("refresh")}${upload.state === "failed" ? "Go on" : "Try again"}
      </button>`;
    if (over(upload)) return nothing;
    return html`${this.pauseButton(upload)}${this.cancelButton(upload)}`;
  }

  private pauseButton(upload: Upload) {
    const paused = upload.state === "paused";
    if (!paused && upload.state !== "uploading") return nothing;
    const words = paused ? "Go on with" : "Pause";
    return html`<button
      class="button quiet square small"
      aria-label="${words} ${upload.name}"
      title=${paused ? "Go on" : "Pause"}
      data-testid=${paused ? "upload-resume" : "upload-pause"}
      @click=${() => (paused ? this.deliveries?.tell({ type: "resumed", id: upload.id }) : this.deliveries?.pause(upload))}
    >
      ${icon(paused ? "play" : "pause")}
    </button>`;
  }

  private cancelButton(upload: Upload) {
    return html`<button
      class="button quiet square small"
      aria-label="Cancel ${upload.name}"
      title="Cancel"
      @click=${() => this.deliveries?.cancel(upload)}
    >
      ${icon("close")}
    </button>`;
  }
}

customElements.define("exact-uploads", UploadPanel);
