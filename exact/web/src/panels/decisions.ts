/** What needs the person: two changed the same shape, or the server refused a change. Calm, one at a time, nothing is lost meanwhile. */

import { css, html, nothing } from "lit";
import { controls } from "../design/styles";
import { icon } from "../design/icons";
import { changesContent, nounFor, wishedVector } from "../model/commands";
import type { Entry } from "../state/entries";
import type { Desk } from "../viewer/desk";
import { DeskElement, look } from "./element";

export class ExactDecisions extends DeskElement {
  static override styles = [
    controls,
    look,
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
      .bar {
        display: grid;
        gap: 10px;
        padding: 12px 14px;
        border: 1px solid var(--warn-line);
        border-radius: 10px;
        background: var(--surface-raised);
        box-shadow: var(--shadow-3);
        pointer-events: auto;
      }
      .bar.refused {
        border-color: var(--bad-line);
      }
      .words {
        display: flex;
        gap: 10px;
      }
      .words > .icon {
        margin-top: 2px;
        color: var(--warn);
      }
      .refused .words > .icon {
        color: var(--bad);
      }
      .words p {
        flex: 1;
        margin: 0;
      }
      .more {
        color: var(--ink-3);
      }
      .buttons {
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
        padding-left: 26px;
      }
    `,
  ];

  protected follows(desk: Desk) {
    return [desk.session.outbox.entries];
  }

  /** Theirs lies over mine while the person decides. */
  private compare(entry: Entry): void {
    this.desk.goTo(entry.key);
    const { current, changed_by_name } = entry.refusal ?? {};
    if (entry.phase !== "conflict" || !current?.vector || current.removed) return;
    this.desk.ghost.value = { vector: current.vector, label: changed_by_name ?? "Theirs" };
  }

  private what(entry: Entry): string {
    const row = this.desk.session.store.get(entry.key);
    const type = row ? this.desk.typeOf(row)?.name : undefined;
    return `${type ?? "the annotation"}${row?.number ? ` #${row.number}` : ""}`;
  }

  private conflict(entry: Entry, rest: number) {
    const { desk } = this;
    const { current, changed_by_name, changed_by } = entry.refusal ?? {};
    const who = changed_by_name ?? (changed_by ? desk.nameOf(changed_by) : desk.nameOf(current?.edited_by ?? ""));
    const removed = current?.removed === true;
    const removing = entry.change.command === "RemoveAnnotation";
    const outline = wishedVector(entry.change) !== undefined;
    const sentence = removing
      ? `${who} changed ${this.what(entry)} while you removed it.`
      : removed
        ? `${who} removed ${this.what(entry)} while you changed it.`
        : `${who} changed the outline of ${this.what(entry)} while you did.`;
    const mine = removing ? "Remove it" : removed ? "Bring it back with my change" : "Mine";
    const theirs = removing ? "Keep theirs" : removed ? "Leave it removed" : "Theirs";
    const choose = (choice: "mine" | "theirs" | "both") => () => {
      desk.ghost.value = null;
      desk.session.resolve(entry.id, choice);
    };
    return this.bar(entry, "conflict", html`${sentence} Both versions stay in the history.`, rest, html`
      <button type="button" class="button small primary" data-choice="mine" @click=${choose("mine")}>${mine}</button>
      <button type="button" class="button small" data-choice="theirs" @click=${choose("theirs")}>${theirs}</button>
      ${outline && !removing ? html`<button type="button" class="button small" data-choice="both" title="Theirs stays, mine becomes an annotation of its own" @click=${choose("both")}>Keep both</button>` : nothing}
    `);
  }

  private refused(entry: Entry, rest: number) {
    const { desk } = this;
    const again = (): void => {
      desk.goTo(entry.key);
      if (!changesContent(entry.change)) desk.session.outbox.again(entry.id);
      else desk.say("Change it, and it is sent again.");
    };
    const sentence = html`Your ${nounFor(entry.change)} (${this.what(entry)}) was not saved. ${entry.refusal?.detail}`;
    return this.bar(entry, "refused", sentence, rest, html`
      <button type="button" class="button small primary" data-choice="again" @click=${again}>${changesContent(entry.change) ? "Edit again" : "Try again"}</button>
      <button type="button" class="button small" data-choice="discard" @click=${() => desk.session.outbox.discard(entry.id)}>Discard</button>
    `);
  }

  private bar(entry: Entry, kind: "conflict" | "refused", sentence: unknown, rest: number, buttons: unknown) {
    return html`<div class="bar ${kind}" role="alertdialog" aria-label="Needs your decision" data-testid="decision" data-kind=${kind} data-key=${entry.key}>
      <div class="words">${icon("alert")}<p>${sentence} ${rest > 0 ? html`<span class="more">${rest} more after this.</span>` : nothing}</p></div>
      <div class="buttons">${buttons}<button type="button" class="button small quiet" data-choice="show" @click=${() => this.compare(entry)}>${entry.phase === "conflict" ? "Compare" : "Show"}</button></div>
    </div>`;
  }

  protected override render() {
    const open = this.desk.session.outbox.entries.value.filter((entry) => entry.phase === "conflict" || entry.phase === "refused");
    const [entry] = open;
    if (!entry) return nothing;
    return entry.phase === "conflict" ? this.conflict(entry, open.length - 1) : this.refused(entry, open.length - 1);
  }
}

customElements.define("exact-decisions", ExactDecisions);
