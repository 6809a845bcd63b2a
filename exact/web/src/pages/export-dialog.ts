/** Exporting a dataset version: choose a format, watch it being made, take the file and its fingerprint. */

import { html, nothing } from "lit";
import { icon } from "../design";
import { bytes } from "../design/format";
import { PageElement } from "./element";
import * as rest from "./rest";
import type { DatasetVersion, Export, ExportFormat } from "./shapes";

/** Questions come every 0.4 s at first and slow down to every 2 s. */
export const pause_ms = (turn: number): number => Math.min(2000, 400 + turn * 200);

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class ExportDialog extends PageElement {
  static override properties = {
    version: { attribute: false },
    formats: { state: true },
    format: { state: true },
    made: { state: true },
    job: { state: true },
    problem: { state: true },
  };
  declare version: DatasetVersion;
  declare formats: ExportFormat[] | null;
  declare format: string;
  /** Files that are there already: the server makes one in advance when a version is frozen. */
  declare made: Export[];
  declare job: Export | null;
  declare problem: string;

  constructor() {
    super();
    this.formats = null;
    this.format = "";
    this.made = [];
    this.job = null;
    this.problem = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  private async load(): Promise<void> {
    try {
      [this.formats, this.made] = await Promise.all([rest.formats(), rest.exportsOf(this.version.number)]);
      this.format = this.formats[0]?.name ?? "";
    } catch (error) {
      this.problem = rest.sentence(error);
    }
  }

  private async run(): Promise<void> {
    this.problem = "";
    try {
      this.job = this.readyIn(this.format) ?? (await rest.startExport(this.version.number, this.format));
      for (let turn = 0; this.isConnected && this.going; turn += 1) {
        await sleep(pause_ms(turn));
        this.job = await rest.exportState(this.job.id);
      }
    } catch (error) {
      this.job = null;
      this.problem = rest.sentence(error);
    }
  }

  private readyIn(format: string): Export | undefined {
    return this.made.find((one) => one.format === format && one.state === "ready");
  }

  private get going(): boolean {
    return this.job?.state === "queued" || this.job?.state === "running";
  }

  private again(): void {
    this.job = null;
  }

  protected override render() {
    return html`<exact-dialog
      open
      heading="Export ${this.version.name}@${this.version.version}"
      lead="The same version in the same format always gives the same bytes."
      @exact-close=${() => this.remove()}
    >
      <div class="stack" data-testid="export-dialog">${this.body()}</div>
    </exact-dialog>`;
  }

  private body() {
    const alert = this.problem
      ? html`<div class="notice bad" role="alert">${icon("alert")}<span>${this.problem}</span></div>`
      : nothing;
    if (this.job?.state === "ready") return this.ready(this.job);
    if (this.job?.state === "failed") return this.failed(this.job);
    if (this.job) return this.running(this.job);
    if (!this.formats)
      return this.problem
        ? alert
        : html`<div class="skeleton row-waiting"></div>
            <div class="skeleton row-waiting"></div>`;
    return html`${this.choice(this.formats)} ${alert}
      <div class="actions">
        <button class="button primary" data-testid="export-confirm" @click=${this.run}>
          ${icon("download")}${this.readyIn(this.format) ? "Take the file" : "Make the file"}
        </button>
      </div>`;
  }

  private choice(formats: ExportFormat[]) {
    return html`<div class="choices single" role="radiogroup" aria-label="Format">
      ${formats.map(
        (format) =>
          html`<label class="choice" data-format=${format.name}>
            <input
              type="radio"
              name="format"
              value=${format.name}
              .checked=${format.name === this.format}
              @change=${() => (this.format = format.name)}
            />
            <span class="choice-words"
              ><span class="choice-name">${format.title} <span class="hint mono">${format.suffix}</span>${this.readyIn(format.name) ? html` <span class="badge good">ready</span>` : nothing}</span
              >${format.loses ? html`<span class="hint">${format.loses}</span>` : nothing}</span
            >
          </label>`,
      )}
    </div>`;
  }

  private running(job: Export) {
    const words =
      job.state === "queued" ? "Waiting for a worker…" : `Replaying the facts up to position ${this.version.position}…`;
    return html`<p role="status">${words}</p>
      <exact-progress
        thick
        label="Export"
        .max=${job.state === "queued" ? 0 : 1}
        .value=${job.progress}
      ></exact-progress>
      <p class="hint">You may close this window; the export goes on, and asking for it again gives the same file.</p>`;
  }

  private ready(job: Export) {
    return html`<div class="stack" data-testid="export-ready" data-sha256=${job.sha256 ?? ""}>
      <div class="notice good" role="status">
        ${icon("check-circle")}<span
          ><strong>${job.filename}</strong>${job.size_bytes === null ? "" : `, ${bytes(job.size_bytes)}`}</span
        >
      </div>
      <div class="field">
        <span class="label">SHA-256 of the file</span
        ><exact-copy full label="SHA-256" .value=${job.sha256 ?? ""}></exact-copy>
      </div>
      <div class="actions">
        <button class="button" @click=${this.again}>Another format</button>
        <a class="button primary" href=${job.download ?? ""} download=${job.filename ?? ""}
          >${icon("download")}Download</a
        >
      </div>
    </div>`;
  }

  private failed(job: Export) {
    return html`<div class="notice bad" role="alert">
        ${icon("alert")}<span>${job.problem || "The export failed, and the server gave no reason."}</span>
      </div>
      <div class="actions"><button class="button primary" @click=${this.again}>Try again</button></div>`;
  }
}

customElements.define("exact-export-dialog", ExportDialog);

export function exportDialog(version: DatasetVersion): void {
  const dialog = document.createElement("exact-export-dialog") as ExportDialog;
  dialog.version = version;
  document.body.append(dialog);
}
