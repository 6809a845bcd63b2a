/** The selected annotation: what it is, its figures, its verdicts; and the histories of it and of the whole image. */

import "./annotation-history";
import "./image-facts";
import "./image-history";
import "./several";
import { css, html, nothing } from "lit";
import { controls } from "../design/styles";
import { ago, when } from "../design/format";
import { icon } from "../design/icons";
import { type Annotation, type Verdict } from "../model/annotation";
import { verdictOf } from "../model/commands";
import { areaOf, lengthOf } from "../model/geometry";
import { areaInWords, figure, lengthInWords } from "../model/units";
import { UNITS_PER_PIXEL, VECTOR_NAMES, VectorType, isClosed } from "../model/vector";
import type { Desk } from "../viewer/desk";
import { DeskElement, look } from "./element";
import { STATUS_WORDS, glyph, swatch } from "./glyphs";

type Tab = "details" | "history" | "image";
const NAMES: Record<Tab, string> = { details: "Selection", history: "History", image: "Image" };

export class ExactInspector extends DeskElement {
  static override properties = {
    ...DeskElement.properties,
    tab: { state: true },
    whole: { state: true },
  };
  declare tab: Tab;
  /** The history of the whole image, although an annotation is selected. */
  declare whole: boolean;

  static override styles = [
    controls,
    look,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-height: 0;
        border-top: 1px solid var(--line);
        background: var(--surface);
      }
      .tabs {
        display: flex;
        flex: none;
        align-items: center;
        height: 36px;
        padding: 0 6px 0 12px;
        border-bottom: 1px solid var(--line);
      }
      .tablist {
        display: flex;
        flex: 1;
        gap: 16px;
      }
      .body {
        flex: 1;
        min-height: 0;
        padding: 12px;
      }
      .nothing {
        padding: 20px 8px;
        color: var(--ink-3);
        text-align: center;
      }
      .title {
        display: flex;
        align-items: center;
        gap: 4px 6px;
        margin-bottom: 10px;
      }
      .title select {
        min-width: 0;
        flex: 1;
        font-weight: 600;
      }
      .verdicts {
        display: grid;
        grid-template-columns: 1fr 1fr;
        gap: 6px;
        margin-bottom: 10px;
      }
      .verdict {
        appearance: none;
        display: flex;
        align-items: center;
        justify-content: center;
        gap: 7px;
        height: 36px;
        border: 1px solid var(--line-strong);
        border-radius: 8px;
        background: var(--surface);
        color: var(--ink);
        font: 600 13px/1 var(--font);
        cursor: pointer;
      }
      .verdict:hover:not(:disabled) {
        background: var(--surface-hover);
      }
      .verdict:disabled {
        opacity: 0.45;
        cursor: default;
      }
      .verdict.accept[aria-pressed="true"] {
        border-color: var(--good-line);
        background: var(--good-soft);
        color: var(--good);
      }
      .verdict.reject[aria-pressed="true"] {
        border-color: var(--bad-line);
        background: var(--bad-soft);
        color: var(--bad);
      }
      dl {
        display: grid;
        grid-template-columns: max-content 1fr;
        gap: 5px 12px;
        margin: 10px 0 0;
      }
      dt {
        color: var(--ink-3);
      }
      dd {
        margin: 0;
        min-width: 0;
        overflow-wrap: anywhere;
      }
      textarea.input {
        min-height: 34px;
        height: 34px;
        padding: 6px 9px;
        font-size: 13px;
        field-sizing: content;
        max-height: 110px;
      }
      .who {
        color: var(--ink-2);
      }
      .bad {
        color: var(--bad);
      }
      .good {
        color: var(--good);
      }
      .foot {
        display: flex;
        gap: 6px;
        margin-top: 12px;
      }
      .foot .button {
        flex: 1;
      }
      .scopes {
        display: grid;
        grid-template-columns: 1fr 1fr;
        gap: 2px;
        margin-bottom: 8px;
        padding: 2px;
        border-radius: 8px;
        background: var(--surface-sunken);
      }
      .scopes button {
        appearance: none;
        height: 26px;
        border: 0;
        border-radius: 6px;
        background: none;
        color: var(--ink-2);
        font: 600 12px/1 var(--font);
        cursor: pointer;
      }
      .scopes button[aria-pressed="true"] {
        background: var(--surface-raised);
        box-shadow: var(--shadow-1);
        color: var(--ink);
      }
    `,
  ];

  constructor() {
    super();
    this.tab = "details";
    this.whole = false;
  }

  protected follows(desk: Desk) {
    return [desk.session.selection, desk.ghost];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.until(this.desk.session.store.subscribe(({ keys }) => {
      const key = this.desk.session.selection.only;
      if (!keys || (key !== null && keys.has(key))) this.requestUpdate();
    }));
  }

  /** The chosen option is set when all options are there. */
  protected override updated(): void {
    const select = this.renderRoot.querySelector<HTMLSelectElement>(".title select");
    const selected = this.desk.selectedRow;
    if (select && selected) select.value = selected.row.annotation_type_id;
  }

  /** Opens the details and puts the cursor into the remark. */
  describe(): void {
    this.tab = "details";
    void this.updateComplete.then(() => this.renderRoot.querySelector("textarea")?.focus());
  }

  /** Opens what is known of the image. */
  facts(): void {
    this.tab = "image";
  }

  private body(selected: Desk["selectedRow"], count: number) {
    const { desk } = this;
    if (this.tab === "image") return html`<exact-image-facts .desk=${desk}></exact-image-facts>`;
    if (this.tab === "history") return this.past(selected?.row);
    if (count > 1) return html`<exact-several .desk=${desk}></exact-several>`;
    return selected ? this.details(selected.key, selected.row) : this.none();
  }

  protected override render() {
    const { desk } = this;
    const count = desk.session.selection.value.length;
    const selected = desk.selectedRow;
    const tab = (name: Tab) => html`<button type="button" class="tab" role="tab" aria-selected=${this.tab === name} data-tab=${name}
      @click=${() => ((this.tab = name), (desk.ghost.value = null))}>${NAMES[name]}</button>`;
    return html`
      <div class="tabs">
        <div class="tablist" role="tablist" aria-label="Selection">${tab("details")} ${tab("history")} ${tab("image")}</div>
        ${selected ? this.shortDeeds() : nothing}
      </div>
      <div class="body scroll" role="tabpanel" aria-label=${NAMES[this.tab]}>${this.body(selected, count)}</div>
    `;
  }

  /** Of the selected annotation or of the whole image; where nothing is selected there is only one to choose. */
  private past(row: Annotation | undefined) {
    const { desk } = this;
    const whole = this.whole || !row;
    const choose = (of: boolean, words: unknown) => html`<button type="button" aria-pressed=${whole === of} @click=${() => ((this.whole = of), (desk.ghost.value = null))}>${words}</button>`;
    return html`
      ${row ? html`<div class="scopes" role="group" aria-label="History of">${choose(false, row.number === null ? "This annotation" : `#${row.number}`)} ${choose(true, "Whole image")}</div>` : nothing}
      ${whole
        ? html`<exact-image-history .desk=${desk} @exact-shown=${() => (this.whole = true)}></exact-image-history>`
        : html`<exact-annotation-history .desk=${desk}></exact-annotation-history>`}
    `;
  }

  private shortDeeds() {
    const { desk } = this;
    return html`<button type="button" class="button quiet square small" aria-label="Go to it" title="Go to it  Enter" @click=${() => desk.zoomToSelection()}>${glyph("point")}</button>
      ${desk.mayAnnotate ? html`<button type="button" class="button quiet square small" data-action="remove" aria-label="Remove" title="Remove  Del" @click=${() => desk.removeSelection()}>${icon("trash")}</button>` : nothing}`;
  }

  private none() {
    return html`<div class="nothing">Select an annotation on the image or in the list to see its figures, its verdicts and its history.</div>`;
  }

  private verdictButtons(mine: Verdict | null) {
    const { desk } = this;
    const one = (verdict: Verdict, name: "accept" | "reject", key: string) => html`<button type="button" class="verdict ${name}" data-verdict=${verdict}
      aria-pressed=${mine === verdict} title=${mine === verdict ? "Take the verdict back" : ""} @click=${(event: MouseEvent) => (desk.verifySelection(verdict), this.backToStage(event))}>
      ${glyph(name)} ${name === "accept" ? "Accept" : "Reject"} <kbd aria-hidden="true">${key}</kbd></button>`;
    return html`<div class="verdicts">${one("accepted", "accept", "J")} ${one("rejected", "reject", "K")}</div>`;
  }

  private details(key: string, row: Annotation) {
    const { desk } = this;
    return html`
      <div data-testid="inspector" data-id=${row.id || key} data-status=${row.status} data-version=${row.version}>
        ${this.heading(key, row)}
        ${desk.mayVerify ? this.verdictButtons(verdictOf(row, desk.workspace.me.person_id)) : nothing}
        ${this.remark(key, row)}
        <dl>${this.figures(row)} ${this.people(row)}</dl>
      </div>
    `;
  }

  private heading(key: string, row: Annotation) {
    const { desk } = this;
    const type = desk.typeOf(row);
    const fitting = desk.types.filter((one) => !row.vector || one.vector_type === row.vector.vector_type || one.id === row.annotation_type_id);
    const pick = (event: Event): void => desk.session.reclassify(key, (event.target as HTMLSelectElement).value);
    return html`<div class="title">
      ${swatch(type?.color_code ?? "#888888", 16)}
      ${desk.mayAnnotate
        ? html`<select class="input small" aria-label="Type" @change=${pick}>
            ${fitting.map((one) => html`<option value=${one.id} ?selected=${one.id === row.annotation_type_id}>${one.name}</option>`)}
          </select>`
        : html`<strong>${type?.name ?? "Unknown type"}</strong>`}
      <span class="count">${row.number === null ? "new" : `#${row.number}`}</span>
    </div>`;
  }

  private remark(key: string, row: Annotation) {
    const { desk } = this;
    if (!desk.mayAnnotate) return row.description ? html`<p>${row.description}</p>` : nothing;
    const field = (event: Event) => event.target as HTMLTextAreaElement;
    return html`<textarea class="input" rows="1" maxlength="1000" placeholder="Remark" aria-label="Remark" .value=${row.description}
      @change=${(event: Event) => desk.session.describe(key, field(event).value)}
      @keydown=${(event: KeyboardEvent) => {
        if (event.key === "Escape" || (event.key === "Enter" && !event.shiftKey)) {
          event.preventDefault();
          event.stopPropagation();
          if (event.key === "Escape") field(event).value = row.description;
          field(event).blur();
          desk.stage?.focus();
        }
      }}></textarea>`;
  }

  private figures(row: Annotation) {
    const { vector } = row;
    const line = (name: string, words: unknown) => html`<dt>${name}</dt><dd>${words}</dd>`;
    if (!vector) return line("Shape", "Not in the image");
    if (vector.vector_type === VectorType.GLOBAL) return line("Shape", vector.frame === null ? "Whole image" : `Whole slice ${vector.frame + 1}`);
    const px = [1 / UNITS_PER_PIXEL, 1 / UNITS_PER_PIXEL] as const;
    const { scale } = this.desk;
    const length = scale ? lengthInWords(lengthOf(vector, scale)) : `${figure(lengthOf(vector, px))} px`;
    const area = scale ? areaInWords(areaOf(vector, scale)) : `${figure(areaOf(vector, px))} px²`;
    const closed = isClosed(vector.vector_type);
    return html`
      ${closed ? line("Area", area) : nothing} ${line(closed ? "Perimeter" : "Length", length)}
      ${line("Shape", html`${VECTOR_NAMES[vector.vector_type]}${vector.points.length > 4 ? `, ${vector.points.length / 2} points` : ""}${vector.frame === null ? "" : ` · slice ${vector.frame + 1}`}`)}
    `;
  }

  private people(row: Annotation) {
    const { desk } = this;
    const edited = row.edited_at !== row.created_at;
    const stamp = (person: string, at: string) => html`<span class="who">${desk.nameOf(person)}</span> · <span title=${at ? when(at) : ""}>${at ? ago(at) : "just now"}</span>`;
    const valid = row.verifications.filter((one) => one.of_version === row.content_version);
    const outdated = row.verifications.length - valid.length;
    return html`
      <dt>Drawn</dt><dd>${stamp(row.created_by, row.created_at)}</dd>
      ${edited ? html`<dt>Changed</dt><dd>${stamp(row.edited_by, row.edited_at)}</dd>` : nothing}
      <dt>Verdict</dt>
      <dd>
        ${valid.length === 0 ? STATUS_WORDS.open : valid.map((one) => html`<div class=${one.verdict === "accepted" ? "good" : "bad"}>${STATUS_WORDS[one.verdict]} by ${desk.nameOf(one.person_id)}</div>`)}
        ${outdated > 0 ? html`<div class="count">${outdated} on an earlier version</div>` : nothing}
      </dd>
    `;
  }
}

customElements.define("exact-inspector", ExactInspector);
