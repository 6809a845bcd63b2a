/** One sentence over the image that goes by itself: what a tool wants, why something was not done. */

import { css, html, nothing } from "lit";
import type { Desk } from "../viewer/desk";
import { DeskElement, look } from "./element";

export class ExactRemark extends DeskElement {
  private timer: ReturnType<typeof setTimeout> | undefined;

  static override styles = [
    look,
    css`
      :host {
        position: absolute;
        inset: auto 0 64px;
        z-index: 4;
        display: grid;
        place-items: center;
        pointer-events: none;
      }
      [role="status"] {
        display: grid;
        justify-items: center;
        width: 100%;
      }
      .pill {
        max-width: min(560px, calc(100% - 32px));
        padding: 8px 14px;
        border-radius: 9px;
        background: rgb(12 18 22 / 92%);
        color: #f3f8fa;
        box-shadow: var(--shadow-3);
        font-weight: 500;
      }
      .pill.bad {
        background: #7c1c2c;
      }
    `,
  ];

  protected follows(desk: Desk) {
    return [desk.remark];
  }

  protected override willUpdate(): void {
    clearTimeout(this.timer);
    const remark = this.desk.remark.value;
    if (remark) this.timer = setTimeout(() => (this.desk.remark.value = null), 3000 + remark.text.length * 55);
  }

  protected override render() {
    const remark = this.desk.remark.value;
    return html`<div role="status" aria-live="polite">${remark ? html`<div class="pill ${remark.kind}" data-testid="remark">${remark.text}</div>` : nothing}</div>`;
  }
}

customElements.define("exact-remark", ExactRemark);
