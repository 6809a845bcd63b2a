/** The imports of an image set: who brought what with which model, how far it is, and how it is taken back. */

import { html, nothing } from "lit";
import { icon, toast } from "../design";
import { ago, count, when } from "../design/format";
import { PageElement } from "./element";
import { askForm } from "./form-dialog";
import "./import-report";
import { ImportWatch } from "./import-watch";
import { cancellable, KIND, sentenceOf, told, underWay, undone, WORD } from "./import-words";
import * as rest from "./rest";
import type { ImportNews } from "../live/protocol";
import type { SetLive } from "./set-live";
import type { Import } from "./shapes";

const FIRST = 10;

export class Imports extends PageElement {
  static override properties = {
    imageSet: { type: Number },
    mayImport: { type: Boolean },
    live: { attribute: false },
    turn: { type: Number },
    imports: { state: true },
    total: { state: true },
    problem: { state: true },
  };
  declare imageSet: number;
  declare mayImport: boolean;
  declare live: SetLive;
  /** Raised by one when a file was sent. */
  declare turn: number;
  declare imports: Import[] | null;
  declare total: number;
  declare problem: string;
  private limit = FIRST;
  private watch: ImportWatch | null = null;

  constructor() {
    super();
    this.imports = null;
    this.total = 0;
    this.turn = 0;
    this.problem = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.watch = new ImportWatch(this.live, {
      going: () => this.imports?.some(underWay) ?? false,
      heard: (news) => this.heard(news),
      ask: () => this.load(),
    });
    this.watch.start();
  }

  override disconnectedCallback(): void {
    this.watch?.stop();
    super.disconnectedCallback();
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("turn")) this.afresh();
  }

  private afresh(): void {
    this.watch?.now();
  }

  /** What is new to the list, or has come to an end, is asked for whole. */
  private heard(news: ImportNews): boolean {
    const known = this.imports?.find(({ id }) => id === news.id);
    const now = known && told(known, news);
    if (!now || !underWay(now)) return false;
    this.imports = this.imports!.map((one) => (one === known ? now : one));
    return true;
  }

  private async load(): Promise<boolean> {
    try {
      const page = await rest.importsOf(this.imageSet, this.limit);
      this.take(page.results, page.count);
      return true;
    } catch (error) {
      this.problem = rest.sentence(error);
      return false;
    }
  }

  /** What has come to an end since the last question changed the figures of the page. */
  private take(imports: Import[], total: number): void {
    const going = new Set(this.imports?.filter(underWay).map(({ id }) => id));
    const ended = imports.some((one) => going.has(one.id) && !underWay(one));
    [this.imports, this.total, this.problem] = [imports, total, ""];
    if (ended) this.changed();
  }

  private changed(): void {
    this.dispatchEvent(new CustomEvent("exact-imported"));
  }

  private more(): void {
    this.limit += 50;
    this.afresh();
  }

  private async cancel(one: Import): Promise<void> {
    const done = await askForm({
      heading: `Give up the import of “${one.filename}”?`,
      lead: "Nothing of it will be shown. The file can be imported again later.",
      action: "Give it up",
      danger: true,
      fields: [],
      run: () => rest.moveImport(one.id, "cancel"),
    });
    if (done) this.moved("The import was given up.");
  }

  private async undo(one: Import): Promise<void> {
    const done = await askForm({
      heading: `Undo the import of “${one.filename}”?`,
      lead: `Its ${count(one.annotation_count ?? 0)} annotations are removed, but what people have touched since stays. It can be brought back.`,
      action: "Undo import",
      danger: true,
      testid: "undo-import-confirm",
      fields: [],
      run: () => rest.moveImport(one.id, "undo"),
    });
    if (done) this.moved(undone(done));
  }

  private async restore(one: Import): Promise<void> {
    const done = await askForm({
      heading: `Bring “${one.filename}” back?`,
      lead: "What was removed by undoing it is shown again. What people have touched since stays as it is.",
      action: "Bring back",
      testid: "restore-import-confirm",
      fields: [],
      run: () => rest.moveImport(one.id, "restore"),
    });
    if (done) this.moved("The import is back.");
  }

  private moved(sentence: string): void {
    toast(sentence, "good");
    this.changed();
    this.afresh();
  }

  protected override render() {
    return html`<section class="card panel" aria-labelledby="imports-title">
      <h2 class="panel-title" id="imports-title">${icon("layers")}Imports</h2>
      ${this.list()}
    </section>`;
  }

  private list() {
    if (this.problem && !this.imports) return html`<p class="problem" role="alert">${this.problem}</p>`;
    if (!this.imports) return html`<div class="skeleton version-waiting" aria-busy="true"></div>`;
    if (!this.imports.length)
      return html`<p class="muted">Annotations that a program made come in as one import, and are taken back as one.</p>`;
    return html`${this.problem ? html`<p class="problem" role="alert">${this.problem}</p>` : nothing}
      <ol class="versions">
        ${this.imports.map((one) => this.one(one))}
      </ol>
      ${
        this.imports.length < this.total
          ? html`<button class="button quiet small" @click=${this.more}>
              Older imports (${count(this.total - this.imports.length)})
            </button>`
          : nothing
      }`;
  }

  private one(one: Import) {
    const at = one.requested_at ?? one.started_at;
    return html`<li class="version" data-testid="import-item" data-state=${one.state}>
      <div class="version-head">
        <strong class="version-name">${one.filename}</strong>
        <span class="badge ${KIND[one.state] ?? "accent"}">${WORD[one.state]}</span>
      </div>
      <p class=${one.state === "failed" || one.state === "refused" ? "problem" : ""}>${sentenceOf(one)}</p>
      ${underWay(one) ? html`<exact-progress label="Import of ${one.filename}" .max=${one.state === "queued" ? 0 : 1} .value=${one.progress}></exact-progress>` : nothing}
      ${one.source || one.model ? html`<p class="muted">${[one.source, one.model].filter(Boolean).join(", ")}</p>` : nothing}
      ${this.made(one)} ${at ? html`<p class="muted"><time datetime=${at} title=${when(at)}>${ago(at)}</time>${one.user_name ? ` by ${one.user_name}` : ""}</p>` : nothing}
      ${one.rows_bad && !underWay(one) ? html`<details><summary>Bad rows (${count(one.rows_bad)})</summary>${this.report(one)}</details>` : nothing}
      ${this.mayImport ? this.tools(one) : nothing}
    </li>`;
  }

  /** What is kept beside source and model. */
  private made({ model_digest, parameters }: Import) {
    if (!model_digest && !parameters) return nothing;
    return html`<details>
      <summary>How it was made</summary>
      ${model_digest ? html`<p class="mono import-made">${model_digest}</p>` : nothing}
      ${parameters ? html`<pre class="import-made">${JSON.stringify(parameters, null, 2)}</pre>` : nothing}
    </details>`;
  }

  private report(one: Import) {
    return html`<exact-import-report .import=${one}></exact-import-report>`;
  }

  private tools(one: Import) {
    const button = (words: string, testid: string, sign: "undo" | "refresh" | "close", act: () => void) =>
      html`<button class="button small" aria-label="${words}: ${one.filename}" data-testid=${testid} @click=${act}>
        ${icon(sign)}${words}
      </button>`;
    const tool = cancellable(one)
      ? button("Cancel", "cancel-import", "close", () => void this.cancel(one))
      : one.state === "complete"
        ? button("Undo", "undo-import", "undo", () => void this.undo(one))
        : one.state === "undone"
          ? button("Bring back", "restore-import", "refresh", () => void this.restore(one))
          : nothing;
    return tool === nothing ? nothing : html`<div class="version-foot"><span class="spring"></span>${tool}</div>`;
  }
}

customElements.define("exact-imports", Imports);
