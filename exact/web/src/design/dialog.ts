/** A modal dialog on the native element: Esc closes, focus stays inside and returns to where it came from. */

import { LitElement, css, html, nothing } from "lit";
import { icon } from "./icons";
import { controls } from "./styles";

export class ExactDialog extends LitElement {
  static override properties = {
    heading: { type: String },
    lead: { type: String },
    open: { type: Boolean, reflect: true },
    busy: { type: Boolean },
    wide: { type: Boolean, reflect: true },
  };

  declare heading: string;
  declare lead: string;
  declare open: boolean;
  /** While something runs that must not be lost from sight, the dialog does not close. */
  declare busy: boolean;
  declare wide: boolean;

  constructor() {
    super();
    this.heading = "";
    this.lead = "";
    this.open = false;
    this.busy = false;
    this.wide = false;
  }

  static override styles = [
    controls,
    css`
      dialog {
        width: min(480px, calc(100vw - 32px));
        max-width: none;
        max-height: min(86vh, 900px);
        margin: auto;
        padding: 0;
        border: 1px solid var(--line);
        border-radius: 14px;
        background: var(--surface-raised);
        color: var(--ink);
        box-shadow: var(--shadow-3);
        overflow: hidden;
      }
      :host([wide]) dialog {
        width: min(680px, calc(100vw - 32px));
      }
      dialog[open] {
        display: flex;
        flex-direction: column;
        animation: rise var(--calm) var(--ease);
      }
      dialog::backdrop {
        background: var(--scrim);
        animation: appear var(--calm) var(--ease);
      }
      .top {
        display: flex;
        align-items: flex-start;
        gap: 12px;
        padding: 20px 16px 0 24px;
      }
      h2 {
        margin: 0;
        font: 640 var(--text-lg) / 1.4 var(--font);
        letter-spacing: -0.01em;
        overflow-wrap: anywhere;
      }
      p {
        margin: 4px 0 0;
        color: var(--ink-2);
      }
      .words {
        flex: 1;
        min-width: 0;
      }
      .body {
        padding: 18px 24px 24px;
        overflow-y: auto;
        overscroll-behavior: contain;
      }
      @keyframes rise {
        from {
          opacity: 0;
          transform: translateY(8px) scale(0.985);
        }
      }
      @keyframes appear {
        from {
          opacity: 0;
        }
      }
    `,
  ];

  private get native(): HTMLDialogElement | null {
    return this.renderRoot.querySelector("dialog");
  }

  show(): void {
    this.open = true;
  }

  close(): void {
    this.open = false;
  }

  protected override updated(changed: Map<PropertyKey, unknown>): void {
    if (!changed.has("open")) return;
    if (this.open && !this.native?.open) this.native?.showModal();
    if (!this.open && this.native?.open) this.native.close();
    if (this.open) this.querySelector<HTMLElement>("[autofocus]")?.focus();
  }

  private closed(): void {
    this.open = false;
    this.dispatchEvent(new CustomEvent("exact-close"));
  }

  private cancel(event: Event): void {
    if (this.busy) event.preventDefault();
  }

  protected override render() {
    return html`<dialog aria-labelledby="heading" @close=${this.closed} @cancel=${this.cancel}>
      <div class="top">
        <div class="words">
          <h2 id="heading">${this.heading}</h2>
          ${this.lead ? html`<p>${this.lead}</p>` : nothing}
        </div>
        <button
          class="button quiet square small"
          type="button"
          aria-label="Close"
          ?disabled=${this.busy}
          @click=${this.close}
        >
          ${icon("close")}
        </button>
      </div>
      <div class="body">${this.open ? html`<slot></slot>` : nothing}</div>
    </dialog>`;
  }
}

customElements.define("exact-dialog", ExactDialog);
