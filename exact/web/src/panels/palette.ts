/** The annotation types: colour, name, number key, how many there are, and whether they are shown. */

import "../design/menu";
import { css, html, nothing } from "lit";
import { type IconName, icon } from "../design/icons";
import type { AnnotationType } from "../model/annotation";
import { VECTOR_NAMES, type VectorType } from "../model/vector";
import type { Act } from "../model/selections";
import type { Desk } from "../viewer/desk";
import { DeskElement, look } from "./element";
import { controls } from "../design/styles";
import { glyph, swatch } from "./glyphs";

export class ExactPalette extends DeskElement {
  static override styles = [
    controls,
    look,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-height: 0;
      }
      .scroll {
        padding-bottom: 8px;
      }
      ul {
        margin: 0;
        padding: 0 6px;
        list-style: none;
      }
      li {
        display: flex;
        align-items: center;
        border-radius: 7px;
      }
      li:hover {
        background: var(--surface-hover);
      }
      li.chosen {
        background: var(--accent-soft);
        box-shadow: inset 0 0 0 1px var(--accent-line);
      }
      .type {
        appearance: none;
        flex: 1;
        display: flex;
        align-items: center;
        gap: 9px;
        min-width: 0;
        height: 31px;
        padding: 0 4px 0 8px;
        border: 0;
        border-radius: 7px;
        background: none;
        color: inherit;
        font: 500 13px/1 var(--font);
        text-align: left;
        cursor: pointer;
      }
      .type.still {
        cursor: default;
      }
      .name {
        flex: 1;
        min-width: 0;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      li.hidden .name,
      li.hidden .swatch {
        opacity: 0.45;
      }
      .eye {
        appearance: none;
        display: grid;
        place-items: center;
        width: 28px;
        height: 28px;
        margin-right: 3px;
        padding: 0;
        border: 0;
        border-radius: 6px;
        background: none;
        color: var(--ink-3);
        cursor: pointer;
      }
      li .more {
        margin-right: 0;
        opacity: 0;
      }
      li:hover .more,
      li:focus-within .more {
        opacity: 1;
      }
      @media (hover: none) {
        li .more {
          opacity: 1;
        }
      }
      .eye:hover {
        background: var(--surface-active);
        color: var(--ink);
      }
      h3 {
        margin: 0;
        padding: 6px 14px 4px;
        color: var(--ink-3);
        font: 600 11px/1.5 var(--font);
      }
      .empty {
        padding: 4px 14px 16px;
        color: var(--ink-3);
      }
    `,
  ];

  protected follows(desk: Desk) {
    return [desk.typeId, desk.hidden, desk.counts, desk.tool, desk.frame, desk.plane];
  }

  private get mayAct(): boolean {
    return this.desk.mayAnnotate || this.desk.mayVerify;
  }

  /** Opens the dialog for all annotations of that type. */
  private all(type: AnnotationType) {
    if (!this.mayAct) return nothing;
    return html`<button type="button" class="eye more" data-all=${type.name} aria-label="All ${type.name}: accept, reject, change, remove" title="All of this type…"
      @click=${() => this.desk.askForAll({ type: type.id })}>${icon("more")}</button>`;
  }

  private menu() {
    const { desk } = this;
    const item = (act: Act, sign: IconName, words: string) => html`<button type="button" class="menu-item ${act === "remove" ? "bad" : ""}" role="menuitem" tabindex="-1" data-act=${act}
      @click=${() => desk.askForAll({ act, type: "" })}>${icon(sign)}<span>${words}</span></button>`;
    if (!this.mayAct) return nothing;
    return html`<exact-menu label="Many annotations">
      ${desk.mayVerify ? html`${item("accept", "check", "Accept many…")}${item("reject", "close", "Reject many…")}` : nothing}
      ${desk.mayAnnotate ? html`${item("reclassify", "tag", "Change the type of many…")}${item("remove", "trash", "Remove many…")}${item("restore", "undo", "Bring removed ones back…")}` : nothing}
    </exact-menu>`;
  }

  /** Seen and hidden, but not drawn any more. */
  private former(type: AnnotationType) {
    const { desk } = this;
    const hidden = desk.hidden.value.has(type.id);
    return html`<li class=${hidden ? "hidden" : ""}>
      <span class="type still">${swatch(type.color_code, 14)}<span class="name">${type.name}</span><span class="count">${desk.counts.value.get(type.id) ?? 0}</span></span>
      ${this.all(type)} ${this.eye(type, hidden)}
    </li>`;
  }

  private eye(type: AnnotationType, hidden: boolean) {
    return html`<button type="button" class="eye" aria-pressed=${!hidden} aria-label="Show ${type.name}" title=${hidden ? "Show" : "Hide"}
      @click=${() => this.desk.toggleType(type.id)}>${glyph(hidden ? "eye-off" : "eye")}</button>`;
  }

  private row(type: AnnotationType, key: string) {
    const { desk } = this;
    const hidden = desk.hidden.value.has(type.id);
    const whole = desk.globalTypes.includes(type);
    const chosen = whole ? desk.labelOf(type) !== null : desk.typeId.value === type.id;
    const shape = VECTOR_NAMES[type.vector_type as VectorType] ?? "";
    return html`<li class="${chosen ? "chosen" : ""} ${hidden ? "hidden" : ""}">
      <button type="button" class="type" data-type-key=${key || nothing} data-type=${type.name} aria-pressed=${chosen}
        title="${type.name} · ${shape}${key ? `  ${key}` : ""}" @click=${(event: MouseEvent) => (desk.choose(type), this.backToStage(event))}>
        ${swatch(type.color_code, 14)}
        <span class="name">${type.name}</span>
        <span class="count" data-count>${desk.counts.value.get(type.id) ?? 0}</span>
        ${key ? html`<kbd aria-hidden="true">${key.replace("Shift+", "⇧")}</kbd>` : nothing}
      </button>
      ${this.all(type)} ${this.eye(type, hidden)}
    </li>`;
  }

  /** One list for each product; its name above it where there are several. */
  private groups(types: readonly AnnotationType[], keyOf: (index: number) => string) {
    const several = new Set(this.desk.types.map((type) => type.product_name)).size > 1;
    const starts = types.flatMap((type, index) => (type.product_name === types[index - 1]?.product_name ? [] : [index]));
    return starts.map((start, at) => {
      const end = starts[at + 1] ?? types.length;
      const name = types[start]!.product_name;
      const rows = types.slice(start, end).map((type, offset) => this.row(type, keyOf(start + offset)));
      return html`${several ? html`<h3>${name}</h3>` : nothing}<ul aria-label=${name}>${rows}</ul>`;
    });
  }

  protected override render() {
    const { desk } = this;
    const digit = (index: number): string => (index < 10 ? String((index + 1) % 10) : "");
    return html`
      <div class="head"><h2>Types</h2>${this.menu()}</div>
      <div class="scroll">
        ${this.groups(desk.localTypes, digit)}
        ${desk.globalTypes.length > 0 ? html`<h3>Whole ${desk.volumetric ? "slice" : "image"}</h3>` : nothing}
        ${this.groups(desk.globalTypes, (index) => (digit(index) ? `Shift+${digit(index)}` : ""))}
        ${desk.formerTypes.length > 0 ? html`<h3>No longer offered</h3><ul aria-label="No longer offered">${desk.formerTypes.map((type) => this.former(type))}</ul>` : nothing}
        ${desk.types.length === 0 ? html`<div class="empty">This image set has no annotation types yet. An administrator adds a product to it.</div>` : nothing}
      </div>
    `;
  }
}

customElements.define("exact-palette", ExactPalette);
