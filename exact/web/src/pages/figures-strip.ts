/** The figures of an image set in one line; dashes hold their places until they are known. */

import { html } from "lit";
import { count, percent } from "../design/format";
import type { Figures } from "./figures";

export function strip(now: Figures | null) {
  const cell = (label: string, key: keyof Figures, of?: keyof Figures, kind = "") =>
    html`<div class="stat ${kind}">
      <dt>${label}</dt>
      <dd>${now ? count(now[key]) : "–"}<small>${now && of ? percent(now[key], now[of]) : ""}</small></dd>
    </div>`;
  return html`<dl class="stats card" data-testid="figures">
    ${cell("Images", "images")} ${cell("Annotated", "annotated", "images")} ${cell("Verified", "verified", "images")}
    ${cell("Annotations", "annotations")} ${cell("Open", "open", undefined, "open")}
    ${cell("Accepted", "accepted", undefined, "accepted")} ${cell("Rejected", "rejected", undefined, "rejected")}
  </dl>`;
}
