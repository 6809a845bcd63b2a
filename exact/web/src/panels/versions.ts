/** Two versions of an annotation side by side: small outlines, type and remark, where they differ. */

import { css, html, nothing, svg } from "lit";
import { ago, when } from "../design/format";
import type { Annotation } from "../model/annotation";
import type { Conflict, Field } from "../model/conflicts";
import { frameOf, pathOf } from "../model/outline";
import type { Vector } from "../model/vector";
import type { Desk } from "../viewer/desk";
import { swatch } from "./glyphs";

export const versionStyles = css`
  .versions {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 8px;
  }
  .version {
    display: flex;
    flex-direction: column;
    gap: 6px;
    min-width: 0;
    margin: 0;
    padding: 10px;
    border: 1px solid var(--line);
    border-radius: 8px;
  }
  .version h3 {
    overflow: hidden;
    margin: 0;
    font: 620 13px/1.4 var(--font);
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .version h3 small {
    color: var(--ink-3);
    font-size: 12px;
    font-weight: 400;
  }
  .version p {
    display: -webkit-box;
    overflow: hidden;
    margin: 0;
    overflow-wrap: anywhere;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 3;
  }
  .version .none {
    color: var(--ink-3);
  }
  .version .type {
    display: flex;
    align-items: center;
    gap: 6px;
    min-width: 0;
  }
  .version .button {
    margin-top: auto;
  }
  .picture {
    display: block;
    width: 100%;
    height: 84px;
    border-radius: 6px;
    background: var(--surface-sunken);
  }
  .picture path {
    fill: none;
    stroke-width: 2;
    vector-effect: non-scaling-stroke;
    stroke-linejoin: round;
    stroke-linecap: round;
  }
  .picture .before {
    stroke: var(--ink-3);
    stroke-width: 1;
    stroke-dasharray: 3 3;
  }
`;

/** The two versions; `theirButton` and `myButton` stand below the version that they keep. */
export function versions(desk: Desk, conflict: Conflict, who: string, at: string, theirButton: unknown, myButton: unknown) {
  const { theirs, mine } = conflict;
  const stamp = (time: string) => (time ? html` <small title=${when(time)}>${ago(time)}</small>` : nothing);
  return html`<div class="versions">
    <section class="version" data-version="theirs" aria-label="The version of ${who}">
      <h3>${who}${stamp(theirs.edited_at)}</h3>
      ${looks(desk, conflict, theirs)} ${theirButton}
    </section>
    <section class="version" data-version="mine" aria-label="Your version">
      <h3>Yours${stamp(at)}</h3>
      ${looks(desk, conflict, mine)} ${myButton}
    </section>
  </div>`;
}

/** What the version looks like, as far as the two differ. */
function looks(desk: Desk, conflict: Conflict, row: Annotation) {
  const { differ, theirs, mine } = conflict;
  const fields: Field[] = theirs.removed === mine.removed ? [...differ] : ["shape", "type", ...differ];
  const type = desk.typeOf(row);
  return html`
    ${fields.includes("shape") ? picture(desk, conflict, row) : nothing}
    ${row.removed ? html`<p class="none">Removed</p>` : nothing}
    ${fields.includes("type") && !row.removed ? html`<div class="type">${swatch(type?.color_code ?? "#888888")}<span class="clip">${type?.name ?? "Unknown type"}</span></div>` : nothing}
    ${fields.includes("remark") && !row.removed ? (row.description ? html`<p>“${row.description}”</p>` : html`<p class="none">No remark</p>`) : nothing}
  `;
}

/** The outline over the one that was there before, both versions at the same scale. */
function picture(desk: Desk, { seen, theirs, mine }: Conflict, row: Annotation) {
  const all = [seen, theirs, mine].flatMap((one) => (one?.vector ? [one.vector] : []));
  const frame = frameOf(all);
  if (!frame || !row.vector) return html`<p class="none">${row.vector ? "The whole image" : "Not in the image"}</p>`;
  const colour = desk.typeOf(row)?.color_code ?? "#888888";
  const path = (vector: Vector, name: string, stroke: unknown) => svg`<path class=${name} d=${pathOf(vector)} stroke=${stroke} />`;
  return html`<svg class="picture" viewBox=${frame} role="img" aria-label=${`Outline${row.removed ? ", removed" : ""}`}>
    ${seen?.vector ? path(seen.vector, "before", nothing) : nothing} ${row.removed ? nothing : path(row.vector, "now", colour)}
  </svg>`;
}
