/** A thumbnail in a box of fixed shape: it comes when it is near the window, and a missing one leaves a quiet sign. */

import { html } from "lit";
import { icon } from "../design";
import { urls } from "./routes";

const shown = (event: Event): void => (event.target as HTMLElement).parentElement?.setAttribute("data-state", "shown");
const missing = (event: Event): void =>
  (event.target as HTMLElement).parentElement?.setAttribute("data-state", "missing");

export const thumbnail = (number: number) =>
  html`<div class="thumb" data-state="waiting">
    ${icon("image")}<img
      src=${urls.thumbnail(number)}
      alt=""
      loading="lazy"
      decoding="async"
      draggable="false"
      @load=${shown}
      @error=${missing}
    />
  </div>`;
