/** Every annotation as a row: the keyboard's twin of the canvas. Only the rows in sight exist. */

import { css, html, nothing } from "lit";
import { controls } from "../design/styles";
import { icon } from "../design/icons";
import type { Annotation } from "../model/annotation";
import { type Desk, type Filter, NO_FILTER } from "../viewer/desk";
import { DeskElement, look } from "./element";
import { glyph, statusGlyph, swatch } from "./glyphs";
import { rowWindow, scrollFor } from "./window";

const ROW_PX = 34;
const PLANES: Record<number, string> = { 0: "axial", 1: "coronal", 2: "sagittal" };

export class ExactAnnotationList extends DeskElement {
  static override properties = {
    ...DeskElement.properties,
    top: { state: true },
    height: { state: true },
    narrowing: { state: true },
  };
  /** Are the filters open? */
  declare narrowing: boolean;
  declare top: number;
  declare height: number;
  private shownSelection: string | null = null;

  static override styles = [
    controls,
    look,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-height: 0;
        border-top: 1px solid var(--line);
      }
      .filters {
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
        padding: 0 10px 8px;
      }
      .search {
        flex: 1;
      }
      .filters select {
        flex: 1 1 40%;
      }
      .break {
        flex-basis: 100%;
        height: 0;
        margin-top: -6px;
      }
      .search > .input {
        padding-right: 28px;
      }
      select.input.small {
        padding-right: 22px;
        background-position:
          right 12px center,
          right 7px center;
      }
      .box {
        flex: 1;
        position: relative;
        min-height: 0;
      }
      .box:focus-visible {
        outline-offset: -2px;
      }
      .inner {
        position: relative;
      }
      .row {
        position: absolute;
        inset: 0 0 auto;
        display: flex;
        align-items: center;
        gap: 8px;
        height: 34px;
        padding: 0 12px;
        cursor: pointer;
      }
      .row:hover,
      .row.hovered {
        background: var(--surface-hover);
      }
      .row[aria-selected="true"] {
        background: var(--accent-soft);
        box-shadow: inset 2px 0 0 var(--accent);
      }
      .name {
        flex: 1;
        min-width: 0;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .number {
        min-width: 34px;
        color: var(--ink-3);
        font-size: 12px;
      }
      .note {
        color: var(--ink-3);
      }
      .flag {
        display: inline-flex;
        align-items: center;
        gap: 3px;
        color: var(--warn);
        font-size: 11px;
      }
      .flag.bad {
        color: var(--bad);
      }
      .empty {
        padding: 18px 16px;
        color: var(--ink-3);
        text-align: center;
      }
    `,
  ];

  constructor() {
    super();
    this.top = 0;
    this.height = 300;
    this.narrowing = false;
  }

  protected follows(desk: Desk) {
    return [desk.listed, desk.filter, desk.hovered, desk.session.selection, desk.session.outbox.entries];
  }

  protected override firstUpdated(): void {
    const box = this.box;
    const observer = new ResizeObserver(() => (this.height = box.clientHeight));
    observer.observe(box);
    this.until(() => observer.disconnect());
    this.until(this.desk.session.store.subscribe(() => this.requestUpdate()));
  }

  /** Puts the cursor into the search field. */
  search(): void {
    this.renderRoot.querySelector<HTMLInputElement>("input[type=search]")?.focus();
  }

  private get box(): HTMLElement {
    return this.renderRoot.querySelector(".box")!;
  }

  /** A new selection is scrolled into sight, once; after that the person scrolls freely. */
  protected override updated(): void {
    const key = this.desk.session.selection.only;
    if (key === this.shownSelection) return;
    this.shownSelection = key;
    const index = key === null ? -1 : this.desk.listed.value.indexOf(key);
    const top = index === -1 ? null : scrollFor(index, ROW_PX, this.box.scrollTop, this.box.clientHeight);
    if (top !== null) this.box.scrollTop = top;
  }

  private narrow(change: Partial<Filter>): void {
    this.desk.filter.value = { ...this.desk.filter.value, ...change };
    this.box.scrollTop = 0;
  }

  private pressed(event: KeyboardEvent): void {
    const { desk } = this;
    const keys = desk.listed.value;
    const at = keys.indexOf(desk.session.selection.only ?? "");
    const page = Math.max(1, Math.floor(this.height / ROW_PX) - 1);
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    const step = steps[event.key];
    if (step === undefined && event.key !== "Enter") return;
    if (event.altKey || event.ctrlKey || event.metaKey || keys.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Enter") return desk.zoomToSelection();
    desk.pick(keys[Math.min(keys.length - 1, Math.max(0, (at === -1 && step! < 0 ? 0 : at) + step!))]!);
  }

  private options(desk: Desk) {
    const people = [...desk.workspace.people].sort((a, b) => a.name.localeCompare(b.name));
    const { type, status, person } = desk.filter.value;
    const pick = (name: keyof Filter) => (event: Event) => this.narrow({ [name]: (event.target as HTMLSelectElement).value });
    const option = (value: string, words: string, chosen: string) => html`<option value=${value} ?selected=${value === chosen}>${words}</option>`;
    return html`
      <select class="input small" aria-label="Only this type" @change=${pick("type")}>
        ${option("", "All types", type)} ${desk.types.map((one) => option(one.id, one.name, type))}
      </select>
      <select class="input small" aria-label="Only this verdict" @change=${pick("status")}>
        ${option("", "Any verdict", status)} ${option("open", "No verdict", status)} ${option("accepted", "Accepted", status)}
        ${option("rejected", "Rejected", status)} ${option("unsent", "Not saved yet", status)}
      </select>
      ${people.length > 1
        ? html`<select class="input small person" aria-label="Only by this person" @change=${pick("person")}>
            ${option("", "Everybody", person)} ${people.map((one) => option(one.person_id, one.name, person))}
          </select>`
        : nothing}
    `;
  }

  private flag(key: string) {
    const phase = this.desk.session.store.phase(key);
    if (phase === "saved") return nothing;
    if (phase === "pending") return html`<span class="flag" title="Not saved yet">${glyph("pending", 13)}<span class="unseen">Not saved yet</span></span>`;
    return html`<span class="flag bad" title="Needs your decision">${icon("alert")}<span class="unseen">Needs your decision</span></span>`;
  }

  private row(key: string, index: number, row: Annotation) {
    const { desk } = this;
    const type = desk.typeOf(row);
    const selected = desk.session.selection.has(key);
    const slice = desk.volumetric && row.vector && row.vector.frame !== null ? `${PLANES[row.vector.plane] ?? ""} ${row.vector.frame + 1}` : "";
    const words = row.vector === null ? "not in image" : [slice, row.description].filter(Boolean).join(" · ");
    return html`<div
      class="row ${desk.hovered.value === key ? "hovered" : ""}"
      .style=${`transform:translateY(${index * ROW_PX}px)`}
      role="option"
      id="row-${index}"
      aria-selected=${selected}
      aria-posinset=${index + 1}
      aria-setsize=${desk.listed.value.length}
      data-testid="annotation"
      data-id=${row.id || key}
      data-key=${key}
      data-number=${row.number ?? nothing}
      data-status=${row.status}
      data-type=${type?.name ?? ""}
      data-phase=${desk.session.store.phase(key)}
      @click=${(event: MouseEvent) => (event.shiftKey ? desk.pickRange(key) : desk.pick(key, event.ctrlKey || event.metaKey))}
      @dblclick=${() => desk.goTo(key)}
      @pointerenter=${() => (desk.hovered.value = key)}
      @pointerleave=${() => (desk.hovered.value = null)}
    >
      ${swatch(type?.color_code ?? "#888888")}
      <span class="name">${type?.name ?? "Unknown type"}${words ? html` <span class="note">· ${words}</span>` : nothing}</span>
      ${this.flag(key)}
      <span class="number" title="By ${desk.nameOf(row.created_by)}">${row.number === null ? "new" : `#${row.number}`}</span>
      ${statusGlyph(row.status)}
    </div>`;
  }

  private rows(keys: readonly string[]) {
    const { first, last } = rowWindow(keys.length, ROW_PX, this.top, this.height);
    return keys.slice(first, last).map((key, offset) => {
      const row = this.desk.session.store.get(key);
      return row ? this.row(key, first + offset, row) : nothing;
    });
  }

  private nothingThere() {
    const filtered = JSON.stringify(this.desk.filter.value) !== JSON.stringify(NO_FILTER);
    return html`<div class="empty">
      ${filtered
        ? html`Nothing fits the filter. <button class="link" @click=${() => this.narrow(NO_FILTER)}>Show all</button>`
        : this.desk.mayAnnotate
          ? "Nothing is annotated yet. Choose a type and draw."
          : "Nothing is annotated yet."}
    </div>`;
  }

  protected override render() {
    const { desk } = this;
    const keys = desk.listed.value;
    const total = [...desk.counts.value.values()].reduce((sum, count) => sum + count, 0);
    const active = keys.indexOf(desk.session.selection.only ?? "");
    return html`
      <div class="head">
        <h2>Annotations <span class="count" data-testid="annotation-count">${keys.length === total ? total : `${keys.length} of ${total}`}</span></h2>
      </div>
      <div class="filters">
        <div class="search">
          ${icon("search")}
          <input class="input small" type="search" placeholder="Number, type, remark, person" aria-label="Search annotations" .value=${desk.filter.value.text}
            @input=${(event: Event) => this.narrow({ text: (event.target as HTMLInputElement).value })}
            @keydown=${(event: KeyboardEvent) => event.key === "Escape" && (this.narrow({ text: "" }), this.box.focus())} />
        </div>
        <button type="button" class="button quiet square small" aria-label="Filter" title="Filter by type, verdict and person" aria-expanded=${this.narrowing}
          @click=${() => (this.narrowing = !this.narrowing)}>${icon("filter")}</button>
        ${this.narrowing ? html`<div class="break"></div>${this.options(desk)}` : nothing}
      </div>
      <div class="box scroll" role="listbox" tabindex="0" aria-label="Annotations" aria-multiselectable="true"
        aria-activedescendant=${active === -1 ? nothing : `row-${active}`}
        @keydown=${this.pressed} @scroll=${() => (this.top = this.box.scrollTop)}
        @focus=${() => (desk.listFocused = true)} @blur=${() => (desk.listFocused = false)}>
        ${keys.length === 0 ? this.nothingThere() : html`<div class="inner" role="presentation" .style=${`height:${keys.length * ROW_PX}px`}>${this.rows(keys)}</div>`}
      </div>
    `;
  }
}

customElements.define("exact-annotation-list", ExactAnnotationList);
