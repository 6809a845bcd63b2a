/** The products of an image set, with the number of annotations of each of their types. */

import { html, nothing } from "lit";
import { icon, toast } from "../design";
import { count } from "../design/format";
import { PageElement } from "./element";
import { byType } from "./figures";
import { askForm } from "./form-dialog";
import * as rest from "./rest";
import { urls } from "./routes";
import type { AnnotationType, ImageSet, Product, Progress } from "./shapes";
import { vectorType } from "./vectors";

export class SetProducts extends PageElement {
  static override properties = {
    set: { attribute: false },
    progress: { attribute: false },
    mayManage: { type: Boolean },
    products: { state: true },
    problem: { state: true },
  };
  declare set: ImageSet;
  declare progress: Progress | null;
  declare mayManage: boolean;
  /** All products of the team; those attached stand in the set. */
  declare products: Product[] | null;
  declare problem: string;

  constructor() {
    super();
    this.products = null;
    this.problem = "";
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("set")) void this.load();
  }

  private async load(): Promise<void> {
    try {
      this.products = await rest.products(this.set.team);
      this.problem = "";
    } catch (error) {
      this.problem = rest.sentence(error);
    }
  }

  private get attached(): Product[] {
    return (this.products ?? []).filter((product) => this.set.product_set.includes(product.id));
  }

  private get free(): Product[] {
    return (this.products ?? []).filter((product) => !this.set.product_set.includes(product.id));
  }

  private async attach(): Promise<void> {
    const done = await askForm({
      heading: "Add a product",
      lead: "Its annotation types become available on every image of this set.",
      action: "Add product",
      testid: "attach-product-confirm",
      fields: [
        {
          name: "product",
          label: "Product",
          kind: "choice",
          value: this.free[0]?.uuid ?? "",
          options: this.free.map((product) => ({
            value: product.uuid,
            label: product.name,
            hint: product.description ?? "",
          })),
        },
      ],
      run: ({ product }) => rest.command("AttachProduct", { image_set_id: this.set.uuid, product_id: product }),
    });
    if (done) this.dispatchEvent(new CustomEvent("exact-changed"));
  }

  private async detach(product: Product): Promise<void> {
    try {
      await rest.command("DetachProduct", { image_set_id: this.set.uuid, product_id: product.uuid });
      toast(`“${product.name}” is no longer offered here. Existing annotations stay.`, "good");
      this.dispatchEvent(new CustomEvent("exact-changed"));
    } catch (error) {
      toast(rest.sentence(error), "bad");
    }
  }

  protected override render() {
    return html`<section class="card panel" aria-labelledby="products-title">
      <div class="panel-head">
        <h2 class="panel-title" id="products-title">${icon("tag")}Products and types</h2>
        ${
          this.mayManage && this.free.length
            ? html`<button class="button quiet small" data-testid="attach-product" @click=${this.attach}>
                ${icon("plus")}Add
              </button>`
            : nothing
        }
      </div>
      ${this.list()}
    </section>`;
  }

  private list() {
    if (this.problem && !this.products) return html`<p class="problem">${this.problem}</p>`;
    if (!this.products) return html`<div class="skeleton version-waiting"></div>`;
    if (this.attached.length) return this.attached.map((product) => this.product(product));
    return html`<p class="muted">Without a product there is nothing to annotate with.</p>
      <a class="button small" href=${urls.team(this.set.team)}>${icon("tag")}Products of the team</a>`;
  }

  private product(product: Product) {
    const types = product.annotationtype_set;
    return html`<div class="set-product" data-testid="set-product" data-number=${product.id}>
      <div class="panel-head">
        <h3 class="clip">${product.name}</h3>
        ${
          this.mayManage
            ? html`<button
                class="button quiet square small"
                aria-label="Remove ${product.name} from the set"
                title="Remove from the set"
                @click=${() => this.detach(product)}
              >
                ${icon("close")}
              </button>`
            : nothing
        }
      </div>
      ${
        types.length
          ? html`<ul class="type-bars">
              ${types.map((type) => this.type(type))}
            </ul>`
          : html`<p class="muted">No types yet.</p>`
      }
    </div>`;
  }

  private type(type: AnnotationType) {
    const counts = byType(this.progress?.images ?? []);
    const most = Math.max(1, ...counts.map((row) => row.count));
    const n = counts.find((row) => row.annotation_type === type.id)?.count ?? 0;
    const kind = vectorType(type.vector_type);
    return html`<li class="type-bar">
      <span class="type-name clip" title=${kind?.name ?? ""}
        ><span class="swatch" .style=${`background:${type.color_code}`}></span>${type.name}</span
      >
      <span class="type-count">${count(n)}</span>
      <span class="type-track"
        ><span class="type-fill" .style=${`width:${(100 * n) / most}%;background:${type.color_code}`}></span
      ></span>
    </li>`;
  }
}

customElements.define("exact-set-products", SetProducts);
