/** One image in the grid: thumbnail, name, what it is, and how far it is. */

import { html, nothing } from "lit";
import { icon } from "../design";
import { bytes, count, pixels, pixelSize } from "../design/format";
import { stage } from "./figures";
import { askForm } from "./form-dialog";
import * as rest from "./rest";
import { urls } from "./routes";
import { thumbnail } from "./thumbnail";
import type { Image, ImageProgress } from "./shapes";
import { withdrawn } from "./withdrawn";

async function rename(image: Image): Promise<unknown> {
  return askForm({
    heading: "Rename the image",
    lead: `The file keeps its own name, ${image.filename}.`,
    action: "Rename",
    testid: "rename-image-confirm",
    fields: [{ name: "name", label: "Name", value: image.name, maxLength: 256 }],
    run: ({ name }) => rest.command("RenameImage", { image_id: image.uuid, name }),
  });
}

async function withdraw(image: Image, changed: () => void): Promise<unknown> {
  const done = await askForm({
    heading: `Withdraw “${image.name}”?`,
    lead: "The image and its annotations disappear from this image set. Frozen dataset versions that contain it stay as they are.",
    action: "Withdraw image",
    danger: true,
    testid: "withdraw-image-confirm",
    fields: [
      {
        name: "reason",
        label: "Reason",
        kind: "long",
        hint: "It is kept in the history.",
        placeholder: "Wrong stain",
        maxLength: 500,
      },
    ],
    run: ({ reason }) => rest.command("WithdrawImage", { image_id: image.uuid, reason }),
  });
  if (done) withdrawn(image.name, "RestoreImage", { image_id: image.uuid }, changed);
  return done;
}

/** By the file's suffix, which is what people call it; without one by the server's word. */
const formatOf = (image: Image): string =>
  (/\.([a-z0-9]{1,8}?)(\.gz)?$/i.exec(image.filename)?.[1] ?? image.format ?? "").toUpperCase();

const sizeOf = (image: Image): string | null => pixelSize(image.pixel_size_um ?? [image.mpp > 0 ? image.mpp : null]);

const magnification = (image: Image): string =>
  image.objectivePower > 1 ? `${Number(image.objectivePower.toFixed(1))}×` : "";

const facts = (image: Image) =>
  html`<dl class="image-facts">
    <dt class="unseen">Size</dt>
    <dd class="clip">${pixels(image.width, image.height)}</dd>
    <dt class="unseen">Format</dt>
    <dd class="muted" title=${image.format ?? ""}>${formatOf(image)}</dd>
    <dt class="unseen">Pixel size</dt>
    <dd class="clip muted">${[magnification(image), sizeOf(image) ?? "No pixel size"].filter(Boolean).join(" · ")}</dd>
    <dt class="unseen">File size</dt>
    <dd class="muted">${image.size_bytes ? bytes(image.size_bytes) : ""}</dd>
  </dl>`;

function counts(row: ImageProgress | undefined) {
  const pill = (n: number, kind: string, words: string, name: "check" | "close" | "clock") =>
    n > 0
      ? html`<span class="pill ${kind}" title="${count(n)} ${words}"
          >${icon(name)}${count(n)}<span class="unseen"> ${words}</span></span
        >`
      : nothing;
  if (!row || stage(row) === "untouched") return html`<span class="pill none">Not annotated</span>`;
  return html`${pill(row.open, "open", "open", "clock")}${pill(row.accepted, "accepted", "accepted", "check")}${pill(row.rejected, "rejected", "rejected", "close")}`;
}

export function imageCard(image: Image, row: ImageProgress | undefined, mayManage: boolean, changed: () => void) {
  const then = (asked: Promise<unknown>) => void asked.then((done) => done && changed());
  return html`<article
    class="card image-card"
    data-testid="image-card"
    data-number=${image.id}
    data-stage=${stage(row)}
  >
    <div class="image-thumb">
      ${thumbnail(image.id)}
      ${image.frames > 1 ? html`<span class="frames">${icon("layers")}${count(image.frames)}<span class="unseen"> frames</span></span>` : nothing}
    </div>
    <div class="image-body">
      <h3 class="clip" title=${image.name}>
        <a class="stretch" data-cell href=${urls.image(image.id)}>${image.name}</a>
      </h3>
      ${facts(image)}
      <div class="pills">${counts(row)}</div>
    </div>
    ${
      mayManage
        ? html`<div class="image-tools">
            <button
              class="button square small"
              aria-label="Rename ${image.name}"
              title="Rename"
              data-testid="rename-image"
              @click=${() => then(rename(image))}
            >
              ${icon("edit")}
            </button>
            <button
              class="button square small"
              aria-label="Withdraw ${image.name}"
              title="Withdraw"
              data-testid="withdraw-image"
              @click=${() => then(withdraw(image, changed))}
            >
              ${icon("archive")}
            </button>
          </div>`
        : nothing
    }
  </article>`;
}
