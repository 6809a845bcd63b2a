/** What all elements of the viewer have in common: a desk they show, the signals they follow, one look. */

import { LitElement, css } from "lit";
import { controls } from "../design/styles";
import type { Followable } from "../state/signal";
import type { Desk } from "../viewer/desk";

export const look = css`
  :host {
    display: block;
    min-width: 0;
    color: var(--ink);
    font: 400 13px/1.45 var(--font);
    font-variant-numeric: tabular-nums;
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  button,
  input,
  select,
  textarea {
    font: inherit;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 1px;
  }
  h2 {
    margin: 0;
    color: var(--ink-2);
    font: 620 12px/1.4 var(--font);
    letter-spacing: 0.01em;
  }
  kbd {
    display: inline-grid;
    place-items: center;
    min-width: 18px;
    height: 18px;
    padding: 0 4px;
    border: 1px solid var(--line-strong);
    border-radius: 4px;
    background: var(--surface-sunken);
    color: var(--ink-3);
    font: 500 11px/1 var(--font);
  }
  .head {
    display: flex;
    flex: none;
    align-items: center;
    gap: 8px;
    height: 36px;
    padding: 0 8px 0 12px;
  }
  .head h2 {
    flex: 1;
  }
  .count {
    color: var(--ink-3);
    font-weight: 400;
  }
  .status {
    display: inline-flex;
    color: var(--ink-3);
  }
  .status.accepted {
    color: var(--good);
  }
  .status.rejected {
    color: var(--bad);
  }
  .scroll {
    overflow-y: auto;
    overscroll-behavior: contain;
    scrollbar-width: thin;
    scrollbar-color: var(--line-strong) transparent;
  }
  .tab {
    appearance: none;
    position: relative;
    height: 36px;
    padding: 0 2px;
    border: 0;
    background: none;
    color: var(--ink-3);
    font: 600 12px/1 var(--font);
    cursor: pointer;
  }
  .tab:hover {
    color: var(--ink);
  }
  .tab[aria-selected="true"] {
    color: var(--ink);
  }
  .tab[aria-selected="true"]::after {
    content: "";
    position: absolute;
    inset: auto 0 0;
    height: 2px;
    border-radius: 2px;
    background: var(--accent);
  }
`;

export abstract class DeskElement extends LitElement {
  static override properties = { desk: { attribute: false } };
  declare desk: Desk;
  private leave: (() => void)[] = [];

  static override styles = [controls, look];

  /** What makes this element render again. */
  protected abstract follows(desk: Desk): readonly Followable[];

  override connectedCallback(): void {
    super.connectedCallback();
    this.leave = this.follows(this.desk).map((source) => source.subscribe(() => this.requestUpdate()));
  }

  override disconnectedCallback(): void {
    for (const leave of this.leave) leave();
    this.leave = [];
    super.disconnectedCallback();
  }

  /** After a click with the mouse the keys belong to the image again; who walks by keyboard stays where they are. */
  protected backToStage(event: MouseEvent): void {
    if (event.detail > 0) this.desk.stage?.focus();
  }

  /** Ends with the element. */
  protected until(leave: () => void): void {
    this.leave.push(leave);
  }
}
