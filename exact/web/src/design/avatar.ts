/** A person as a disc with initials, in the colour that their cursor has in the viewer. */

import { LitElement, css, html } from "lit";
import { initials } from "./format";

const COLOURS = ["#0b6b87", "#7a4fb5", "#b0440f", "#167347", "#a32d6e", "#33589f", "#7b6210", "#8b3a3a"];

/** The same name has the same colour on every page. */
export function colourOf(name: string): string {
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) >>> 0;
  return COLOURS[hash % COLOURS.length] as string;
}

export class ExactAvatar extends LitElement {
  static override properties = { name: { type: String }, colour: { type: String }, size: { type: Number } };
  declare name: string;
  declare colour: string;
  declare size: number;

  constructor() {
    super();
    this.name = "";
    this.colour = "";
    this.size = 28;
  }

  static override styles = css`
    :host {
      display: inline-flex;
      flex: none;
    }
    .disc {
      display: grid;
      place-items: center;
      border-radius: 50%;
      color: #fff;
      font-family: var(--font);
      font-weight: 600;
      line-height: 1;
      letter-spacing: 0.01em;
      user-select: none;
    }
  `;

  protected override render() {
    const look = `width:${this.size}px;height:${this.size}px;font-size:${Math.round(this.size * 0.39)}px;background:${this.colour || colourOf(this.name)}`;
    return html`<span class="disc" aria-hidden="true" .style=${look}>${initials(this.name)}</span>`;
  }
}

customElements.define("exact-avatar", ExactAvatar);
