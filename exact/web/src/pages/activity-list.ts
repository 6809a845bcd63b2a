/** Who did what, newest first. */

import { html, nothing } from "lit";
import { icon } from "../design";
import { ago, count, when } from "../design/format";
import { PageElement } from "./element";
import * as rest from "./rest";
import { urls } from "./routes";
import type { Activity } from "./shapes";

/** The sentence without its subject, which stands in bold before it, and without its full stop. */
export function deed({ by_name, summary }: Pick<Activity, "by_name" | "summary">): string {
  const words = summary.startsWith(`${by_name} `) ? summary.slice(by_name.length + 1) : summary;
  return words.replace(/\.$/, "");
}

export interface Deeds {
  /** The newest of them. */
  entry: Activity;
  times: number;
}

/** The same deed of the same person on the same image, several times in a row, is one line. */
export function grouped(entries: Activity[]): Deeds[] {
  const groups: Deeds[] = [];
  for (const entry of entries) {
    const last = groups.at(-1);
    const same = last?.entry.by === entry.by && last.entry.summary === entry.summary;
    if (last && same) last.times += 1;
    else groups.push({ entry, times: 1 });
  }
  return groups;
}

/** Whoever annotates does the same thing often: many facts make few lines, so more are asked, but not without end. */
const FACTS_AT_ONCE = 150;
const QUESTIONS = 3;
const ENOUGH_LINES = 6;

async function enough(of: { image_set?: number; team?: number }): Promise<Activity[]> {
  const found: Activity[] = [];
  for (let asked = 1; asked <= QUESTIONS; asked += 1) {
    const more = await rest.activity(of, FACTS_AT_ONCE, found.length);
    found.push(...more);
    if (more.length < FACTS_AT_ONCE || grouped(found).length >= ENOUGH_LINES) break;
  }
  return found;
}

/** The projector needs a moment after a wish was granted. */
const SOON_MS = 700;

export class ActivityList extends PageElement {
  static override properties = {
    imageSet: { type: Number },
    team: { type: Number },
    limit: { type: Number },
    entries: { state: true },
    problem: { state: true },
  };
  declare imageSet: number;
  declare team: number;
  declare limit: number;
  declare entries: Activity[] | null;
  declare problem: string;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.imageSet = 0;
    this.team = 0;
    this.limit = 12;
    this.entries = null;
    this.problem = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
    window.addEventListener("exact-granted", this.soon);
    this.timer = setInterval(() => document.hidden || void this.load(), 20_000);
  }

  override disconnectedCallback(): void {
    window.removeEventListener("exact-granted", this.soon);
    clearInterval(this.timer);
    super.disconnectedCallback();
  }

  private readonly soon = (): void => {
    setTimeout(() => void this.load(), SOON_MS);
  };

  async load(): Promise<void> {
    const of = this.imageSet ? { image_set: this.imageSet } : this.team ? { team: this.team } : {};
    try {
      this.entries = await enough(of);
      this.problem = "";
    } catch (error) {
      this.problem = rest.sentence(error);
    }
  }

  private where(entry: Activity): string | null {
    if (entry.image === null) return null;
    return entry.annotation === null ? urls.image(entry.image) : urls.annotation(entry.image, entry.annotation);
  }

  private one({ entry, times }: Deeds) {
    const href = this.where(entry);
    const words = html`<span class="activity-words"
      ><strong>${entry.by_name}</strong>
      ${deed(entry)}${times > 1 ? html` <span class="times">${count(times)} times</span>` : nothing}</span
    >`;
    return html`<li class="activity-row">
      <exact-avatar .person=${entry.by} .name=${entry.by_name} .size=${24}></exact-avatar>
      <div>
        ${href ? html`<a class="plain" href=${href}>${words}</a>` : words}<time
          datetime=${entry.at}
          title=${when(entry.at)}
          >${ago(entry.at)}</time
        >
      </div>
    </li>`;
  }

  protected override render() {
    if (this.entries === null && this.problem) return html`<p class="hint">${icon("alert")} ${this.problem}</p>`;
    if (this.entries === null)
      return html`<div class="activity" aria-busy="true">
        ${[1, 2, 3, 4].map(() => html`<div class="skeleton activity-waiting"></div>`)}
      </div>`;
    if (this.entries.length === 0) return html`<p class="muted">Nothing has happened yet.</p>`;
    return html`<ol class="activity">
        ${grouped(this.entries)
          .slice(0, this.limit)
          .map((deeds) => this.one(deeds))}
      </ol>
      ${nothing}`;
  }
}

customElements.define("exact-activity", ActivityList);
