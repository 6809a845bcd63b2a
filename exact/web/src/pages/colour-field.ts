/** A choice of colour: eight that everybody can tell apart, and any other. */

import { html } from "lit";
import { PALETTE } from "./vectors";

const picked = (event: Event): void => {
  const input = event.target as HTMLInputElement;
  const radio = input.closest(".colours")?.querySelector<HTMLInputElement>(".custom-colour");
  if (!radio) return;
  radio.value = input.value;
  radio.checked = true;
};

export function colourField(name: string, value: string) {
  const own = !PALETTE.some(({ code }) => code === value.toLowerCase());
  const custom = own && value ? value : "#7f3fbf";
  return html`<div class="colours">
    ${PALETTE.map(
      ({ name: words, code }) =>
        html`<label class="colour" title=${words}>
          <input type="radio" name=${name} value=${code} ?checked=${code === value.toLowerCase()} aria-label=${words} />
          <span class="colour-disc" .style=${`background:${code}`}></span>
        </label>`,
    )}
    <label class="colour-own" title="Another colour">
      <input
        class="custom-colour unseen"
        type="radio"
        name=${name}
        value=${custom}
        ?checked=${own && value !== ""}
        tabindex="-1"
        aria-hidden="true"
      />
      <input class="colour-input" type="color" value=${custom} aria-label="Another colour" @input=${picked} />
      <span>Another</span>
    </label>
  </div>`;
}
