/** Importing annotations: choose a file, say where it comes from, watch it being sent, checked and brought in. */

import { html, nothing } from "lit";
import { icon } from "../design";
import { bytes } from "../design/format";
import { PageElement } from "./element";
import { control, type Field } from "./form-controls";
import "./import-report";
import { ImportWatch } from "./import-watch";
import { cancellable, namesNoImage, sentenceOf, told, underWay } from "./import-words";
import { parametersProblem } from "./parameters";
import * as rest from "./rest";
import type { ImportNews } from "../live/protocol";
import type { SetLive } from "./set-live";
import type { AnnotationType, Image, ImageSet, Import } from "./shapes";
import { LOST, refusal, sendForm } from "./upload-transport";

const WIDE = new Set(["source", "parameters", "on_bad_rows"]);
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
    wrong: { state: true },
    types: { state: true },
    givingUp: { state: true },
  };
  declare set: ImageSet;
  declare images: Image[];
  /** Types that the set offers; none until they are known. */
  declare types: AnnotationType[];
  /** Fields that cannot be sent as they are, each with its sentence. */
  declare wrong: Record<string, string>;
  declare givingUp: boolean;
  live!: SetLive;
  declare file: File | null;
  declare over: boolean;
  /** Bytes that have left, null while nothing is being sent. */
  declare sent: number | null;
  declare run: Import | null;
  declare problem: string;
  /** Called when the server has the file. */
  accepted: () => void = () => undefined;
  private watch: ImportWatch | null = null;
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
    this.types = [];
    this.wrong = {};
    this.givingUp = false;
    for (const name of DRAGS) this.addEventListener(name, (event) => this.dragged(event));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.watch = new ImportWatch(this.live, {
      going: () => this.run !== null && underWay(this.run),
      heard: (news) => this.heard(news),
      ask: () => this.ask(),
    });
    this.watch.start();
    void this.loadTypes();
  }

  override disconnectedCallback(): void {
    this.watch?.stop();
    super.disconnectedCallback();
  }

  /** Without them a row has to name its type, which the field says then. */
  private async loadTypes(): Promise<void> {
    try {
      const products = await rest.products(this.set.team);
      this.types = products.filter(({ id }) => this.set.product_set.includes(id)).flatMap((product) => product.annotationtype_set);
    } catch (error) {
      this.problem = `The annotation types could not be loaded. ${rest.sentence(error)}`;
    }
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
    this.check("parameters", String(data.get("parameters") ?? ""));
    if (this.wrong["parameters"]) return this.querySelector<HTMLElement>("[name=parameters]")?.focus();
    if (!this.file) this.problem = "Choose a file first.";
    else if (namesNoImage(this.file.name) && !data.get("image"))
      this.problem = "A GeoJSON file does not name its image: choose the image it is for.";
    else this.send(this.file, data);
  }

  private check(name: string, text: string): void {
    const problem = name === "parameters" ? parametersProblem(text) : "";
    this.wrong = problem ? { ...this.wrong, [name]: problem } : Object.fromEntries(Object.entries(this.wrong).filter(([one]) => one !== name));
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
    // The worker may be quicker than the answer: what the socket told before it is asked for.
    if (this.live.news.value?.id === this.run.id) this.watch?.now();
    else this.watch?.again();
  }

  private broken(sentence: string): void {
    this.sent = null;
    this.problem = sentence;
  }

  /** The end is asked for whole: only the answer says what came of it. */
  private heard(news: ImportNews): boolean {
    if (!this.run || news.id !== this.run.id) return true;
    const now = told(this.run, news);
    if (!underWay(now)) return false;
    this.run = now;
    return true;
  }

  private async ask(): Promise<boolean> {
    if (!this.run) return true;
    try {
      const found = await rest.importState(this.run.id);
      if (found.id === this.run?.id) this.run = found;
      this.problem = "";
      return true;
    } catch (error) {
      this.problem = rest.sentence(error);
      return false;
    }
  }

  private async giveUp(run: Import): Promise<void> {
    this.givingUp = true;
    try {
      this.run = await rest.moveImport(run.id, "cancel");
      this.problem = "";
      this.accepted();
    } catch (error) {
      this.problem = rest.sentence(error);
    }
    this.givingUp = false;
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
        ${this.drop()}
        <div class="import-fields">${this.fields().map((field) => this.field(field))}</div>
        <div class="import-foot stack">${this.alert()} ${this.foot()}</div>
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
        hint: "GeoJSON does not name it; JSON lines can.",
      },
      {
        name: "annotation_type",
        label: "Annotation type",
        kind: "select",
        value: "",
        options: [{ value: "", label: "Each row names its type" }, ...this.types.map(({ id, name }) => ({ value: String(id), label: name }))],
        hint: "For rows that name none.",
      },
      { name: "source", label: "Source", optional: true, placeholder: "Where these come from", maxLength: 500 },
      { name: "model", label: "Model", optional: true, placeholder: "Name and version of the program", maxLength: 500 },
      { name: "model_digest", label: "Model digest", optional: true, placeholder: "sha256:…", maxLength: 500 },
      {
        name: "parameters",
        label: "Parameters",
        kind: "long",
        optional: true,
        placeholder: '{"threshold": 0.5}',
        maxLength: 100_000,
        hint: "One JSON object. With source, model and digest it is kept with the import for ever.",
      },
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
    const problem = this.wrong[field.name];
    const grouped = field.kind === "choice";
    const words = html`${field.label} ${field.optional ? html`<span class="optional">(optional)</span>` : nothing}`;
    return html`<div class="field ${WIDE.has(field.name) ? "wide" : ""}" role=${grouped ? "radiogroup" : nothing} aria-labelledby=${grouped ? `${id}-label` : nothing}
      @change=${(event: Event) => this.check(field.name, (event.target as HTMLTextAreaElement).value)}>
      ${grouped ? html`<span class="label" id="${id}-label">${words}</span>` : html`<label for=${id}>${words}</label>`}
      ${control(field, id, false, Boolean(problem))}
      ${
        problem
          ? html`<span class="problem" id="${id}-words" role="alert">${problem}</span>`
          : field.hint
            ? html`<span class="hint" id="${id}-words">${field.hint}</span>`
            : nothing
      }
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
        ${
          cancellable(run)
            ? html`<button class="button" data-testid="import-cancel" ?disabled=${this.givingUp} @click=${() => this.giveUp(run)}>Give it up</button>`
            : nothing
        }
        <button class="button ${over ? "primary" : ""}" data-testid="import-close" @click=${this.shut}>
          ${over ? "Done" : "Close"}
        </button>
      </div>
    </div>`;
  }
}

customElements.define("exact-import-dialog", ImportDialog);

/** Open it for a set; `accepted` is called when the server has the file. */
export function importDialog(set: ImageSet, images: Image[], live: SetLive, accepted: () => void): void {
  const dialog = document.createElement("exact-import-dialog") as ImportDialog;
  Object.assign(dialog, { set, images, live, accepted });
  document.body.append(dialog);
}
