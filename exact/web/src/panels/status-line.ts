/** The line at the bottom: is my work safe, what does the tool want, where is the pointer. */

import { css, html, nothing } from "lit";
import { controls } from "../design/styles";
import { count } from "../design/format";
import { lengthInWords } from "../model/units";
import { UNITS_PER_PIXEL } from "../model/vector";
import { toolNamed } from "../tools/registry";
import type { SessionStatus } from "../live/session";
import type { Desk } from "../viewer/desk";
import type { ExactStage } from "../viewer/stage";
import { DeskElement, look } from "./element";

/** The state of the connection as a person says it. */
export function statusWords({ state, unsent, stopped, position }: SessionStatus, signedOut: boolean): string {
  const waiting = unsent > 0 ? ` (${unsent} unsent)` : "";
  if (signedOut) return `Signed out${waiting}`;
  if (state === "connecting") return `Connecting …${waiting}`;
  if (state === "offline") return `Offline${waiting}`;
  if (stopped > 0) return `Live · ${stopped} ${stopped === 1 ? "change needs" : "changes need"} your decision`;
  return unsent > 0 ? `Saving ${unsent} …` : `Live · saved at position ${count(position)}`;
}

export class ExactStatusLine extends DeskElement {
  static override properties = { ...DeskElement.properties, stage: { attribute: false } };
  declare stage: ExactStage | null;

  static override styles = [
    controls,
    look,
    css`
      :host {
        display: flex;
        align-items: center;
        gap: 16px;
        height: 28px;
        padding: 0 12px;
        border-top: 1px solid var(--line);
        background: var(--surface);
        color: var(--ink-3);
        font-size: 12px;
        white-space: nowrap;
      }
      .state {
        display: inline-flex;
        align-items: center;
        gap: 7px;
        min-width: 190px;
        color: var(--ink-2);
      }
      .dot {
        width: 8px;
        height: 8px;
        border-radius: 50%;
        background: var(--warn);
      }
      [data-state="live"] .dot {
        background: var(--good);
      }
      [data-state="offline"] .dot {
        border-radius: 2px;
        background: var(--bad);
      }
      [data-state="offline"] {
        color: var(--bad);
      }
      .hint {
        flex: 1;
        overflow: hidden;
        min-width: 0;
        color: var(--ink-3);
        font-size: 12px;
        text-overflow: ellipsis;
      }
      .place {
        min-width: 230px;
        text-align: right;
      }
      .link {
        font-weight: 600;
      }
    `,
  ];

  constructor() {
    super();
    this.stage = null;
  }

  protected follows(desk: Desk) {
    return [desk.session.status, desk.session.outbox.signedOut, desk.session.outbox.durable, desk.session.connection.closed, desk.tool];
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("stage") && this.stage) this.until(this.stage.cursor.subscribe(() => this.requestUpdate()));
  }

  private place() {
    const at = this.stage?.cursor.value;
    if (!at) return nothing;
    const px = at.map((value) => Math.round(value / UNITS_PER_PIXEL));
    const { scale } = this.desk;
    const um = scale ? ` · ${lengthInWords(at[0] * scale[0])}, ${lengthInWords(at[1] * scale[1])}` : "";
    return `${count(px[0]!)}, ${count(px[1]!)} px${um}`;
  }

  private hint() {
    const { desk } = this;
    const closed = desk.session.connection.closed.value;
    if (closed) return html`${closed.detail} ${closed.code === "protocol" ? html`<button class="link" @click=${() => location.reload()}>Reload</button>` : nothing}`;
    if (desk.session.outbox.signedOut.value) return html`Your changes are kept in this browser. <a class="link" href="/sign-in/?next=${encodeURIComponent(location.pathname)}">Sign in again</a>`;
    if (!desk.session.outbox.durable.value && desk.session.status.value.unsent > 0) return "This browser keeps nothing over a reload: leave the page open until all is saved.";
    if (desk.offline) return "What was not loaded yet stays coarse until the server answers; what you do is kept.";
    return toolNamed(desk.tool.value).hint;
  }

  protected override render() {
    const { session } = this.desk;
    const status = session.status.value;
    return html`
      <div class="state" data-testid="status" role="status" data-state=${status.state} data-unsent=${status.unsent} data-position=${status.position}>
        <span class="dot" aria-hidden="true"></span>${statusWords(status, session.outbox.signedOut.value)}
        ${status.state === "offline" ? html`<button type="button" class="link" @click=${() => session.wake()}>Try now</button>` : nothing}
      </div>
      <div class="hint">${this.hint()}</div>
      <div class="place" aria-hidden="true">${this.place()}</div>
    `;
  }
}

customElements.define("exact-status-line", ExactStatusLine);
