/** Freezing a dataset version: what exactly will be kept, before it is kept for ever. */

import { html } from "lit";
import { icon } from "../design";
import { count, counted } from "../design/format";
import { figures, type Figures } from "./figures";
import { askForm } from "./form-dialog";
import * as rest from "./rest";
import type { DatasetVersion, ImageSet } from "./shapes";

/** A name that a command line takes without quotes. */
export const slug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60) || "dataset";

const table = (now: Figures) =>
  html`<dl class="freeze-table">
      <div>
        <dt>Images</dt>
        <dd>${count(now.images)}</dd>
      </div>
      <div>
        <dt>Annotations</dt>
        <dd>${count(now.annotations)}</dd>
      </div>
      <div>
        <dt>Accepted</dt>
        <dd>${count(now.accepted)}</dd>
      </div>
      <div>
        <dt>Rejected</dt>
        <dd>${count(now.rejected)}</dd>
      </div>
      <div>
        <dt>Open</dt>
        <dd>${count(now.open)}</dd>
      </div>
    </dl>
    ${
      now.open
        ? html`<div class="notice warn">
            ${icon("alert")}<span
              >${counted(now.open, "annotation")} ${now.open === 1 ? "is" : "are"} not verified yet. The version records
              that.</span
            >
          </div>`
        : ""
    }`;

/** Ask for a name and freeze; the counts are asked anew, because the page's may be seconds old. */
export async function freezeDialog(set: ImageSet): Promise<DatasetVersion | null> {
  const counted_now = await counts(set.id);
  return askForm<DatasetVersion>({
    heading: "Freeze a dataset version",
    lead: "A frozen version can be exported to the same bytes for ever. It cannot be edited by anybody; it can be withdrawn with a reason.",
    action: "Freeze",
    testid: "freeze-confirm",
    before: counted_now
      ? table(counted_now)
      : html`<div class="notice">
          ${icon("clock")}<span>The counts are not there at the moment; freezing works all the same.</span>
        </div>`,
    fields: [
      {
        name: "name",
        label: "Dataset name",
        value: slug(set.name),
        maxLength: 100,
        hint: "The same name again makes the next version of it: name@1, name@2.",
      },
      {
        name: "description",
        label: "Description",
        kind: "long",
        optional: true,
        placeholder: "Training set of the 2026 paper",
      },
    ],
    run: ({ name = "", description = "" }) => rest.freeze(name, [set.id], description),
  });
}

async function counts(number: number): Promise<Figures | null> {
  try {
    const [set, progress] = await Promise.all([rest.imageSet(number), rest.progress(number)]);
    return figures(set.images.length, progress.images);
  } catch {
    return null; // only the preview is missing; the dialog says so
  }
}
