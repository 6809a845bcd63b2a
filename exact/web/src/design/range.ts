/** Two ends on one slider: each is a native range input of its own, so that both are reached and moved by keyboard. */

import { LitElement, css, html } from "lit";

export interface Ends {
  readonly low: number;
  readonly high: number;
}

export class ExactRange extends LitElement {
  static override properties = {
    min: { type: Number },
    max: { type: Number },
    step: { type: Number },
    low: { type: Number },
    high: { type: Number },
    label: { type: String },
    colour: { type: String },
  };
  declare min: number;
  declare max: number;
  declare step: number;
  declare low: number;
  declare high: number;
  /** What is set, for those who hear the page. */
  declare label: string;
  declare colour: string;

  constructor() {
    super();
    this.min = 0;
    this.max = 1;
    this.step = 0.001;
    this.low = 0;
    this.high = 1;
    this.label = "Range";
    this.colour = "#56bdd9";
  }

  static override styles = css`
    :host {
      display: block;
      position: relative;
      height: 20px;
      --thumb: 14px;
    }
    .track,
    .between {
      position: absolute;
      top: 8px;
      height: 4px;
      border-radius: 2px;
    }
    .track {
      inset-inline: 0;
      background: rgb(127 140 148 / 38%);
    }
    input {
      appearance: none;
      position: absolute;
      inset: 0;
      width: 100%;
      height: 20px;
      margin: 0;
      background: none;
      pointer-events: none;
    }
    input::-webkit-slider-thumb {
      appearance: none;
      width: var(--thumb);
      height: var(--thumb);
      border: 2px solid #0c1216;
      border-radius: 50%;
      background: #eef4f6;
      cursor: ew-resize;
      pointer-events: auto;
    }
    input::-moz-range-thumb {
      width: calc(var(--thumb) - 4px);
      height: calc(var(--thumb) - 4px);
      border: 2px solid #0c1216;
      border-radius: 50%;
      background: #eef4f6;
      cursor: ew-resize;
      pointer-events: auto;
    }
    input:focus-visible {
      outline: none;
    }
    input:focus-visible::-webkit-slider-thumb {
      outline: 2px solid #fff;
      outline-offset: 1px;
    }
    input:focus-visible::-moz-range-thumb {
      outline: 2px solid #fff;
      outline-offset: 1px;
    }
  `;

  /** 0 to 1 of the way. */
  private share(value: number): number {
    return this.max > this.min ? Math.min(Math.max(0, (value - this.min) / (this.max - this.min)), 1) : 0;
  }

  private tell(ends: Ends): void {
    this.dispatchEvent(new CustomEvent<Ends>("exact-range", { detail: ends }));
  }

  private moved(end: "low" | "high", event: Event): void {
    const value = Number((event.target as HTMLInputElement).value);
    const ends = end === "low" ? { low: Math.min(value, this.high - this.step), high: this.high } : { low: this.low, high: Math.max(value, this.low + this.step) };
    (event.target as HTMLInputElement).value = String(ends[end]);
    this.tell(ends);
  }

  protected override render() {
    const [from, to] = [this.share(this.low) * 100, this.share(this.high) * 100];
    const one = (end: "low" | "high", words: string) => html`<input type="range" min=${this.min} max=${this.max} step=${this.step}
      .value=${String(this[end])} aria-label="${this.label}, ${words}" @input=${(event: Event) => this.moved(end, event)} />`;
    return html`<div class="track"></div>
      <div class="between" .style=${`left:${from}%;right:${100 - to}%;background:${this.colour}`}></div>
      ${one("low", "shown as black")} ${one("high", "shown at full brightness")}`;
  }
}

customElements.define("exact-range", ExactRange);
