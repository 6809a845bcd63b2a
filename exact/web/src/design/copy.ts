/** A long value, such as a hash, shown short and copied whole. */

import { LitElement, css, html } from "lit";
import { icon } from "./icons";
import { controls } from "./styles";
import { toast } from "./toast";

export class ExactCopy extends LitElement {
  static override properties = {
    value: { type: String },
    label: { type: String },
    full: { type: Boolean, reflect: true },
    done: { state: true },
  };
  declare value: string;
  declare label: string;
  declare full: boolean;
  declare done: boolean;

  constructor() {
    super();
    this.value = "";
    this.label = "value";
    this.full = false;
    this.done = false;
  }

  static override styles = [
    controls,
    css`
      :host {
        display: inline-flex;
        align-items: center;
        gap: 2px;
        min-width: 0;
        max-width: 100%;
      }
      code {
        min-width: 0;
        color: var(--ink-2);
        font: 400 var(--text-sm) / 1.5 var(--font-mono);
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      :host([full]) code {
        white-space: normal;
        overflow-wrap: anywhere;
      }
      .button {
        width: 24px;
        height: 24px;
      }
      .done .icon {
        color: var(--good);
      }
    `,
  ];

  private async copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.value);
    } catch {
      // Without https the browser gives no clipboard: the person can still copy by hand.
      toast(`Your browser did not allow copying. The ${this.label} is: ${this.value}`, "plain");
      return;
    }
    this.done = true;
    setTimeout(() => (this.done = false), 1600);
  }

  protected override render() {
    const words = this.done ? `Copied the ${this.label}` : `Copy the ${this.label}`;
    return html`<code title=${this.value}
        >${this.full ? this.value : this.value.slice(0, 12)}${this.full || this.value.length <= 12 ? "" : "…"}</code
      >
      <button
        class="button quiet square small ${this.done ? "done" : ""}"
        type="button"
        aria-label=${words}
        title=${words}
        @click=${this.copy}
      >
        ${icon(this.done ? "check" : "copy")}
      </button>
      <span class="unseen" role="status">${this.done ? words : ""}</span>`;
  }
}

customElements.define("exact-copy", ExactCopy);
