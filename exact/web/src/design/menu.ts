/** A button with a menu: arrow keys walk, Esc closes and gives the focus back, a click elsewhere closes. */

import { LitElement, css, html, nothing } from "lit";
import { icon, type IconName } from "./icons";
import { controls } from "./styles";

export class ExactMenu extends LitElement {
  static override properties = {
    label: { type: String },
    icon: { type: String },
    open: { type: Boolean, reflect: true },
    plain: { type: Boolean },
  };

  declare label: string;
  declare icon: IconName | "";
  declare open: boolean;
  /** The button's face is given in slot "face" and only the label is said. */
  declare plain: boolean;

  constructor() {
    super();
    this.label = "";
    this.icon = "more";
    this.open = false;
    this.plain = false;
  }

  static override styles = [
    controls,
    css`
      :host {
        position: relative;
        display: inline-block;
      }
      .list {
        position: absolute;
        top: calc(100% + 6px);
        right: 0;
        z-index: 60;
        width: max-content;
        min-width: 208px;
        max-width: min(320px, 90vw);
        padding: 5px;
        border: 1px solid var(--line);
        border-radius: 10px;
        background: var(--surface-raised);
        box-shadow: var(--shadow-3);
        animation: drop var(--quick) var(--ease);
      }
      .face {
        appearance: none;
        display: flex;
        padding: 2px;
        border: 0;
        border-radius: 999px;
        background: none;
        cursor: pointer;
      }
      .face:focus-visible {
        outline: 2px solid var(--accent);
        outline-offset: 1px;
      }
      @keyframes drop {
        from {
          opacity: 0;
          transform: translateY(-4px);
        }
      }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("pointerdown", this.elsewhere);
  }

  override disconnectedCallback(): void {
    document.removeEventListener("pointerdown", this.elsewhere);
    super.disconnectedCallback();
  }

  private readonly elsewhere = (event: PointerEvent): void => {
    if (this.open && !event.composedPath().includes(this)) this.open = false;
  };

  private get items(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>("[role^=menuitem]")].filter((item) => !item.hasAttribute("disabled"));
  }

  private get button(): HTMLElement | null {
    return this.renderRoot.querySelector("button");
  }

  private async toggle(): Promise<void> {
    this.open = !this.open;
    await this.updateComplete;
    if (this.open) this.items[0]?.focus();
  }

  private keys(event: KeyboardEvent): void {
    if (event.key === "Escape" && this.open) {
      event.stopPropagation();
      this.open = false;
      this.button?.focus();
    }
    if (this.open && (event.key === "ArrowDown" || event.key === "ArrowUp")) this.step(event);
    if (this.open && event.key === "Tab") this.open = false;
  }

  private step(event: KeyboardEvent): void {
    event.preventDefault();
    const items = this.items;
    const at = items.indexOf((this.getRootNode() as Document | ShadowRoot).activeElement as HTMLElement);
    const by = event.key === "ArrowDown" ? 1 : -1;
    items[(at + by + items.length) % items.length]?.focus();
  }

  private chosen(event: Event): void {
    const item = event.composedPath().find((node) => node instanceof HTMLElement && node.matches("[role^=menuitem]"));
    if (item && !(item as HTMLElement).hasAttribute("data-stay")) this.open = false;
  }

  protected override render() {
    const face = this.plain ? html`<slot name="face"></slot>` : this.icon ? icon(this.icon) : nothing;
    return html`<div @keydown=${this.keys}>
      <button
        class=${this.plain ? "face" : "button quiet square"}
        type="button"
        aria-label=${this.label}
        title=${this.label}
        aria-haspopup="menu"
        aria-expanded=${this.open}
        @click=${this.toggle}
      >
        ${face}
      </button>
      <div class="list" role="menu" aria-label=${this.label} ?hidden=${!this.open} @click=${this.chosen}>
        <slot></slot>
      </div>
    </div>`;
  }
}

customElements.define("exact-menu", ExactMenu);
