/** One image set on the start page: first thumbnails, how far it is, what happened last. */

import { html, nothing } from "lit";
import { icon } from "../design";
import { ago, count, percent, when } from "../design/format";
import { PageElement } from "./element";
import { figures, type Figures } from "./figures";
import * as rest from "./rest";
import { urls } from "./routes";
import { thumbnail } from "./thumbnail";
import type { Activity, ImageSet } from "./shapes";

export class SetCard extends PageElement {
  static override properties = {
    set: { attribute: false },
    figures: { state: true },
    last: { state: true },
    asked: { state: true },
  };
  declare set: ImageSet;
  declare figures: Figures | null;
  declare last: Activity | null;
  declare asked: boolean;
  private seen: IntersectionObserver | undefined;

  constructor() {
    super();
    this.figures = null;
    this.last = null;
    this.asked = false;
  }

  /** What costs a request is asked only for cards that come into view. */
  override connectedCallback(): void {
    super.connectedCallback();
    this.seen = new IntersectionObserver(([entry]) => entry?.isIntersecting && this.ask(), { rootMargin: "200px" });
    this.seen.observe(this);
  }

  override disconnectedCallback(): void {
    this.seen?.disconnect();
    super.disconnectedCallback();
  }

  private ask(): void {
    this.seen?.disconnect();
    void Promise.allSettled([rest.progress(this.set.id), rest.activity({ image_set: this.set.id }, 1)]).then(
      ([progress, activity]) => {
        if (progress.status === "fulfilled") this.figures = figures(this.set.images.length, progress.value.images);
        if (activity.status === "fulfilled") this.last = activity.value[0] ?? null;
        this.asked = true;
      },
    );
  }

  private cover() {
    const shown = this.set.images.slice(0, 4);
    if (shown.length === 0) return html`<div class="cover empty">${icon("image")}<span>No images yet</span></div>`;
    return html`<div class="cover of-${shown.length}">${shown.map((number) => thumbnail(number))}</div>`;
  }

  private bar() {
    const { figures: now } = this;
    if (!now)
      return html`<exact-progress label="Annotated images" .max=${1} .value=${0}></exact-progress>
        <p class="set-words">${this.asked ? "" : "…"}</p>`;
    const parts = [
      { value: now.verified, kind: "good" as const, label: `${now.verified} verified` },
      {
        value: now.annotated - now.verified,
        kind: "soft" as const,
        label: `${now.annotated - now.verified} annotated, not yet verified`,
      },
    ];
    return html`<exact-progress
        label="Annotated images"
        .max=${Math.max(1, now.images)}
        .parts=${parts}
      ></exact-progress>
      <p class="set-words">
        <span>${percent(now.annotated, now.images)} annotated</span
        ><span>${percent(now.verified, now.images)} verified</span>
      </p>`;
  }

  private lastTouched(last: Activity) {
    const words = `${last.by_name}, ${when(last.at)}`;
    return html`<span class="set-last" title=${words}>
      <time class="clip" datetime=${last.at}>${ago(last.at)}</time
      ><exact-avatar .person=${last.by} .name=${last.by_name} .size=${20}></exact-avatar
      ><span class="unseen">by ${last.by_name}</span>
    </span>`;
  }

  protected override render() {
    const { set } = this;
    return html`<article class="card set-card" data-testid="image-set-card" data-number=${set.id}>
      ${this.cover()}
      <div class="set-body">
        <h3><a class="stretch" data-cell href=${urls.imageSet(set.id)}>${set.name}</a></h3>
        <p class="set-note clip">${set.description || html`<span class="muted">No description</span>`}</p>
        ${this.bar()}
        <p class="set-foot">
          <span title="Images">${icon("image")}${count(set.images.length)}<span class="unseen"> images</span></span>
          <span title="Annotations"
            >${icon("vector-5")}${this.figures ? count(this.figures.annotations) : "–"}<span class="unseen">
              annotations</span
            ></span
          >
          ${this.last ? this.lastTouched(this.last) : nothing}
        </p>
      </div>
    </article>`;
  }
}

customElements.define("exact-set-card", SetCard);
