/** A bar of one or more parts of a whole; without a whole it says that something is going on. */

import { LitElement, css, html, nothing } from "lit";

export type PartKind = "accent" | "soft" | "good" | "bad" | "warn";

export interface Part {
  value: number;
  kind: PartKind;
  /** Said and shown as the part's title. */
  label?: string;
}

export class ExactProgress extends LitElement {
  static override properties = {
    label: { type: String },
    value: { type: Number },
    max: { type: Number },
    parts: { attribute: false },
    thick: { type: Boolean, reflect: true },
  };

  declare label: string;
  declare value: number;
  /** 0: not known how much. */
  declare max: number;
  declare parts: Part[];
  declare thick: boolean;

  constructor() {
    super();
    this.label = "";
    this.value = 0;
    this.max = 1;
    this.parts = [];
    this.thick = false;
  }

  static override styles = css`
    :host {
      display: block;
    }
    .bar {
      display: flex;
      gap: 1px;
      height: 5px;
      border-radius: 3px;
      background: var(--surface-active);
      overflow: hidden;
    }
    :host([thick]) .bar {
      height: 8px;
      border-radius: 4px;
    }
    .part {
      min-width: 0;
      background: var(--accent);
      transition: width var(--calm) var(--ease);
    }
    .soft {
      background: var(--accent-line);
    }
    .good {
      background: var(--good);
    }
    .bad {
      background: var(--bad);
    }
    .warn {
      background: var(--warn);
    }
    .unknown {
      width: 35%;
      border-radius: 3px;
      background: var(--accent);
      animation: travel 1.3s ease-in-out infinite;
    }
    @keyframes travel {
      from {
        transform: translateX(-110%);
      }
      to {
        transform: translateX(320%);
      }
    }
    @media (prefers-reduced-motion: reduce) {
      .unknown {
        width: 100%;
        opacity: 0.5;
        animation: none;
      }
    }
  `;

  private get shown(): Part[] {
    return this.parts.length ? this.parts : [{ value: this.value, kind: "accent" }];
  }

  /** Width by property, because the content security policy allows no style attribute. */
  private piece(part: Part) {
    const width = `width: ${Math.min(100, (100 * part.value) / this.max)}%`;
    return html`<div class="part ${part.kind}" .style=${width} title=${part.label ?? nothing}></div>`;
  }

  protected override render() {
    const total = this.shown.reduce((sum, part) => sum + part.value, 0);
    return html`<div
      class="bar"
      role="progressbar"
      aria-label=${this.label}
      aria-valuemin="0"
      aria-valuemax=${this.max || nothing}
      aria-valuenow=${this.max ? Math.round(total * 100) / 100 : nothing}
    >
      ${this.max ? this.shown.filter((part) => part.value > 0).map((part) => this.piece(part)) : html`<div class="unknown"></div>`}
    </div>`;
  }
}

customElements.define("exact-progress", ExactProgress);
