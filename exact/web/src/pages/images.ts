/** The grid of images, with search, filter and order. */

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { icon } from "../design";
import { counted } from "../design/format";
import { PageElement } from "./element";
import { FILTERS, listed, ORDERS, rowsByImage, type Filter, type Order } from "./image-list";
import { imageCard } from "./image-card";
import { walkGrid } from "./keyboard";
import type { Image, Progress } from "./shapes";

/** Cards made at once; more come as the end of the list nears. */
const STEP = 120;

export class ImageGrid extends PageElement {
  static override properties = {
    images: { attribute: false },
    progress: { attribute: false },
    mayManage: { type: Boolean },
    mayUpload: { type: Boolean },
    wanted: { state: true },
    filter: { state: true },
    order: { state: true },
    shown: { state: true },
  };
  declare images: Image[] | null;
  declare progress: Progress | null;
  declare mayManage: boolean;
  declare mayUpload: boolean;
  declare wanted: string;
  declare filter: Filter;
  declare order: Order;
  declare shown: number;
  private readonly end = new IntersectionObserver(([entry]) => entry?.isIntersecting && (this.shown += STEP), {
    rootMargin: "800px",
  });

  constructor() {
    super();
    this.images = null;
    this.progress = null;
    this.mayManage = false;
    this.mayUpload = false;
    this.wanted = "";
    this.filter = "all";
    this.order = "name";
    this.shown = STEP;
  }

  protected override updated(): void {
    this.end.disconnect();
    const more = this.querySelector(".more");
    if (more) this.end.observe(more);
  }

  override disconnectedCallback(): void {
    this.end.disconnect();
    super.disconnectedCallback();
  }

  protected override render() {
    if (!this.images)
      return html`<div class="image-grid" aria-busy="true">
        ${Array.from({ length: 8 }, () => html`<div class="skeleton image-waiting"></div>`)}
      </div>`;
    if (this.images.length === 0) return this.teach();
    const found = listed(this.images, rowsByImage(this.progress?.images ?? []), this.wanted, this.filter, this.order);
    return html`<h2 class="unseen">Images</h2>
      ${this.tools()}
      <p class="unseen" role="status">${counted(found.length, "image")} shown</p>
      ${found.length ? this.grid(found) : this.nothingFound()}`;
  }

  private tools() {
    return html`<div class="tools">
      <label class="search">
        ${icon("search")}<span class="unseen">Search images</span>
        <input
          class="input"
          type="search"
          placeholder="Search images"
          autocomplete="off"
          .value=${this.wanted}
          @input=${this.searched}
          @keydown=${this.left}
        />
        <kbd aria-hidden="true">/</kbd>
      </label>
      <div class="segments" role="radiogroup" aria-label="Which images">
        ${FILTERS.map(
          ({ value, label }) =>
            html`<label class="segment">
              <input
                type="radio"
                name="filter"
                .checked=${value === this.filter}
                @change=${() => (this.filter = value)}
              /><span>${label}</span>
            </label>`,
        )}
      </div>
      <span class="spring"></span>
      <select class="input order" aria-label="Order" @change=${this.ordered}>
        ${ORDERS.map(({ value, label }) => html`<option value=${value} ?selected=${value === this.order}>${label}</option>`)}
      </select>
    </div>`;
  }

  private searched(event: InputEvent): void {
    this.wanted = (event.target as HTMLInputElement).value;
    this.shown = STEP;
  }

  private ordered(event: Event): void {
    this.order = (event.target as HTMLSelectElement).value as Order;
  }

  private left(event: KeyboardEvent): void {
    if (event.key === "Escape") this.wanted = "";
    if (event.key === "Enter") this.querySelector<HTMLAnchorElement>("[data-cell]")?.click();
  }

  private grid(found: Image[]) {
    const rows = rowsByImage(this.progress?.images ?? []);
    const changed = () => this.dispatchEvent(new CustomEvent("exact-changed"));
    return html`<div class="image-grid" @keydown=${walkGrid}>
        ${repeat(
          found.slice(0, this.shown),
          (image) => image.id,
          (image) => imageCard(image, rows.get(image.id), this.mayManage, changed),
        )}
      </div>
      ${found.length > this.shown ? html`<div class="more"><span class="spinner"></span></div>` : nothing}`;
  }

  private nothingFound() {
    const all = () => {
      this.wanted = "";
      this.filter = "all";
    };
    return html`<exact-empty icon="search" heading="No image matches">
      Other words or another filter may show more.<button slot="action" class="button" @click=${all}>
        Show all images
      </button>
    </exact-empty>`;
  }

  private teach() {
    if (!this.mayUpload)
      return html`<exact-empty icon="image" heading="No images yet"
        >You may look at this image set; an annotator can upload images to it.</exact-empty
      >`;
    return html`<exact-empty icon="upload" heading="Drop your images here">
      Whole-slide images such as SVS, NDPI or SCN, pyramidal TIFF, pictures as PNG, JPEG or TIFF, and volumes as NIfTI.
      Drop files or folders anywhere on this page.
      <div slot="action" class="choices">
        <button class="button primary" @click=${() => this.choose("files")}>${icon("upload")}Choose files</button>
        <button class="button" @click=${() => this.choose("folder")}>${icon("folder")}Choose folder</button>
      </div>
    </exact-empty>`;
  }

  private choose(what: "files" | "folder"): void {
    this.dispatchEvent(new CustomEvent("exact-choose", { detail: what }));
  }
}

customElements.define("exact-images", ImageGrid);
