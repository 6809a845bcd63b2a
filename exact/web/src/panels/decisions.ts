/** What needs the person: two changed the same thing, or the server refused a change. All of it in one place, and not modal: drawing goes on meanwhile. */

import { css, html, nothing } from "lit";
import { controls } from "../design/styles";
import { ago, counted } from "../design/format";
import { icon } from "../design/icons";
import { changesContent, nounFor, wishedVector } from "../model/commands";
import { type Conflict, sentenceOf } from "../model/conflicts";
import type { Choice } from "../live/outbox";
import type { Entry } from "../state/entries";
import type { Desk } from "../viewer/desk";
import { DeskElement, look } from "./element";
import { glyph } from "./glyphs";
import { versionStyles, versions } from "./versions";

export class ExactDecisions extends DeskElement {
  static override properties = { ...DeskElement.properties, folded: { state: true }, chosen: { state: true } };
  /** Only a line is shown, while the person looks at the image. */
  declare folded: boolean;
  /** Which of several is unfolded; null is the first. */
  declare chosen: string | null;
  private announced = 0;
  private focusNext = false;

  static override styles = [
    controls,
    look,
    versionStyles,
    css`
      :host {
        position: absolute;
        top: 12px;
        left: 50%;
        z-index: 5;
        width: min(560px, calc(100% - 400px));
        min-width: min(420px, calc(100% - 24px));
        translate: -50% 0;
        pointer-events: none;
      }
      .card {
        display: flex;
        flex-direction: column;
        max-height: calc(100vh - 180px);
        border: 1px solid var(--warn-line);
        border-radius: 10px;
        background: var(--surface-raised);
        box-shadow: var(--shadow-3);
        pointer-events: auto;
      }
      .card[data-refused] {
        border-color: var(--bad-line);
      }
      header {
        display: flex;
        flex: none;
        align-items: center;
        gap: 10px;
        padding: 8px 8px 8px 14px;
      }
      header > .icon {
        color: var(--warn);
      }
      .card[data-refused] header > .icon {
        color: var(--bad);
      }
      h2 {
        flex: 1;
        min-width: 0;
        color: var(--ink);
        font-size: 13px;
      }
      ol {
        margin: 0;
        padding: 0;
        list-style: none;
      }
      li {
        display: grid;
        gap: 10px;
        padding: 10px 14px 14px;
        border-top: 1px solid var(--line);
      }
      li.closed {
        padding-block: 4px;
      }
      li p {
        margin: 0;
      }
      .line {
        appearance: none;
        display: flex;
        align-items: center;
        gap: 8px;
        min-height: 28px;
        margin: 0 -6px;
        padding: 3px 6px;
        border: 0;
        border-radius: 6px;
        background: none;
        color: inherit;
        text-align: left;
        cursor: pointer;
      }
      .line:hover {
        background: var(--surface-hover);
      }
      .line .icon {
        color: var(--ink-3);
        transition: rotate var(--quick) var(--ease);
      }
      .line[aria-expanded="true"] .icon {
        rotate: 90deg;
      }
      .more {
        color: var(--ink-3);
      }
      .buttons {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 6px;
      }
      .buttons .more {
        flex: 1;
      }
      footer {
        display: flex;
        flex: none;
        align-items: center;
        gap: 6px;
        padding: 8px 14px;
        border-top: 1px solid var(--line);
        background: var(--surface-sunken);
        border-radius: 0 0 10px 10px;
      }
      footer span {
        flex: 1;
        color: var(--ink-2);
      }
    `,
  ];

  constructor() {
    super();
    this.folded = false;
    this.chosen = null;
  }

  protected follows(desk: Desk) {
    return [desk.session.outbox.entries];
  }

  private get waiting(): Entry[] {
    return this.desk.session.outbox.entries.value.filter((entry) => entry.phase === "conflict" || entry.phase === "refused");
  }

  private get conflicts(): Entry[] {
    return this.waiting.filter((entry) => entry.phase === "conflict");
  }

  /** A screen reader is told at once; the focus stays where the person works. */
  protected override willUpdate(): void {
    const count = this.waiting.length;
    if (count > this.announced) this.desk.announcer.say(`${counted(count, "change")} ${count === 1 ? "needs" : "need"} your decision.`);
    if (count === 0) [this.folded, this.chosen] = [false, null];
    this.announced = count;
  }

  /** Whoever decided by keyboard goes on with the next decision, then with the image. */
  protected override updated(): void {
    if (!this.focusNext) return;
    this.focusNext = false;
    const next = this.renderRoot.querySelector<HTMLElement>("[data-choice]");
    if (next) next.focus();
    else this.desk.stage?.focus();
  }

  /** Theirs lies over mine while the person looks. */
  private lookFirst(entry: Entry, conflict: Conflict | null): void {
    this.folded = true;
    this.chosen = entry.id;
    this.desk.goTo(entry.key);
    const vector = conflict && !conflict.theirs.removed ? conflict.theirs.vector : null;
    if (vector && vector.points.length > 0) this.desk.ghost.value = { vector, label: conflict ? this.whoOf(entry, conflict) : "Theirs" };
  }

  private choose(entries: readonly Entry[], choice: Choice): void {
    this.desk.ghost.value = null;
    this.focusNext = true;
    for (const entry of entries) this.desk.session.resolve(entry.id, choice);
    if (choice === "theirs") this.desk.say(`${entries.length === 1 ? "Theirs stays" : "Theirs stay"}. Undo brings yours back.`);
  }

  private what(entry: Entry): string {
    const row = this.desk.session.store.get(entry.key);
    const type = row ? this.desk.typeOf(row)?.name : undefined;
    return `${type ?? "the annotation"}${row?.number ? ` #${row.number}` : ""}`;
  }

  private whoOf({ refusal }: Entry, { theirs }: Conflict): string {
    if (theirs.edited_by === this.desk.workspace.me.person_id) return "Another window of yours";
    return (theirs.edited_by === refusal?.changed_by && refusal.changed_by_name) || this.desk.nameOf(theirs.edited_by);
  }

  private conflict(entry: Entry, conflict: Conflict) {
    const { theirs, mine } = conflict;
    const button = (choice: Choice, words: string) =>
      html`<button type="button" class="button small" data-choice=${choice} @click=${() => this.choose([entry], choice)}>${words}</button>`;
    const both = wishedVector(entry.change) !== undefined && !theirs.removed;
    const shown = versions(this.desk, conflict, this.whoOf(entry, conflict), entry.at,
      button("theirs", theirs.removed ? "Leave it removed" : "Keep theirs"),
      button("mine", mine.removed ? "Remove it all the same" : theirs.removed ? "Bring it back" : "Put mine on top"));
    return html`${shown}
      <div class="buttons">
        <span class="more">Both stay in the history.</span>
        ${both ? html`<button type="button" class="button small quiet" data-choice="both" title="Theirs stays, mine becomes an annotation of its own" @click=${() => this.choose([entry], "both")}>Keep both</button>` : nothing}
        <button type="button" class="button small quiet" data-choice="show" @click=${() => this.lookFirst(entry, conflict)}>${glyph("eye")}Look first</button>
      </div>`;
  }

  private refused(entry: Entry) {
    const { desk } = this;
    const again = (): void => {
      desk.goTo(entry.key);
      if (!changesContent(entry.change)) desk.session.outbox.again(entry.id);
      else desk.say("Change it, and it is sent again.");
    };
    return html`<div class="buttons">
      <button type="button" class="button small" data-choice="again" @click=${again}>${changesContent(entry.change) ? "Edit again" : "Try again"}</button>
      <button type="button" class="button small" data-choice="discard" @click=${() => ((this.focusNext = true), desk.session.outbox.discard(entry.id))}>Discard</button>
      <button type="button" class="button small quiet" data-choice="show" @click=${() => this.lookFirst(entry, null)}>${glyph("eye")}Look first</button>
    </div>`;
  }

  /** What happened, in a sentence. */
  private sentence(entry: Entry, conflict: Conflict | null): string {
    if (!conflict) return `Your ${nounFor(entry.change)} (${this.what(entry)}) was not saved. ${entry.refusal?.detail ?? ""}`;
    return sentenceOf(conflict, this.whoOf(entry, conflict), this.what(entry));
  }

  private one(entry: Entry, alone: boolean, open: boolean) {
    const conflict = entry.phase === "conflict" ? this.desk.session.outbox.conflict(entry) : null;
    const sentence = this.sentence(entry, conflict);
    const at = conflict?.theirs.edited_at;
    const words = html`<span>${sentence}${at ? html` <span class="more">${ago(at)}</span>` : nothing}</span>`;
    const head = alone
      ? html`<p>${words}</p>`
      : html`<button type="button" class="line" aria-expanded=${open} @click=${() => (this.chosen = entry.id)}>${icon("chevron-right")}${words}</button>`;
    const deeds = !open ? nothing : conflict ? this.conflict(entry, conflict) : this.refused(entry);
    return html`<li class=${open ? "" : "closed"} data-testid="decision" data-kind=${entry.phase} data-key=${entry.key}>${head} ${deeds}</li>`;
  }

  private all(conflicts: readonly Entry[]) {
    const button = (choice: Choice, words: string) =>
      html`<button type="button" class="button small" data-choice="all-${choice}" @click=${() => this.choose(conflicts, choice)}>${words}</button>`;
    return html`<footer><span>For all ${conflicts.length}</span>${button("theirs", "Keep theirs")} ${button("mine", "Put mine on top")}</footer>`;
  }

  protected override render() {
    const { waiting, conflicts, folded } = this;
    if (waiting.length === 0) return nothing;
    const count = waiting.length;
    const open = waiting.find((entry) => entry.id === this.chosen) ?? waiting[0];
    const fold = (): void => void (this.folded = !folded);
    return html`<section class="card" role="dialog" aria-labelledby="decisions-heading" data-testid="decisions" ?data-refused=${conflicts.length === 0}
      @keydown=${(event: KeyboardEvent) => event.key === "Escape" && !folded && (event.stopPropagation(), fold(), this.desk.stage?.focus())}>
      <header>${icon("alert")}
        <h2 id="decisions-heading">${counted(count, "change")} ${count === 1 ? "needs" : "need"} your decision</h2>
        <button type="button" class="button small ${folded ? "" : "quiet"}" data-testid="decisions-fold" aria-expanded=${!folded} @click=${fold}>${folded ? "Decide" : "Later"}</button>
      </header>
      ${folded ? nothing : html`<ol class="scroll">${waiting.map((entry) => this.one(entry, count === 1, entry === open))}</ol>`}
      ${!folded && conflicts.length > 1 ? this.all(conflicts) : nothing}
    </section>`;
  }
}

customElements.define("exact-decisions", ExactDecisions);
