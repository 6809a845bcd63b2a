/** What happened on the whole image, newest first and day by day: one line for each step, older ones on demand. */

import "../design/avatar";
import { css, html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { type HistoryFact, historyOfImage } from "../api/history";
import { ago, dayName, when } from "../design/format";
import { controls } from "../design/styles";
import { inForce, inForceOnImage, mayUndo } from "../model/compensations";
import type { Desk } from "../viewer/desk";
import { undoButton } from "./annotation-history";
import { type Step, deedOf, stepsOf } from "./chronicle";
import { DeskElement, look } from "./element";
import { historyLook } from "./history-look";

const PAGE = 60;
/** Facts come in bursts: the history follows a moment later, once. */
const SOON_MS = 300;

export class ExactImageHistory extends DeskElement {
  static override properties = {
    ...DeskElement.properties,
    facts: { state: true },
    problem: { state: true },
    reading: { state: true },
  };
  declare facts: readonly HistoryFact[] | null;
  declare problem: string;
  declare reading: boolean;
  /** Where the older facts go on; null at the beginning of the image. */
  private older: number | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wasOffline = false;

  static override styles = [
    controls,
    look,
    historyLook,
    css`
      h3 {
        position: sticky;
        top: -12px;
        z-index: 1;
        margin: -4px 0 0;
        padding: 8px 0 4px;
        background: var(--surface);
        color: var(--ink-3);
        font: 600 12px/1.4 var(--font);
      }
      ol {
        margin: 0 0 6px;
      }
      .entry {
        grid-template-columns: 32px minmax(0, 1fr);
      }
      exact-avatar {
        margin: 1px 0 0 2px;
      }
      .end {
        display: grid;
        justify-items: center;
        padding: 4px 0 2px;
        color: var(--ink-3);
        font-size: 12px;
      }
    `,
  ];

  constructor() {
    super();
    this.facts = null;
    this.problem = "";
    this.reading = false;
  }

  protected follows(desk: Desk) {
    return [desk.session.status, desk.session.selection, desk.imageName];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const { session } = this.desk;
    for (const source of [session.imageFact, session.moved]) this.until(source.subscribe(() => this.soon()));
    this.until(session.store.subscribe(({ facts }) => (facts.length > 0 ? this.soon() : this.requestUpdate())));
    void this.begin();
  }

  override disconnectedCallback(): void {
    clearTimeout(this.timer);
    super.disconnectedCallback();
  }

  /** What could not be read without a network is read when it is back. */
  protected override willUpdate(): void {
    if (this.wasOffline && !this.desk.offline) this.soon();
    this.wasOffline = this.desk.offline;
  }

  private soon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.follow(), SOON_MS);
  }

  private get image(): number {
    return this.desk.workspace.image.number;
  }

  private begin(): Promise<void> {
    return this.read(async () => {
      const page = await historyOfImage(this.image, { before: "newest" }, PAGE);
      [this.facts, this.older] = [page.facts, page.next_before];
    });
  }

  private more(): Promise<void> {
    return this.read(async () => {
      if (this.older === null) return;
      const page = await historyOfImage(this.image, { before: this.older }, PAGE);
      [this.facts, this.older] = [[...(this.facts ?? []), ...page.facts], page.next_before];
    });
  }

  /** What is newer than all that is shown. */
  private async follow(): Promise<void> {
    if (!this.facts) return this.begin();
    await this.read(async () => {
      let after: number | null = this.facts?.[0]?.position ?? 0;
      while (after !== null) {
        const page = await historyOfImage(this.image, { after }, 500);
        this.facts = [...page.facts.toReversed(), ...(this.facts ?? [])];
        after = page.next_after;
      }
    });
  }

  /** One question at a time; who is asked meanwhile is asked again. */
  private async read(question: () => Promise<void>): Promise<void> {
    if (this.reading) return this.soon();
    this.reading = true;
    try {
      await question();
      this.problem = "";
    } catch (problem) {
      this.problem = problem instanceof Error ? problem.message : "The history could not be read.";
    } finally {
      this.reading = false;
    }
  }

  protected override render() {
    const { facts, problem, desk } = this;
    if (!facts && problem) return html`<div class="nothing" role="alert">${problem} <button class="link" @click=${() => void this.begin()}>Try again</button></div>`;
    if (!facts) return html`<div aria-busy="true"><div class="skeleton"></div><div class="skeleton"></div><div class="skeleton"></div></div>`;
    const days = byDay(stepsOf(facts));
    return html`${desk.offline ? html`<p class="offline">Offline: what others did since is missing, and nothing can be undone.</p>` : nothing}
      ${[...days].map(([name, steps]) => html`<h3>${name}</h3><ol>${repeat(steps, ({ facts: [first] }) => first?.position, (step) => this.step(step))}</ol>`)}
      <div class="end">${this.end()}</div>`;
  }

  private end() {
    if (this.problem) return html`<span role="alert">${this.problem} <button class="link" @click=${() => void this.more()}>Try again</button></span>`;
    if (this.older === null) return "The image begins here.";
    return html`<button type="button" class="button quiet small" data-testid="older" ?disabled=${this.reading} @click=${() => void this.more()}>
      ${this.reading ? html`<span class="spinner" aria-hidden="true"></span>` : nothing}Older</button>`;
  }

  private step(step: Step) {
    const { desk } = this;
    const [fact] = step.facts as [HistoryFact];
    const mine = fact.by === desk.workspace.me.person_id;
    const who = mine ? "You" : fact.by_name || desk.nameOf(fact.by);
    const words = deedOf(step, { annotation: (stream) => this.annotation(stream), type: (id) => desk.typeById(id)?.name ?? "another type" });
    const keys = this.there(step);
    const selected = new Set(desk.session.selection.value);
    const shown = keys.length > 0 && keys.length === selected.size && keys.every((key) => selected.has(key));
    const undoable = step.facts.find((one) => this.undoable(one));
    return html`<li>
      <button type="button" class="entry" data-testid="image-history-entry" data-name=${fact.name} data-position=${fact.position} aria-pressed=${shown} @click=${() => this.show(keys)}>
        <exact-avatar .person=${fact.by} .name=${fact.by_name || who} .size=${22}></exact-avatar>
        <span><strong>${who}</strong> ${words}<small title=${when(fact.at)}>${ago(fact.at)}</small></span>
      </button>
      ${undoable ? undoButton(desk, undoable, words) : nothing}
    </li>`;
  }

  private annotation(stream: string): string {
    const { store } = this.desk.session;
    const row = store.confirmed(store.keyOf(stream) ?? "");
    if (!row) return "an annotation";
    return `${this.desk.typeOf(row)?.name ?? "annotation"} #${row.number}`;
  }

  /** Those of the step that are on the image now. */
  private there({ streams }: Step): string[] {
    const { store } = this.desk.session;
    return streams.flatMap((stream) => store.keyOf(stream) ?? []).filter((key) => store.get(key)?.removed === false);
  }

  private show(keys: readonly string[]): void {
    this.dispatchEvent(new CustomEvent("exact-shown"));
    if (keys.length === 0) this.desk.say("There is nothing of it to select.");
    else this.desk.showThese(keys);
  }

  private undoable(fact: HistoryFact): boolean {
    const { session, asker, imageName } = this.desk;
    if (!mayUndo(fact, asker)) return false;
    const now = session.store.confirmed(session.store.keyOf(fact.stream_id) ?? "");
    if (now) return inForce(fact, now, asker.person);
    const newest = this.facts?.find((one) => one.stream_id === fact.stream_id) === fact;
    return inForceOnImage(fact, newest, imageName.value);
  }
}

/** Steps under the name of their day, in their order. */
function byDay(all: readonly Step[]): Map<string, Step[]> {
  const days = new Map<string, Step[]>();
  for (const step of all) {
    const name = dayName(step.facts[0]!.at);
    const steps = days.get(name) ?? [];
    steps.push(step);
    days.set(name, steps);
  }
  return days;
}

customElements.define("exact-image-history", ExactImageHistory);
