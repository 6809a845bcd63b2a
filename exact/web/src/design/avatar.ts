/** A person as a disc with initials, in the colour that their cursor has in the viewer. */

import { LitElement, css, html } from "lit";
import { initials } from "./format";

/** Okabe and Ito's palette in the server's order (exact/accounts/colours.py). */
const COLOURS = ["#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#9467bd"];
const DARK = "#0b151b";

/** The colour of a person by their opaque id, as the server gives it: the id as a number, modulo eight. */
export const colourOf = (person_id: string): string =>
  COLOURS[Number.parseInt(person_id.slice(-1), 16) % COLOURS.length] ?? "#9467bd";

/** Light or dark letters, whichever is read better on a colour `#rrggbb`. */
export function inkOn(colour: string): string {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => (Number.parseInt(colour.slice(at, at + 2), 16) / 255) ** 2.2);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.19 ? DARK : "#ffffff";
}

export class ExactAvatar extends LitElement {
  static override properties = { name: { type: String }, person: { type: String }, size: { type: Number } };
  declare name: string;
  /** The opaque id of the person. */
  declare person: string;
  declare size: number;

  constructor() {
    super();
    this.name = "";
    this.person = "";
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
      font-family: var(--font);
      font-weight: 600;
      line-height: 1;
      letter-spacing: 0.01em;
      user-select: none;
    }
  `;

  protected override render() {
    const colour = colourOf(this.person);
    const look = `width:${this.size}px;height:${this.size}px;font-size:${Math.round(this.size * 0.39)}px;background:${colour};color:${inkOn(colour)}`;
    return html`<span class="disc" aria-hidden="true" .style=${look}>${initials(this.name)}</span>`;
  }
}

customElements.define("exact-avatar", ExactAvatar);
