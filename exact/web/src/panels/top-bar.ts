/** The bar at the top: where one is, who else is here, how the page looks. */

import "../design/avatar";
import { css, html, nothing } from "lit";
import { controls } from "../design/styles";
import { icon, mark } from "../design/icons";
import type { Presence } from "../live/protocol";
import { UNITS_PER_PIXEL } from "../model/vector";
import type { Desk } from "../viewer/desk";
import { setViewerTheme, viewerTheme } from "../viewer/theme";
import { DeskElement, look } from "./element";
import { glyph } from "./glyphs";

const MOST_FACES = 5;

export class ExactTopBar extends DeskElement {
  static override styles = [
    controls,
    look,
    css`
      :host {
        display: flex;
        align-items: center;
        gap: 10px;
        height: 48px;
        padding: 0 10px 0 14px;
        border-bottom: 1px solid var(--line);
        background: var(--surface);
      }
      nav {
        flex: 1;
        display: flex;
        align-items: center;
        gap: 8px;
        min-width: 0;
        color: var(--ink-3);
      }
      nav a {
        overflow: hidden;
        min-width: 0;
        color: var(--ink-2);
        text-decoration: none;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      nav a:hover {
        color: var(--ink);
        text-decoration: underline;
        text-underline-offset: 3px;
      }
      nav a.home {
        display: inline-flex;
        flex: none;
      }
      h1 {
        overflow: hidden;
        margin: 0;
        font: 640 14px/1.3 var(--font);
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .siblings {
        display: flex;
        flex: none;
      }
      .siblings a,
      .siblings span {
        display: grid;
        place-items: center;
        width: 28px;
        height: 28px;
        border-radius: 6px;
        color: var(--ink-2);
      }
      .siblings a:hover {
        background: var(--surface-hover);
      }
      .siblings span {
        opacity: 0.3;
      }
      .people {
        display: flex;
        align-items: center;
        padding-left: 6px;
      }
      .face {
        appearance: none;
        position: relative;
        display: flex;
        margin-left: -6px;
        padding: 0;
        border: 2px solid var(--surface);
        border-radius: 50%;
        background: none;
        cursor: pointer;
      }
      .face.me {
        cursor: default;
      }
      .more {
        margin-left: 4px;
        color: var(--ink-3);
        font-size: 12px;
      }
      .fill {
        display: flex;
        align-items: center;
        gap: 6px;
        color: var(--ink-3);
        font-size: 12px;
      }
      .fill input {
        width: 74px;
        accent-color: var(--accent);
      }
      .role {
        flex: none;
      }
      @media (max-width: 1180px) {
        .fill span {
          display: none;
        }
        nav .set {
          max-width: 120px;
        }
      }
    `,
  ];

  protected follows(desk: Desk) {
    return [desk.imageName, desk.session.connection.people, desk.fill, desk.shown];
  }

  private siblings() {
    const { image, siblings } = this.desk.workspace;
    const at = siblings.findIndex((one) => one.number === image.number);
    const link = (step: -1 | 1, words: string) => {
      const other = at === -1 ? undefined : siblings[at + step];
      const sign = glyph(step === -1 ? "previous" : "next");
      return other
        ? html`<a href="/annotations/${other.number}/" aria-label="${words}: ${other.name}" title="${words}: ${other.name}">${sign}</a>`
        : html`<span aria-hidden="true">${sign}</span>`;
    };
    return html`<div class="siblings">${link(-1, "Previous image")} ${link(1, "Next image")}</div>`;
  }

  /** One face for a person, however many pages they have open. */
  private here(): Presence[] {
    const seen = new Map<string, Presence>();
    for (const presence of this.desk.session.connection.people.value.values()) seen.set(presence.person_id, presence);
    return [...seen.values()];
  }

  /** Looks at what that person looks at. */
  private visit({ viewport, frame, plane }: Presence): void {
    const { desk } = this;
    desk.turnTo({ frame, plane });
    if (!viewport) return;
    const [x, y, width, height] = viewport.map((value) => value / UNITS_PER_PIXEL) as [number, number, number, number];
    desk.stage?.fit([x, y, x + width, y + height]);
  }

  private people() {
    const { me } = this.desk.workspace;
    const others = this.here().filter((one) => one.person_id !== me.person_id);
    return html`<div class="people" role="group" aria-label="${others.length === 0 ? "Nobody else is here" : `${others.length} others are here`}" data-testid="people">
      ${others.slice(0, MOST_FACES).map((one) => html`<button type="button" class="face" data-person=${one.person_id} title="${one.name}: go where they are" aria-label="Go to ${one.name}" @click=${() => this.visit(one)}>
        <exact-avatar name=${one.name} person=${one.person_id} size="26"></exact-avatar></button>`)}
      ${others.length > MOST_FACES ? html`<span class="more">+${others.length - MOST_FACES}</span>` : nothing}
      <span class="face me" role="img" title="${me.name} (you)" aria-label="You, ${me.name}"><exact-avatar name=${me.name} person=${me.person_id} size="26"></exact-avatar></span>
    </div>`;
  }

  private looks() {
    const { desk } = this;
    const shown = desk.shown.value;
    const light = viewerTheme() === "light";
    return html`
      <label class="fill" title="How strongly shapes are filled  [ ]"><span>Fill</span>
        <input type="range" min="0" max="0.6" step="0.05" aria-label="Fill of shapes" .value=${String(desk.fill.value)} @input=${(event: Event) => desk.setFill(Number((event.target as HTMLInputElement).value))} /></label>
      <button type="button" class="button quiet square small" data-action="toggle-annotations" aria-pressed=${!shown} aria-label=${shown ? "Hide annotations" : "Show annotations"} title="${shown ? "Hide" : "Show"} annotations  Y" @click=${() => (desk.shown.value = !shown)}>${glyph(shown ? "eye" : "eye-off")}</button>
      <button type="button" class="button quiet square small" aria-label=${light ? "Dark theme" : "Light theme"} title=${light ? "Dark theme" : "Light theme"} @click=${() => (setViewerTheme(light ? "dark" : "light"), this.requestUpdate())}>${icon(light ? "moon" : "sun")}</button>
      <button type="button" class="button quiet square small" data-action="help" aria-label="Keyboard shortcuts" title="Keyboard shortcuts  ?" @click=${() => (desk.helpOpen.value = true)}>${glyph("keyboard")}</button>
    `;
  }

  protected override render() {
    const { image_set, team } = this.desk.workspace;
    return html`
      <nav aria-label="Where you are">
        <a class="home" href="/" aria-label="EXACT, start page" title="Start page">${mark(24)}</a>
        <a class="set" href="/images/imageset/${image_set.number}/" title="${team.name} · ${image_set.name}">${image_set.name}</a>
        <span aria-hidden="true">/</span>
        <h1 title=${this.desk.imageName.value}>${this.desk.imageName.value}</h1>
        ${this.siblings()}
        ${this.desk.mayAnnotate ? nothing : html`<span class="badge role">${this.desk.mayVerify ? "Verify only" : "View only"}</span>`}
      </nav>
      ${this.people()} ${this.looks()}
    `;
  }
}

customElements.define("exact-top-bar", ExactTopBar);
