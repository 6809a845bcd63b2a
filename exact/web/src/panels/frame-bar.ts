/** The planes of a volume and a slider for each direction in which frames follow each other: z, time, scene. */

import { css, html, nothing } from "lit";
import { controls } from "../design/styles";
import { type Axis, indicesOf, placeOf, playedAxis, titleOf } from "../model/frames";
import type { Desk } from "../viewer/desk";
import { DeskElement, look } from "./element";
import { glyph } from "./glyphs";

/** Fewer frames than these are no film. */
const FILM = 3;

export class ExactFrameBar extends DeskElement {
  static override styles = [
    controls,
    look,
    css`
      :host {
        display: flex;
        align-items: center;
        gap: 6px;
        color: inherit;
      }
      .planes {
        display: flex;
        flex: none;
      }
      button {
        appearance: none;
        display: grid;
        flex: none;
        place-items: center;
        width: 30px;
        height: 34px;
        padding: 0;
        border: 0;
        border-radius: 7px;
        background: none;
        color: inherit;
        font: 600 12px/1 var(--font);
        cursor: pointer;
      }
      button:hover {
        background: rgb(255 255 255 / 12%);
      }
      button:focus-visible {
        outline-color: #fff;
        outline-offset: -2px;
      }
      .planes button {
        width: auto;
        padding: 0 10px;
      }
      button[aria-pressed="true"] {
        background: rgb(255 255 255 / 18%);
      }
      .axes {
        display: grid;
        flex: 1;
        min-width: 0;
      }
      .axis {
        display: flex;
        align-items: center;
        gap: 2px;
        min-width: 0;
      }
      .axis + .axis {
        border-top: 1px solid rgb(255 255 255 / 10%);
      }
      .no-play {
        flex: none;
        width: 30px;
      }
      .name {
        flex: none;
        width: 42px;
        padding-left: 8px;
        color: rgb(238 244 246 / 72%);
        font-size: 12px;
      }
      input {
        flex: 1;
        min-width: 56px;
        accent-color: #56bdd9;
      }
      input:focus-visible {
        outline-color: #fff;
      }
      .where {
        flex: none;
        min-width: 84px;
        padding-left: 4px;
        font-size: 12px;
        text-align: right;
        white-space: nowrap;
      }
      .several .where {
        min-width: 108px;
      }
    `,
  ];

  protected follows(desk: Desk) {
    return [desk.frame, desk.plane, desk.tiles, desk.playing];
  }

  private planes() {
    const { desk } = this;
    const { planes } = desk.workspace.image;
    if (planes.length < 2) return nothing;
    return html`<div class="planes" role="group" aria-label="Plane">${planes.map((one) => html`<button type="button" data-plane=${one.plane}
      aria-pressed=${one.plane === desk.plane.value} title=${one.name} @click=${() => desk.showPlane(one.plane)}>${one.name.slice(0, 1).toUpperCase() + one.name.slice(1, 3)}</button>`)}</div>`;
  }

  private axis(axis: Axis, at: number, axes: readonly Axis[]) {
    const { desk } = this;
    const index = indicesOf(desk.frame.value, axes)[at]!;
    const title = titleOf(axis);
    const slower = axes.length - 1 - at;
    const keys = ["", "Shift "][slower];
    const step = (by: number, words: string, key: string) => html`<button type="button" aria-label="${words} ${title.toLowerCase()}"
      title="${words} ${title.toLowerCase()}${keys === undefined ? "" : `  ${keys}${key}`}" @click=${() => desk.step(by, slower)}>${glyph(by < 0 ? "previous" : "next")}</button>`;
    const several = axes.length > 1;
    return html`<div class="axis" data-axis=${axis.name} data-index=${index}>
      ${several ? html`<span class="name">${title}</span>` : nothing}
      ${step(-1, "Previous", "Q")}
      <input type="range" min="0" max=${axis.size - 1} .value=${String(index)} aria-label=${title} aria-valuetext="${title} ${placeOf(axis, index)}"
        @input=${(event: Event) => desk.turnAxis(at, Number((event.target as HTMLInputElement).value))} />
      ${step(1, "Next", "E")}
      <span class="where">${(!several && desk.frameName) || placeOf(axis, index)}</span>
      ${at === playedAxis(axes) && axis.size >= FILM ? this.play(title) : several ? html`<span class="no-play"></span>` : nothing}
    </div>`;
  }

  private play(title: string) {
    const { playing } = this.desk;
    const words = playing.value ? "Stop" : `Play (${title.toLowerCase()})`;
    return html`<button type="button" data-action="play" aria-pressed=${playing.value} aria-label=${words} title="${words}  G"
      @click=${() => (playing.value = !playing.value)}>${glyph(playing.value ? "stop" : "play")}</button>`;
  }

  protected override render() {
    const { axes } = this.desk;
    return html`${this.planes()}
      <div class="axes ${axes.length > 1 ? "several" : ""}" title=${this.desk.frameName ?? ""}>${axes.map((axis, at) => this.axis(axis, at, axes))}</div>`;
  }
}

customElements.define("exact-frame-bar", ExactFrameBar);
