/** Short messages that come and go, and a region in which a screen reader hears them. */

import { LitElement, css, html, nothing } from "lit";
import { icon, type IconName } from "./icons";
import { controls } from "./styles";

export type ToastKind = "good" | "bad" | "plain";

interface Toast {
  id: number;
  text: string;
  kind: ToastKind;
  action?: { label: string; run: () => void } | undefined;
}

const ICONS: Record<ToastKind, IconName> = { good: "check-circle", bad: "alert", plain: "activity" };

/** How long a message stays, in milliseconds: longer for long sentences and those one can act on, and refusals wait to be closed. */
export const stay_ms = (text: string, kind: ToastKind, acts = false): number =>
  kind === "bad" ? Infinity : Math.max(acts ? 10_000 : 4000, text.length * 70);

export class ExactToasts extends LitElement {
  static override properties = { toasts: { state: true } };
  declare toasts: Toast[];
  private last = 0;

  constructor() {
    super();
    this.toasts = [];
  }

  static override styles = [
    controls,
    css`
      :host {
        position: fixed;
        inset: auto 16px 16px auto;
        z-index: 100;
        display: grid;
        gap: 8px;
        width: min(400px, calc(100vw - 32px));
        pointer-events: none;
        margin: 0;
        padding: 0;
        border: 0;
        background: none;
        overflow: visible;
      }
      .toast {
        display: flex;
        align-items: flex-start;
        gap: 10px;
        padding: 11px 8px 11px 14px;
        border: 1px solid var(--line);
        border-radius: 10px;
        background: var(--surface-raised);
        box-shadow: var(--shadow-3);
        color: var(--ink);
        font: 400 var(--text-md) / 1.45 var(--font);
        pointer-events: auto;
        animation: rise var(--calm) var(--ease);
      }
      .toast > .icon {
        margin-top: 2px;
        color: var(--accent-ink);
      }
      .good > .icon {
        color: var(--good);
      }
      .bad > .icon {
        color: var(--bad);
      }
      .text {
        flex: 1;
        min-width: 0;
        overflow-wrap: anywhere;
      }
      .button {
        margin: -4px 0;
      }
      @keyframes rise {
        from {
          opacity: 0;
          transform: translateY(8px);
        }
      }
    `,
  ];

  push(text: string, kind: ToastKind, action?: Toast["action"]): void {
    const id = ++this.last;
    this.toasts = [...this.toasts.slice(-3), { id, text, kind, action }];
    this.rise();
    const stays = stay_ms(text, kind, action !== undefined);
    if (Number.isFinite(stays)) setTimeout(() => this.drop(id), stays);
  }

  /** Above a modal dialog too: the top layer is a stack, and whoever enters last lies on top. */
  private rise(): void {
    if (!("showPopover" in this)) return;
    this.popover = "manual";
    this.hidePopover();
    this.showPopover();
  }

  drop(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }

  private one(toast: Toast) {
    const act = () => {
      this.drop(toast.id);
      toast.action?.run();
    };
    return html`<div class="toast ${toast.kind}">
      ${icon(ICONS[toast.kind])}
      <div class="text">${toast.text}</div>
      ${toast.action ? html`<button class="button quiet small" @click=${act}>${toast.action.label}</button>` : nothing}
      <button class="button quiet square small" aria-label="Dismiss" @click=${() => this.drop(toast.id)}>
        ${icon("close")}
      </button>
    </div>`;
  }

  protected override render() {
    return html`<div role="status" aria-live="polite">${this.toasts.map((toast) => this.one(toast))}</div>`;
  }
}

customElements.define("exact-toasts", ExactToasts);

function host(): ExactToasts {
  const found = document.querySelector<ExactToasts>("exact-toasts");
  return found ?? document.body.appendChild(document.createElement("exact-toasts") as ExactToasts);
}

/** Show one message; a refusal stays until it is closed. */
export function toast(text: string, kind: ToastKind = "plain", action?: Toast["action"]): void {
  host().push(text, kind, action);
}
