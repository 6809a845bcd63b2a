/** What is shown where there is nothing yet: what belongs here, and the button that makes the first one. */

import { LitElement, css, html } from "lit";
import { icon, type IconName } from "./icons";
import { controls } from "./styles";

export class ExactEmpty extends LitElement {
  static override properties = {
    heading: { type: String },
    icon: { type: String },
    small: { type: Boolean, reflect: true },
  };
  declare heading: string;
  declare icon: IconName;
  declare small: boolean;

  constructor() {
    super();
    this.heading = "";
    this.icon = "image";
    this.small = false;
  }

  static override styles = [
    controls,
    css`
      :host {
        display: grid;
        justify-items: center;
        gap: 6px;
        padding: 56px 24px;
        border: 1px dashed var(--line-strong);
        border-radius: var(--radius-lg);
        color: var(--ink-2);
        text-align: center;
      }
      :host([small]) {
        padding: 20px 16px;
      }
      .sign {
        display: grid;
        place-items: center;
        width: 44px;
        height: 44px;
        margin-bottom: 8px;
        border-radius: 12px;
        background: var(--accent-soft);
        color: var(--accent-ink);
      }
      .sign .icon {
        width: 22px;
        height: 22px;
      }
      :host([small]) .sign {
        display: none;
      }
      h2 {
        margin: 0;
        color: var(--ink);
        font: 620 var(--text-lg) / 1.4 var(--font);
      }
      :host([small]) h2 {
        font-size: var(--text-md);
      }
      ::slotted([slot="action"]) {
        margin-top: 14px;
      }
      .words {
        max-width: 46ch;
        text-wrap: balance;
      }
    `,
  ];

  protected override render() {
    return html`<div class="sign">${icon(this.icon)}</div>
      <h2>${this.heading}</h2>
      <div class="words"><slot></slot></div>
      <slot name="action"></slot>`;
  }
}

customElements.define("exact-empty", ExactEmpty);
