/** The base of everything on a page: no shadow root, so that labels, forms and the page's styles work as in plain HTML. */

import { LitElement } from "lit";

export class PageElement extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  /** Tell the bar where we are; the last crumb is the page itself and names the window. */
  protected crumbs(crumbs: Crumb[]): void {
    document.title = [...crumbs.map((crumb) => crumb.label).reverse(), "EXACT"].join(" · ");
    window.dispatchEvent(new CustomEvent<Crumb[]>("exact-crumbs", { detail: crumbs }));
  }
}

export interface Crumb {
  label: string;
  href?: string;
}
