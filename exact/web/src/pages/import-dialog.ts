/** Importing annotations: choose a file, say where it comes from, watch it being sent, checked and brought in. */

import { html, nothing } from "lit";
import { icon } from "../design";
import { bytes } from "../design/format";
import { PageElement } from "./element";
import { pause_ms } from "./export-dialog";
import { control, type Field } from "./form-controls";
import "./import-report";
import { namesNoImage, sentenceOf, underWay } from "./import-words";
import * as rest from "./rest";
import type { Image, ImageSet, Import } from "./shapes";
import { LOST, refusal, sendForm } from "./upload-transport";

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const DRAGS = ["dragenter", "dragover", "dragleave", "drop"] as const;

export class ImportDialog extends PageElement {
  static override properties = {
    set: { attribute: false },
    images: { attribute: false },
    file: { state: true },
    over: { state: true },
    sent: { state: true },
    run: { state: true },
    problem: { state: true },
  };
  declare set: ImageSet;
  declare images: Image[];
  declare file: File | null;
  declare over: boolean;
  /** Bytes that have left, null while nothing is being sent. */
  declare sent: number | null;
  declare run: Import | null;
  declare problem: string;
  /** Called when the server has the file. */
  accepted: () => void = () => undefined;
  private stop: () => void = () => undefined;
  /** Lost on the way, the same wish goes again under its key. */
  private wish = { body: "", key: "" };

  constructor() {
    super();
    this.file = null;
    this.over = false;
    this.sent = null;
    this.run = null;
    this.problem = "";
    for (const name of DRAGS) this.addEventListener(name, (event) => this.dragged(event));
  }

  /** Files that fall here are annotations, not images for the page behind. */
  private dragged(event: DragEvent): void {
    event.preventDefault();
    event.stopPropagation();
    this.over = event.type === "dragenter" || event.type === "dragover";
    if (event.type === "drop" && this.sent === null && !this.run) this.take(event.dataTransfer?.files[0]);
  }

  private take(file: File | undefined): void {
    if (!file) return;
    this.file = file;
    this.problem = "";
  }

  private submit(event: SubmitEvent): void {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    if (!this.file) this.problem = "Choose a file first.";
    else if (namesNoImage(this.file.name) && !data.get("image"))
      this.problem = "A GeoJSON file does not name its image: choose the image it is for.";
    else this.send(this.file, data);
  }

  /** The words stand before the file, because the server reads them first. */
  private send(file: File, words: FormData): void {
    const form = new FormData();
    form.append("image_set", String(this.set.id));
    for (const [name, value] of words) if (typeof value === "string" && value.trim()) form.append(name, value.trim());
    const body = JSON.stringify([...form, file.name, file.size, file.lastModified]);
    if (this.wish.body !== body) this.wish = { body, key: rest.newKey() };
    form.append("file", file, file.name);
    this.problem = "";
    this.sent = 0;
    this.stop = sendForm("/api/v1/annotations/imports/", form, this.wish.key, {
      sent: (n) => (this.sent = n),
      allSent: () => (this.sent = file.size),
      answered: (status, text) => this.answered(status, text),
      lost: () => this.broken(LOST),
    });
  }

  private answered(status: number, text: string): void {
    if (status >= 300) {
      this.wish = { body: "", key: "" };
      return this.broken(refusal(status, text));
    }
    this.sent = null;
    this.run = JSON.parse(text) as Import;
    this.accepted();
    void this.watch(this.run.id);
  }

  private broken(sentence: string): void {
    this.sent = null;
    this.problem = sentence;
  }

  /** Until it has come to an end; what cannot be asked now is asked again. */
  private async watch(id: string): Promise<void> {
    for (let turn = 0; this.isConnected && this.run && underWay(this.run); turn += 1) {
      await sleep(pause_ms(turn));
      try {
        this.run = await rest.importState(id);
        this.problem = "";
      } catch (error) {
        this.problem = rest.sentence(error);
      }
    }
  }

  private cancelSending(): void {
    this.stop();
    this.broken("");
  }

  private close(): void {
    this.stop();
    this.remove();
  }

  private shut(): void {
    this.querySelector<HTMLElement & { close(): void }>("exact-dialog")?.close();
  }

  protected override render() {
    return html`<exact-dialog
      open
      wide
      heading="Import annotations"
      lead="Nobody sees any of it before all of it is there, and it can be undone as a whole."
      .busy=${this.sent !== null}
      @exact-close=${this.close}
    >
      ${this.run ? this.running(this.run) : nothing}
      <form class="stack" ?hidden=${this.run !== null} data-testid="import-dialog" novalidate @submit=${this.submit}>
        ${this.drop()} ${this.fields().map((field) => this.field(field))} ${this.alert()} ${this.foot()}
      </form>
    </exact-dialog>`;
  }

  private alert() {
    if (!this.problem) return nothing;
    return html`<div class="notice bad" role="alert">${icon("alert")}<span>${this.problem}</span></div>`;
  }

  private drop() {
    const { file } = this;
    return html`<label class="import-drop ${this.over ? "over" : ""}">
      <input
        class="unseen"
        type="file"
        autofocus
        accept=".jsonl,.ndjson,.json,.geojson,.gz"
        data-testid="import-input"
        ?disabled=${this.sent !== null}
        @change=${(event: Event) => this.take((event.target as HTMLInputElement).files?.[0])}
      />
      ${icon(file ? "check-circle" : "upload")}
      <span class="import-drop-words"
        ><strong class="clip">${file ? file.name : "Choose a file, or drop it here"}</strong>
        <span class="hint">${file ? bytes(file.size) : "JSON lines or GeoJSON of QuPath, plain or packed with gzip"}</span></span
      >
    </label>`;
  }

  private fields(): Field[] {
    const images = this.images.map(({ id, name }) => ({ value: String(id), label: name }));
    return [
      {
        name: "image",
        label: "Image",
        kind: "select",
        value: this.file && namesNoImage(this.file.name) && images.length === 1 ? images[0]!.value : "",
        options: [{ value: "", label: "Each row names its image" }, ...images],
        hint: "GeoJSON does not name its image; JSON lines can.",
      },
      { name: "source", label: "Source", optional: true, placeholder: "Where these come from", maxLength: 500 },
      { name: "model", label: "Model", optional: true, placeholder: "Name and version of the program", maxLength: 500 },
      {
        name: "on_bad_rows",
        label: "If a row is bad",
        kind: "choice",
        value: "refuse",
        options: [
          { value: "refuse", label: "Refuse the whole file", hint: "Nothing is kept; the bad rows are listed." },
          { value: "set_aside", label: "Set it aside", hint: "The good rows come in; the bad ones can be downloaded." },
        ],
      },
    ];
  }

  private field(field: Field) {
    const id = `import-${field.name}`;
    const grouped = field.kind === "choice";
    const words = html`${field.label} ${field.optional ? html`<span class="optional">(optional)</span>` : nothing}`;
    return html`<div class="field" role=${grouped ? "radiogroup" : nothing} aria-labelledby=${grouped ? `${id}-label` : nothing}>
      ${grouped ? html`<span class="label" id="${id}-label">${words}</span>` : html`<label for=${id}>${words}</label>`}
      ${control(field, id, false, false)}
      ${field.hint ? html`<span class="hint" id="${id}-words">${field.hint}</span>` : nothing}
    </div>`;
  }

  private foot() {
    if (this.sent === null)
      return html`<div class="actions">
        <button class="button" type="button" @click=${this.shut}>Cancel</button>
        <button class="button primary" type="submit" data-testid="import-confirm">${icon("layers")}Import</button>
      </div>`;
    const size = Math.max(1, this.file?.size ?? 1);
    const all = this.sent >= size;
    return html`<p role="status">${all ? "Sent. The server is taking it in…" : `Sending ${bytes(this.sent)} of ${bytes(size)}…`}</p>
      <exact-progress thick label="Sending" .max=${all ? 0 : size} .value=${Math.min(this.sent, size)}></exact-progress>
      <div class="actions"><button class="button" type="button" @click=${this.cancelSending}>Stop sending</button></div>`;
  }

  private running(run: Import) {
    const over = !underWay(run);
    const kind = run.state === "complete" ? "good" : "bad";
    return html`<div class="stack" data-testid="import-run" data-state=${run.state}>
      <p class="muted clip">${run.filename}</p>
      ${
        over
          ? html`<div class="notice ${kind}" role="status">
              ${icon(kind === "good" ? "check-circle" : "alert")}<span>${sentenceOf(run)}</span>
            </div>`
          : html`<p role="status">${sentenceOf(run)}</p>
              <exact-progress thick label="Import" .max=${run.state === "queued" ? 0 : 1} .value=${run.progress}></exact-progress>
              <p class="hint">You may close this window; the import goes on, and the page shows how far it is.</p>`
      }
      ${over && run.rows_bad ? html`<exact-import-report .import=${run}></exact-import-report>` : nothing} ${this.alert()}
      <div class="actions">
        ${over && run.state !== "complete" ? html`<button class="button" @click=${() => (this.run = null)}>Another file</button>` : nothing}
        <button class="button ${over ? "primary" : ""}" data-testid="import-close" @click=${this.shut}>
          ${over ? "Done" : "Close"}
        </button>
      </div>
    </div>`;
  }
}

customElements.define("exact-import-dialog", ImportDialog);

/** Open it for a set; `accepted` is called when the server has the file. */
export function importDialog(set: ImageSet, images: Image[], accepted: () => void): void {
  const dialog = document.createElement("exact-import-dialog") as ImportDialog;
  Object.assign(dialog, { set, images, accepted });
  document.body.append(dialog);
}
