/** Several selected annotations: what they are, and what can be done to all of them as one. */

import { css, html, nothing } from "lit";
import { count, counted } from "../design/format";
import { icon } from "../design/icons";
import { controls } from "../design/styles";
import type { AnnotationType, Verdict } from "../model/annotation";
import { verdictOf } from "../model/commands";
import type { Desk } from "../viewer/desk";
import { DeskElement, look } from "./element";
import { glyph, swatch } from "./glyphs";

export class ExactSeveral extends DeskElement {
  static override styles = [
    controls,
    look,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 10px;
      }
      h3 {
        margin: 0;
        font: 600 13px/1.4 var(--font);
      }
      ul {
        display: grid;
        gap: 4px;
        margin: 0;
        padding: 0;
        list-style: none;
      }
      li {
        display: flex;
        align-items: center;
        gap: 9px;
      }
      .name {
        flex: 1;
        min-width: 0;
      }
      .pair {
        display: grid;
        grid-template-columns: repeat(2, minmax(0, 1fr));
        gap: 6px;
      }
      .pair .button {
        padding: 0 6px;
        font-size: 13px;
      }
      .button .accept {
        color: var(--good);
      }
      .button .reject {
        color: var(--bad);
      }
      .button[aria-pressed="true"] {
        border-color: var(--accent-line);
        background: var(--accent-soft);
      }
      .hint {
        margin: 0;
      }
    `,
  ];

  protected follows(desk: Desk) {
    return [desk.session.selection];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.until(this.desk.session.store.subscribe(() => this.requestUpdate()));
  }

  private get rows() {
    const { store, selection } = this.desk.session;
    return selection.value.flatMap((key) => store.get(key) ?? []);
  }

  private kinds(): [AnnotationType | undefined, number][] {
    const found = new Map<AnnotationType | undefined, number>();
    for (const row of this.rows) {
      const type = this.desk.typeOf(row);
      found.set(type, (found.get(type) ?? 0) + 1);
    }
    return [...found].sort((a, b) => b[1] - a[1]);
  }

  private verdict(verdict: Verdict) {
    const { desk } = this;
    const { person_id } = desk.workspace.me;
    const all = this.rows.every((row) => verdictOf(row, person_id) === verdict);
    const [name, words, key] = verdict === "accepted" ? (["accept", "Accept", "J"] as const) : (["reject", "Reject", "K"] as const);
    return html`<button type="button" class="button" data-verdict=${verdict} aria-pressed=${all} title=${all ? "Take all these verdicts back" : ""}
      @click=${(event: MouseEvent) => (desk.verifySelection(verdict), this.backToStage(event))}>
      <span class="status ${name}">${glyph(name)}</span>${words} <kbd aria-hidden="true">${key}</kbd></button>`;
  }

  private retype(kinds: readonly [AnnotationType | undefined, number][]) {
    const { desk } = this;
    const shapes = new Set(kinds.map(([type]) => type?.vector_type));
    const [only] = kinds.length === 1 ? kinds : [];
    const fitting = desk.types.filter((type) => shapes.size === 1 && shapes.has(type.vector_type) && type !== only?.[0]);
    if (fitting.length === 0) return nothing;
    const pick = (event: Event): void => {
      const select = event.target as HTMLSelectElement;
      const type = desk.typeById(select.value);
      if (type) desk.retype(type);
      select.value = "";
    };
    return html`<select class="input small" aria-label="Give all another type" @change=${pick}>
      <option value="">Give all another type…</option>
      ${fitting.map((type) => html`<option value=${type.id}>${type.name}</option>`)}
    </select>`;
  }

  protected override render() {
    const { desk } = this;
    const kinds = this.kinds();
    const many = this.rows.length;
    return html`
      <h3 data-testid="several">${counted(many, "annotation")} selected</h3>
      <ul>${kinds.map(([type, number]) => html`<li>${swatch(type?.color_code ?? "#888888")}<span class="name clip">${type?.name ?? "Unknown type"}</span><span class="count">${count(number)}</span></li>`)}</ul>
      ${desk.mayVerify ? html`<div class="pair">${this.verdict("accepted")} ${this.verdict("rejected")}</div>` : nothing}
      ${desk.mayAnnotate ? html`${this.retype(kinds)}
        <button type="button" class="button small" data-action="remove" @click=${() => desk.removeSelection()}>${icon("trash")} Remove ${count(many)}</button>` : nothing}
      ${desk.mayVerify || desk.mayAnnotate ? html`<p class="hint">All or nothing, and one undo takes all of it back.</p>` : nothing}
    `;
  }
}

customElements.define("exact-several", ExactSeveral);
