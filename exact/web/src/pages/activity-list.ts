/** Who did what, newest first: the last few lines, or all of it, a page after the other. */

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { icon } from "../design";
import { ago, count, when } from "../design/format";
import { byDay, deed, type Deeds, grouped, joined } from "./deeds";
import { PageElement } from "./element";
import * as rest from "./rest";
import { urls } from "./routes";
import type { Activity } from "./shapes";
import { mayTakeBack, type Reader, takeBack, takenBackIn } from "./undo";

/** Whoever annotates does the same thing often: many facts make few lines, so more are asked, but not without end. */
const FACTS_AT_ONCE = 150;
const QUESTIONS = 3;

/** The projector needs a moment after a wish was granted. */
const SOON_MS = 700;
const EVERY_MS = 20_000;

export class ActivityList extends PageElement {
  static override properties = {
    imageSet: { type: Number },
    team: { type: Number },
    limit: { type: Number },
    paged: { type: Boolean },
    reader: { attribute: false },
    entries: { state: true },
    lines: { state: true },
    whole: { state: true },
    reading: { state: true },
    problem: { state: true },
  };
  declare imageSet: number;
  declare team: number;
  /** How many lines are shown at first, and how many more each time. */
  declare limit: number;
  /** Day by day, with older ones on demand. */
  declare paged: boolean;
  /** Who may take lines back; null where nothing is taken back. */
  declare reader: Reader | null;
  declare entries: Activity[] | null;
  declare lines: number;
  /** Nothing is older than what is known. */
  declare whole: boolean;
  declare reading: boolean;
  declare problem: string;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.imageSet = 0;
    this.team = 0;
    this.limit = 12;
    this.paged = false;
    this.reader = null;
    this.entries = null;
    this.lines = 0;
    this.whole = false;
    this.reading = false;
    this.problem = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.lines = this.limit;
    void this.load();
    window.addEventListener("exact-granted", this.soon);
    this.timer = setInterval(() => document.hidden || void this.load(), EVERY_MS);
  }

  override disconnectedCallback(): void {
    window.removeEventListener("exact-granted", this.soon);
    clearInterval(this.timer);
    super.disconnectedCallback();
  }

  private readonly soon = (): void => {
    setTimeout(() => void this.load(), SOON_MS);
  };

  private get of(): { image_set?: number; team?: number } {
    return this.imageSet ? { image_set: this.imageSet } : this.team ? { team: this.team } : {};
  }

  /** The newest, over what is shown already. */
  async load(): Promise<void> {
    await this.read(async () => {
      const fresh = await rest.activity(this.of, FACTS_AT_ONCE);
      const all = joined(this.entries ?? [], fresh);
      const anew = all.length === fresh.length;
      this.entries = all;
      if (!anew) return;
      this.whole = fresh.length < FACTS_AT_ONCE;
      await this.fill();
    });
  }

  private async older(): Promise<void> {
    this.lines += this.limit;
    await this.read(() => this.fill());
  }

  /** Asks on before the oldest until the lines are there. */
  private async fill(): Promise<void> {
    for (let asked = 1; asked <= QUESTIONS && !this.whole && this.found.length <= this.lines; asked += 1) {
      const page = await rest.activity(this.of, FACTS_AT_ONCE, this.entries?.at(-1)?.position);
      this.entries = [...(this.entries ?? []), ...page];
      this.whole = page.length < FACTS_AT_ONCE;
    }
  }

  private get found(): Deeds[] {
    return grouped(this.entries ?? []);
  }

  /** One question at a time: the clock asks again anyway. */
  private async read(question: () => Promise<void>): Promise<void> {
    if (this.reading) return;
    this.reading = true;
    try {
      await question();
      this.problem = "";
    } catch (error) {
      this.problem = rest.sentence(error);
    } finally {
      this.reading = false;
    }
  }

  private where(entry: Activity): string | null {
    if (entry.image === null) return null;
    return entry.annotation === null ? urls.image(entry.image) : urls.annotation(entry.image, entry.annotation);
  }

  private one(deeds: Deeds, takenBack: ReadonlySet<string>) {
    const { entry, times } = deeds;
    const href = this.where(entry);
    const words = html`<span class="activity-words"
      ><strong>${entry.by_name}</strong>
      ${deed(entry)}${times > 1 ? html` <span class="times">${count(times)} times</span>` : nothing}</span
    >`;
    return html`<li class="activity-row" data-testid="activity-row">
      <exact-avatar .person=${entry.by} .name=${entry.by_name} .size=${24}></exact-avatar>
      <div>
        ${href ? html`<a class="plain" href=${href}>${words}</a>` : words}<time
          datetime=${entry.at}
          title=${when(entry.at)}
          >${ago(entry.at)}</time
        >
      </div>
      ${this.reader && mayTakeBack(deeds, takenBack, this.reader) ? this.undoButton(deeds) : nothing}
    </li>`;
  }

  private undoButton(deeds: Deeds) {
    return html`<button
      class="button quiet square small"
      data-testid="undo-step"
      aria-label="Undo this: ${deeds.entry.by_name} ${deed(deeds.entry)}"
      title="Undo this"
      @click=${() => takeBack(deeds)}
    >
      ${icon("undo")}
    </button>`;
  }

  private days(lines: Deeds[]) {
    const takenBack = takenBackIn(this.entries ?? []);
    return byDay(lines).map(
      ([name, deeds]) =>
        html`<h3 class="activity-day">${name}</h3>
          <ol class="activity">
            ${repeat(deeds, ({ entry }) => entry.position, (one) => this.one(one, takenBack))}
          </ol>`,
    );
  }

  private end(more: boolean) {
    if (this.problem)
      return html`<p class="activity-end" role="alert">
        ${this.problem} <button class="link" @click=${this.older}>Try again</button>
      </p>`;
    if (!more) return html`<p class="activity-end muted">It begins here.</p>`;
    return html`<p class="activity-end">
      <button class="button small" data-testid="older" ?disabled=${this.reading} @click=${this.older}>
        ${this.reading ? html`<span class="spinner" aria-hidden="true"></span>` : nothing}Older
      </button>
    </p>`;
  }

  protected override render() {
    if (this.entries === null && this.problem)
      return html`<div class="notice bad" role="alert">
        ${icon("alert")}<span>${this.problem} <button class="link" @click=${this.load}>Try again</button></span>
      </div>`;
    if (this.entries === null)
      return html`<div class="activity" aria-busy="true">
        ${[1, 2, 3, 4].map(() => html`<div class="skeleton activity-waiting"></div>`)}
      </div>`;
    if (this.entries.length === 0) return html`<p class="muted">Nothing has happened yet.</p>`;
    const { found } = this;
    const shown = found.slice(0, this.lines);
    if (this.paged) return html`${this.days(shown)} ${this.end(!this.whole || found.length > shown.length)}`;
    return html`<ol class="activity">
      ${shown.map((deeds) => this.one(deeds, new Set()))}
    </ol>`;
  }
}

customElements.define("exact-activity", ActivityList);
