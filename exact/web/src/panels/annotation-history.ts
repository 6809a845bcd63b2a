/** Everything that ever happened to the selected annotation: each version can be looked at, and its step undone. */

import "./proof-line";
import { css, html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { type HistoryFact, history } from "../api/history";
import { ago, when } from "../design/format";
import { icon } from "../design/icons";
import { controls } from "../design/styles";
import type { Annotation } from "../model/annotation";
import { inForce, mayUndo } from "../model/compensations";
import { sameVector } from "../model/vector";
import type { Desk } from "../viewer/desk";
import { undoStep } from "../viewer/undo-step";
import { DeskElement, look } from "./element";
import { historyLook } from "./history-look";
import { type Chapter, storyOf } from "./story";

export class ExactAnnotationHistory extends DeskElement {
  static override properties = {
    ...DeskElement.properties,
    facts: { state: true },
    problem: { state: true },
    chosen: { state: true },
  };
  declare facts: readonly HistoryFact[] | null;
  declare problem: string;
  /** Position of the version that lies over the image. */
  declare chosen: number | null;
  private asked = "";
  private wasOffline = false;

  static override styles = [
    controls,
    look,
    historyLook,
    css`
      @media (max-width: 1100px) {
        .date {
          display: none;
        }
      }
      /* In sight however long the history is: the panel has a padding of 12 px. */
      exact-proof-line {
        position: sticky;
        bottom: -12px;
        margin: 8px 0 -12px;
        padding-bottom: 10px;
        background: var(--surface);
      }
    `,
  ];

  constructor() {
    super();
    this.facts = null;
    this.problem = "";
    this.chosen = null;
  }

  protected follows(desk: Desk) {
    return [desk.session.selection, desk.ghost, desk.session.status];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.until(this.desk.session.store.subscribe(({ keys }) => {
      const key = this.desk.session.selection.only;
      if (!keys || (key !== null && keys.has(key))) this.requestUpdate();
    }));
  }

  /** What lay over the image belongs to this panel. */
  override disconnectedCallback(): void {
    if (this.chosen !== null) this.desk.ghost.value = null;
    super.disconnectedCallback();
  }

  protected override willUpdate(): void {
    const selected = this.desk.selectedRow;
    if (this.wasOffline && !this.desk.offline && this.problem) this.asked = "";
    this.wasOffline = this.desk.offline;
    if (!selected) return;
    const wanted = `${selected.row.number}@${this.desk.session.store.confirmed(selected.key)?.version ?? 0}`;
    if (wanted !== this.asked) void this.read(selected.row, wanted);
  }

  private async read(row: Annotation, wanted: string): Promise<void> {
    const another = this.asked.split("@")[0] !== wanted.split("@")[0];
    this.asked = wanted;
    this.problem = "";
    if (another) [this.facts, this.chosen] = [null, null];
    if (row.number === null) return;
    try {
      const facts = await history(row.number);
      if (this.asked === wanted) this.facts = facts;
    } catch (problem) {
      if (this.asked === wanted) this.problem = problem instanceof Error ? problem.message : "The history could not be read.";
    }
  }

  protected override render() {
    const selected = this.desk.selectedRow;
    if (!selected) return nothing;
    const { key, row } = selected;
    if (row.number === null) return html`<div class="nothing">It has no history yet: it is not saved.</div>`;
    const again = (): void => ((this.asked = ""), this.requestUpdate());
    if (this.problem) return html`<div class="nothing" role="alert">${this.problem} <button class="link" @click=${again}>Try again</button></div>`;
    if (!this.facts) return html`<div aria-busy="true"><div class="skeleton"></div><div class="skeleton"></div><div class="skeleton"></div></div>`;
    const story = storyOf(this.facts, row.id, (id) => this.desk.typeById(id)?.name ?? "another type");
    const position = this.chosen ?? story[0]?.fact.position;
    return html`${this.desk.offline ? html`<p class="offline">Offline: what others did since is missing, and nothing can be undone.</p>` : nothing}
      <ol>${repeat(story, ({ fact }) => fact.position, (chapter) => this.chapter(key, row, chapter))}</ol>
      ${position ? html`<exact-proof-line .position=${position}></exact-proof-line>` : nothing}`;
  }

  private chapter(key: string, row: Annotation, { fact, words, after, reshaped }: Chapter) {
    const { desk } = this;
    const chosen = this.chosen === fact.position;
    const mine = fact.by === desk.workspace.me.person_id;
    const restorable = chosen && reshaped && desk.mayAnnotate && !row.removed && !sameVector(after.vector, row.vector);
    return html`<li>
      <button type="button" class="entry" data-testid="history-entry" data-version=${fact.version} data-name=${fact.name} aria-pressed=${chosen}
        @click=${() => this.show(chosen ? null : fact.position, after, fact.version)}>
        <span class="version">${fact.version}</span>
        <span><strong>${mine ? "You" : fact.by_name || desk.nameOf(fact.by)}</strong> ${words}<small title=${when(fact.at)}><span class="date">${when(fact.at)} · </span>${ago(fact.at)}</small></span>
      </button>
      ${this.undoable(key, fact) ? undoButton(desk, fact, words) : nothing}
      ${restorable ? html`<div class="more"><button type="button" class="button small" @click=${() => this.bringBack(key, after)}>Bring this outline back</button></div>` : nothing}
    </li>`;
  }

  private undoable(key: string, fact: HistoryFact): boolean {
    const now = this.desk.session.store.confirmed(key);
    return now !== undefined && mayUndo(fact, this.desk.asker) && inForce(fact, now, this.desk.asker.person);
  }

  private show(position: number | null, after: Annotation, version: number): void {
    this.chosen = position;
    const { vector } = after;
    this.desk.ghost.value = position !== null && vector && vector.points.length > 0 ? { vector, label: `Version ${version}` } : null;
    if (position !== null && vector) this.desk.turnTo(vector);
  }

  private bringBack(key: string, after: Annotation): void {
    if (after.vector) this.desk.session.reshape(key, after.vector);
    this.desk.ghost.value = null;
    this.chosen = null;
  }
}

/** Takes the step back that a fact belongs to; `words` say which. Its button goes with it: the focus stays at the entry. */
export function undoButton(desk: Desk, fact: HistoryFact, words: string) {
  const press = async (event: Event): Promise<void> => {
    const entry = (event.currentTarget as HTMLElement).parentElement?.querySelector<HTMLElement>(".entry");
    await undoStep(desk, fact);
    entry?.focus();
  };
  return html`<button type="button" class="button quiet square small undo" data-testid="undo-step" aria-label="Undo this: ${words}" title="Undo this"
    ?disabled=${desk.offline} @click=${press}>${icon("undo")}</button>`;
}

customElements.define("exact-annotation-history", ExactAnnotationHistory);
