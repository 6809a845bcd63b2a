/** The products of a team: named groups of annotation types, each type with its colour and its way of drawing. */

import { html, nothing, type PropertyDeclarations } from "lit";
import { icon } from "../design";
import type { Field } from "./form-controls";
import { askForm } from "./form-dialog";
import { Listed } from "./listed";
import * as rest from "./rest";
import { may } from "./rights";
import type { AnnotationType, Me, MyTeam, Product } from "./shapes";
import { askForChangedType, askForNewType } from "./type-dialogs";
import { vectorType } from "./vectors";
import { withdrawn } from "./withdrawn";

const REASON: Field = {
  name: "reason",
  label: "Reason",
  kind: "long",
  hint: "It is kept in the history.",
  maxLength: 500,
};
const PRODUCT_FIELDS = (product?: Product): Field[] => [
  { name: "name", label: "Name", value: product?.name ?? "", maxLength: 100, placeholder: "Mitotic figures" },
  { name: "description", label: "Description", kind: "long", value: product?.description ?? "", optional: true },
];

export class TeamProducts extends Listed<Product> {
  static override properties: PropertyDeclarations = {
    me: { attribute: false },
    team: { attribute: false },
  };
  declare me: Me;
  declare team: MyTeam;

  protected override ask(): Promise<Product[]> {
    return rest.products(this.team.number);
  }

  private get mayChange(): boolean {
    return may(this.me, this.team.number, "manage_sets");
  }

  private async createProduct(): Promise<void> {
    const made = await askForm({
      heading: "New product",
      lead: "A product is a named group of annotation types. Image sets use one or more of them.",
      action: "Create product",
      testid: "create-product-confirm",
      fields: PRODUCT_FIELDS(),
      run: ({ name, description = "" }) => rest.command("CreateProduct", { team_id: this.team.id, name, description }),
    });
    if (made) await this.load();
  }

  private async changeProduct(product: Product): Promise<void> {
    const done = await askForm({
      heading: "Change the product",
      action: "Save",
      fields: PRODUCT_FIELDS(product),
      run: ({ name, description = "" }) =>
        rest.command("ChangeProduct", { product_id: product.uuid, name, description }),
    });
    if (done) await this.load();
  }

  private async withdrawProduct(product: Product): Promise<void> {
    const done = await askForm({
      heading: `Withdraw “${product.name}”?`,
      lead: "Its types are no longer offered for new annotations. Annotations and frozen versions stay as they are.",
      action: "Withdraw product",
      danger: true,
      fields: [REASON],
      run: ({ reason }) => rest.command("WithdrawProduct", { product_id: product.uuid, reason }),
    });
    if (!done) return;
    withdrawn(product.name, "RestoreProduct", { product_id: product.uuid }, () => void this.load());
    await this.load();
  }

  private async createType(product: Product): Promise<void> {
    if (await askForNewType(product, product.annotationtype_set)) await this.load();
  }

  private async changeType(type: AnnotationType): Promise<void> {
    if (await askForChangedType(type)) await this.load();
  }

  private async withdrawType(type: AnnotationType): Promise<void> {
    const done = await askForm({
      heading: `Withdraw “${type.name}”?`,
      lead: "It is no longer offered for new annotations. Existing annotations keep it.",
      action: "Withdraw type",
      danger: true,
      fields: [REASON],
      run: ({ reason }) => rest.command("WithdrawAnnotationType", { annotation_type_id: type.uuid, reason }),
    });
    if (!done) return;
    withdrawn(type.name, "RestoreAnnotationType", { annotation_type_id: type.uuid }, () => void this.load());
    await this.load();
  }

  protected override render() {
    return html`<div class="stack">
      <header class="section-head">
        <h2>Products and annotation types</h2>
        <span class="spring"></span>
        ${this.mayChange ? html`<button class="button small" data-testid="create-product" @click=${this.createProduct}>${icon("plus")}New product</button>` : nothing}
      </header>
      ${this.list()}
    </div>`;
  }

  private list() {
    if (this.problem && !this.rows)
      return html`<exact-empty icon="alert" heading="The products could not be loaded">${this.problem}</exact-empty>`;
    if (!this.rows)
      return html`<div class="skeleton product-waiting"></div>
        <div class="skeleton product-waiting"></div>`;
    if (this.rows.length === 0)
      return html`<exact-empty icon="tag" heading="No products yet">
        A product groups the types you annotate with, such as “Mitotic figure” and “Look-alike”.
        ${this.mayChange ? html`<button slot="action" class="button primary" @click=${this.createProduct}>${icon("plus")}Create a product</button>` : nothing}
      </exact-empty>`;
    return this.rows.map((product) => this.product(product));
  }

  private product(product: Product) {
    const types = product.annotationtype_set;
    return html`<section
      class="card"
      data-testid="product"
      data-number=${product.id}
      aria-labelledby="product-${product.id}"
    >
      <header class="card-head">
        <div class="row-words">
          <h3 id="product-${product.id}">${product.name}</h3>
          ${product.description ? html`<span class="muted">${product.description}</span>` : nothing}
        </div>
        ${this.mayChange ? this.productTools(product) : nothing}
      </header>
      ${
        types.length
          ? html`<ul class="rows">
              ${types.map((type) => this.type(type))}
            </ul>`
          : html`<p class="pad muted">No annotation types yet. Add the first one to be able to draw.</p>`
      }
    </section>`;
  }

  private productTools(product: Product) {
    return html`<button class="button small" data-testid="create-type" @click=${() => this.createType(product)}>
        ${icon("plus")}Add type
      </button>
      <exact-menu label="More for ${product.name}">
        <button class="menu-item" role="menuitem" tabindex="-1" @click=${() => this.changeProduct(product)}>
          ${icon("edit")}<span>Change name and description</span>
        </button>
        <button class="menu-item bad" role="menuitem" tabindex="-1" @click=${() => this.withdrawProduct(product)}>
          ${icon("archive")}<span>Withdraw…</span>
        </button>
      </exact-menu>`;
  }

  private type(type: AnnotationType) {
    const kind = vectorType(type.vector_type);
    return html`<li class="row" data-testid="annotation-type" data-number=${type.id}>
      <span class="swatch large" .style=${`background:${type.color_code}`}></span>
      <div class="row-words"><strong class="clip">${type.name}</strong></div>
      <span class="kind">${kind ? icon(kind.icon) : nothing}${kind?.name ?? ""}</span>
      ${
        this.mayChange
          ? html`<button
                class="button quiet square small"
                aria-label="Change ${type.name}"
                title="Change"
                @click=${() => this.changeType(type)}
              >
                ${icon("edit")}
              </button>
              <button
                class="button quiet square small"
                aria-label="Withdraw ${type.name}"
                title="Withdraw"
                @click=${() => this.withdrawType(type)}
              >
                ${icon("archive")}
              </button>`
          : nothing
      }
    </li>`;
  }
}

customElements.define("exact-products", TeamProducts);
