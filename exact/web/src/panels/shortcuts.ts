/** The sheet of all keys. */

import { css, html, nothing } from "lit";
import { icon } from "../design/icons";
import { controls } from "../design/styles";
import type { Desk } from "../viewer/desk";
import { BINDINGS, SPOKEN } from "../viewer/keymap";
import { DeskElement, look } from "./element";

const PRINTED: Record<string, string> = {
  Mod: "Ctrl", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", Delete: "Del", Backspace: "⌫",
};

function printed(binding: string): string[] {
  return binding.split("+").map((part) => PRINTED[part] ?? (part.length === 1 ? part.toUpperCase() : part) ?? "+").map((part) => part || "+");
}

interface Line {
  readonly title: string;
  readonly group: string;
  /** One of these; each is pressed together. */
  readonly presses: readonly (readonly string[])[];
}

function lines(): Line[] {
  const bound = [...BINDINGS.viewer, ...BINDINGS.drawing].filter((binding) => binding.title);
  return [
    ...bound.map(({ title, group, keys }) => ({ title, group, presses: keys.slice(0, 2).map((key) => (key === "+" ? ["+"] : printed(key))) })),
    ...SPOKEN.map(({ title, group, keys }) => ({ title, group, presses: [keys] })),
  ];
}

export class ExactShortcuts extends DeskElement {
  static override styles = [
    controls,
    look,
    css`
      dialog {
        width: min(860px, calc(100vw - 48px));
        max-height: min(720px, calc(100vh - 48px));
        padding: 0;
        border: 1px solid var(--line);
        border-radius: 14px;
        background: var(--surface-raised);
        color: var(--ink);
        box-shadow: var(--shadow-3);
      }
      dialog::backdrop {
        background: var(--scrim);
      }
      header {
        display: flex;
        align-items: center;
        justify-content: space-between;
        padding: 16px 14px 4px 24px;
      }
      header h2 {
        color: var(--ink);
        font: 640 16px/1.4 var(--font);
      }
      .groups {
        columns: 3 230px;
        column-gap: 32px;
        padding: 8px 24px 24px;
      }
      section {
        break-inside: avoid;
        padding-bottom: 14px;
      }
      section h3 {
        margin: 0 0 4px;
        color: var(--accent-ink);
        font: 620 12px/1.6 var(--font);
      }
      .line {
        display: flex;
        align-items: flex-start;
        justify-content: space-between;
        gap: 10px;
        padding: 3px 0;
      }
      .presses {
        display: inline-flex;
        flex: none;
        gap: 3px;
        padding-top: 1px;
      }
      .or {
        color: var(--ink-3);
        font-size: 11px;
      }
    `,
  ];

  protected follows(desk: Desk) {
    return [desk.helpOpen];
  }

  protected override updated(): void {
    const dialog = this.renderRoot.querySelector("dialog");
    if (!dialog) return;
    if (this.desk.helpOpen.value && !dialog.open) dialog.showModal();
    if (!this.desk.helpOpen.value && dialog.open) dialog.close();
  }

  private line({ title, presses }: Line) {
    const press = (keys: readonly string[], index: number) => html`${index > 0 ? html`<span class="or">or</span>` : nothing}${keys.map((key) => html`<kbd>${key}</kbd>`)}`;
    return html`<div class="line"><span>${title}</span><span class="presses">${presses.map(press)}</span></div>`;
  }

  protected override render() {
    const all = lines();
    const groups = [...new Set(all.map((line) => line.group))];
    const close = (): void => void (this.desk.helpOpen.value = false);
    return html`<dialog aria-label="Keyboard shortcuts" @close=${close} @click=${(event: Event) => event.target === event.currentTarget && close()}>
      <header><h2>Keyboard shortcuts</h2><button type="button" class="button quiet square small" aria-label="Close" @click=${close}>${icon("close")}</button></header>
      <div class="groups">${groups.map((group) => html`<section><h3>${group}</h3>${all.filter((line) => line.group === group).map((line) => this.line(line))}</section>`)}</div>
    </dialog>`;
  }
}

customElements.define("exact-shortcuts", ExactShortcuts);
