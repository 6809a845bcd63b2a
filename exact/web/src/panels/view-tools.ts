/** Over the image's lower edge: scale bar, frames, the door to channels and window, magnification, zoom buttons. */

import "./frame-bar";
import "./look-panel";
import { css, html, nothing, svg } from "lit";
import { controls } from "../design/styles";
import { magnification, scaleBar } from "../model/units";
import type { Desk } from "../viewer/desk";
import type { ExactStage } from "../viewer/stage";
import { zoomOf } from "../viewer/view";
import { DeskElement, look } from "./element";
import { glyph } from "./glyphs";

const BAR_PX = 150;

export class ExactViewTools extends DeskElement {
  static override properties = { ...DeskElement.properties, stage: { attribute: false } };
  declare stage: ExactStage | null;

  static override styles = [
    controls,
    look,
    css`
      :host {
        position: absolute;
        inset: auto 12px 12px;
        z-index: 3;
        display: flex;
        align-items: flex-end;
        justify-content: space-between;
        gap: 12px;
        pointer-events: none;
      }
      .card {
        display: flex;
        align-items: center;
        border: 1px solid rgb(255 255 255 / 16%);
        border-radius: 9px;
        background: rgb(12 18 22 / 82%);
        color: #eef4f6;
        box-shadow: var(--shadow-2);
        pointer-events: auto;
      }
      .scale {
        flex: none;
        display: grid;
        gap: 3px;
        padding: 7px 11px 8px;
        font-weight: 600;
        font-size: 12px;
        pointer-events: none;
      }
      .scale svg {
        display: block;
      }
      .zoom button,
      .door {
        appearance: none;
        display: grid;
        place-items: center;
        width: 34px;
        height: 34px;
        padding: 0;
        border: 0;
        border-radius: 7px;
        background: none;
        color: inherit;
        font: 600 12px/1 var(--font);
        cursor: pointer;
      }
      .card button:hover {
        background: rgb(255 255 255 / 12%);
      }
      .card button:focus-visible {
        outline-color: #fff;
        outline-offset: -2px;
      }
      .magnification {
        min-width: 58px;
        padding: 0 4px;
        font-weight: 600;
        font-size: 12px;
        text-align: center;
      }
      .frames {
        flex: 0 1 560px;
        min-width: 0;
        gap: 6px;
        padding: 0 10px 0 4px;
      }
      .frames exact-frame-bar {
        flex: 1;
        min-width: 0;
      }
      .right {
        display: flex;
        gap: 8px;
      }
      button.door {
        display: flex;
        gap: 7px;
        align-items: center;
        width: auto;
        padding: 0 11px 0 9px;
      }
      button.door[aria-expanded="true"] {
        background: rgb(255 255 255 / 18%);
      }
      @media (max-width: 1240px) {
        :host {
          flex-wrap: wrap;
        }
        .frames {
          order: -1;
          flex: 1 0 100%;
        }
      }
    `,
  ];

  constructor() {
    super();
    this.stage = null;
  }

  protected follows(desk: Desk) {
    return [desk.frame, desk.plane, desk.tiles, desk.lookOpen];
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("stage") && this.stage) this.until(this.stage.view.subscribe(() => this.requestUpdate()));
  }

  private scale(zoom: number) {
    const bar = scaleBar(zoom, this.desk.pixelSize?.[0] ?? null, BAR_PX);
    const width = Math.max(2, Math.round(bar.width));
    return html`<div class="card scale" data-testid="scale-bar" aria-label="Scale: ${bar.label}">
      <span>${bar.label}</span>
      <svg width=${width + 2} height="7" aria-hidden="true">${svg`<path d="M1 0V6H${width + 1}V0" fill="none" stroke="currentColor" stroke-width="2" />`}</svg>
    </div>`;
  }

  private frames() {
    const { desk } = this;
    if (!desk.volumetric) return nothing;
    return html`<div class="card frames" data-testid="frames" data-frame=${desk.frame.value} data-plane=${desk.plane.value}>
      <exact-frame-bar .desk=${desk}></exact-frame-bar></div>`;
  }

  /** The door to channels, window and colours, where there is anything to choose. */
  private lookDoor() {
    const { looks, lookOpen } = this.desk;
    if (!looks.any) return nothing;
    const words = looks.offered.length > 0 ? "Channels" : looks.limits ? "Window" : "Colours";
    return html`<div class="card"><button type="button" class="door" data-action="look" aria-expanded=${lookOpen.value} aria-controls="look" title="${words}  C"
      @click=${() => (lookOpen.value = !lookOpen.value)}>${glyph("contrast")} ${words}</button></div>`;
  }

  protected override render() {
    const view = this.stage?.view.value;
    if (!view) return nothing;
    const { desk } = this;
    const zoom = zoomOf(view.matrix);
    const times = magnification(zoom, desk.workspace.image.objective_power);
    const words = times ? `${times >= 10 ? Math.round(times) : Number(times.toPrecision(2))}×` : `${zoom >= 0.1 ? Math.round(zoom * 100) : Number((zoom * 100).toPrecision(2))} %`;
    const button = (name: string, key: string, sign: "zoom-in" | "zoom-out" | "fit" | "rotate", act: () => void) =>
      html`<button type="button" aria-label=${name} title="${name}  ${key}" @click=${act}>${glyph(sign)}</button>`;
    return html`
      ${desk.lookOpen.value ? html`<exact-look-panel id="look" .desk=${desk}></exact-look-panel>` : nothing}
      ${this.scale(zoom)} ${this.frames()}
      <div class="right">${this.lookDoor()}
      <div class="card zoom" role="group" aria-label="Zoom">
        ${button("Zoom out", "-", "zoom-out", () => desk.stage?.zoomBy(1 / 1.6))}
        <span class="magnification" data-testid="magnification" title=${times ? "Magnification of the objective" : "Screen pixels per image pixel"}>${words}</span>
        ${button("Zoom in", "+", "zoom-in", () => desk.stage?.zoomBy(1.6))}
        <button type="button" aria-label="1:1, one image pixel per screen pixel" title="One image pixel per screen pixel  End" @click=${() => desk.stage?.zoomTo(1)}>1:1</button>
        ${button("Whole image", "Home", "fit", () => desk.stage?.home())}
        ${button("Turn by 90°", "T", "rotate", () => desk.stage?.rotateBy(90))}
      </div></div>
    `;
  }
}

customElements.define("exact-view-tools", ExactViewTools);
