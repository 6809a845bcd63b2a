/** One question with yes or no, over the viewer. */

import type { ExactDialog } from "../design/dialog";
import "../design/dialog";
import { LitElement, css, html } from "lit";
import { controls } from "../design/styles";

export interface Question {
  readonly heading: string;
  readonly lead: string;
  /** The words on the button that does it. */
  readonly action: string;
}

export class ExactConfirm extends LitElement {
  static override properties = { question: { attribute: false } };
  declare question: Question;
  settle: (yes: boolean) => void = () => undefined;
  private answer = false;

  static override styles = [
    controls,
    css`
      .actions {
        display: flex;
        justify-content: flex-end;
        gap: 8px;
      }
    `,
  ];

  private close(answer: boolean): void {
    this.answer = answer;
    this.renderRoot.querySelector<ExactDialog>("exact-dialog")?.close();
  }

  private closed(): void {
    this.settle(this.answer);
    this.remove();
  }

  protected override render() {
    const { heading, lead, action } = this.question;
    return html`<exact-dialog open .heading=${heading} .lead=${lead} @exact-close=${this.closed}>
      <div class="actions">
        <button type="button" class="button" @click=${() => this.close(false)}>Cancel</button>
        <button type="button" class="button primary" autofocus data-testid="confirm" @click=${() => this.close(true)}>${action}</button>
      </div>
    </exact-dialog>`;
  }
}

customElements.define("exact-confirm", ExactConfirm);

declare global {
  interface HTMLElementTagNameMap {
    "exact-confirm": ExactConfirm;
  }
}

/** True when the person says yes. */
export function confirmed(question: Question): Promise<boolean> {
  return new Promise((resolve) => {
    const dialog = document.createElement("exact-confirm");
    dialog.question = question;
    dialog.settle = resolve;
    document.body.append(dialog);
  });
}
