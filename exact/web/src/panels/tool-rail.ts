/** The tools at the left edge: one column, the armed one lit, what cannot be used greyed. */

import { css, html, nothing } from "lit";
import { type ToolEntry, TOOLS } from "../tools/registry";
import type { Desk } from "../viewer/desk";
import { DeskElement, look } from "./element";
import { glyph, toolGlyph } from "./glyphs";

export class ExactToolRail extends DeskElement {
  static override styles = [
    look,
    css`
      :host {
        border-right: 1px solid var(--line);
        background: var(--surface);
        overflow-y: auto;
        scrollbar-width: none;
      }
      .tools {
        box-sizing: border-box;
        display: flex;
        flex-direction: column;
        align-items: center;
        gap: 2px;
        min-height: 100%;
        padding: 8px 0;
      }
      button {
        appearance: none;
        position: relative;
        flex: none;
        display: grid;
        place-items: center;
        width: 40px;
        height: 40px;
        padding: 0;
        border: 0;
        border-radius: 8px;
        background: none;
        color: var(--ink-2);
        cursor: pointer;
      }
      button:hover:not(:disabled) {
        background: var(--surface-hover);
        color: var(--ink);
      }
      button[aria-pressed="true"] {
        background: var(--accent);
        color: var(--ink-on-accent);
      }
      button:disabled {
        opacity: 0.3;
        cursor: default;
      }
      .key {
        position: absolute;
        right: 4px;
        bottom: 2px;
        font: 600 9px/1 var(--font);
        opacity: 0.62;
      }
      hr {
        width: 26px;
        margin: 6px 0;
        border: 0;
        border-top: 1px solid var(--line);
      }
      .spring {
        flex: 1;
      }
    `,
  ];

  protected follows(desk: Desk) {
    return [desk.tool, desk.session.undo.changed];
  }

  private one(entry: ToolEntry) {
    const usable = this.desk.usable(entry.name);
    const why = usable ? entry.hint : "No annotation type of this image set has this shape";
    return html`<button
      type="button"
      data-tool=${entry.name}
      aria-pressed=${this.desk.tool.value === entry.name}
      aria-label="${entry.title} (${entry.key})"
      title="${entry.title}  ${entry.key}&#10;${why}"
      ?disabled=${!usable}
      @click=${(event: MouseEvent) => (this.desk.arm(entry.name), this.backToStage(event))}
    >${toolGlyph(entry.name)}<span class="key" aria-hidden="true">${entry.key.length === 1 ? entry.key : ""}</span></button>`;
  }

  protected override render() {
    const { desk } = this;
    const { undo } = desk.session;
    const drawing = TOOLS.filter((entry) => entry.draws !== null);
    return html`<div class="tools" role="toolbar" aria-label="Tools" aria-orientation="vertical">
      ${TOOLS.filter((entry) => entry.draws === null).map((entry) => this.one(entry))}
      ${desk.mayAnnotate
        ? html`<hr />
            ${drawing.map((entry) => this.one(entry))}
            <div class="spring"></div>
            <button type="button" data-action="undo" title="Undo  Ctrl Z" aria-label="Undo" ?disabled=${!undo.canUndo} @click=${() => desk.session.undoLast()}>${glyph("undo", 20)}</button>
            <button type="button" data-action="redo" title="Redo  Ctrl Shift Z" aria-label="Redo" ?disabled=${!undo.canRedo} @click=${() => desk.session.redoLast()}>${glyph("redo", 20)}</button>`
        : nothing}
    </div>`;
  }
}

customElements.define("exact-tool-rail", ExactToolRail);
