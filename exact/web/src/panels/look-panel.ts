/** How the image is looked at: each channel on or off, its colour and window; one window for grey images; the colour profile. */

import "../design/range";
import { css, html, nothing } from "lit";
import type { Ends } from "../design/range";
import { controls } from "../design/styles";
import { type Channel, type ChannelState, type Window, presetsFor, sameWindow, stepOf } from "../model/look";
import { figure } from "../model/units";
import type { Desk } from "../viewer/desk";
import { DeskElement, look } from "./element";
import { glyph } from "./glyphs";

/** The slider reaches this many times the usual window to both sides: along the whole range a fingertip would be a jump. */
const REACH = 1.5;

export class ExactLookPanel extends DeskElement {
  static override styles = [
    controls,
    look,
    css`
      :host {
        position: absolute;
        right: 0;
        bottom: calc(100% + 8px);
        display: flex;
        flex-direction: column;
        width: 304px;
        max-height: calc(100vh - 330px);
        border: 1px solid rgb(255 255 255 / 16%);
        border-radius: 10px;
        background: rgb(12 18 22 / 92%);
        color: #eef4f6;
        color-scheme: dark;
        box-shadow: var(--shadow-3);
        pointer-events: auto;
      }
      section {
        display: flex;
        flex-direction: column;
        min-height: 0;
      }
      header {
        display: flex;
        align-items: center;
        gap: 4px;
        padding: 8px 8px 4px 14px;
      }
      h2 {
        flex: 1;
        color: inherit;
      }
      button {
        appearance: none;
        height: 26px;
        padding: 0 9px;
        border: 0;
        border-radius: 6px;
        background: none;
        color: rgb(238 244 246 / 82%);
        font: 600 12px/1 var(--font);
        cursor: pointer;
      }
      button:hover:not(:disabled) {
        background: rgb(255 255 255 / 12%);
        color: #fff;
      }
      button:disabled {
        opacity: 0.38;
        cursor: default;
      }
      :focus-visible {
        outline-color: #fff;
      }
      .scroll {
        min-height: 0;
        padding: 0 14px 12px;
      }
      .channel {
        padding: 7px 0 8px;
      }
      .channel + .channel,
      .profile {
        border-top: 1px solid rgb(255 255 255 / 10%);
      }
      .top {
        display: flex;
        align-items: center;
        gap: 8px;
        min-height: 28px;
      }
      .off .name,
      .off .values,
      .off exact-range {
        opacity: 0.45;
      }
      input[type="checkbox"] {
        flex: none;
        width: 16px;
        height: 16px;
        margin: 0;
        accent-color: #56bdd9;
      }
      input[type="color"] {
        flex: none;
        width: 22px;
        height: 22px;
        padding: 0;
        border: 1px solid rgb(255 255 255 / 30%);
        border-radius: 6px;
        background: none;
        cursor: pointer;
      }
      input[type="color"]::-webkit-color-swatch-wrapper {
        padding: 2px;
      }
      input[type="color"]::-webkit-color-swatch {
        border: 0;
        border-radius: 4px;
      }
      .name {
        flex: 1;
        overflow: hidden;
        min-width: 0;
        font-weight: 600;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .only {
        opacity: 0;
      }
      .channel:hover .only,
      .channel:focus-within .only {
        opacity: 1;
      }
      .values {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: 8px;
        margin-top: 2px;
      }
      input[type="number"] {
        width: 76px;
        min-width: 0;
        height: 26px;
        padding: 0 7px;
        border: 1px solid rgb(255 255 255 / 18%);
        border-radius: 6px;
        background: rgb(255 255 255 / 6%);
        color: inherit;
        font: 400 12px/1 var(--font);
        font-variant-numeric: tabular-nums;
        appearance: textfield;
      }
      input[type="number"]:last-child {
        text-align: right;
      }
      .level {
        overflow: hidden;
        white-space: nowrap;
        color: rgb(238 244 246 / 68%);
        font-size: 11px;
      }
      .presets {
        display: flex;
        flex-wrap: wrap;
        gap: 4px;
        margin: 10px 0 2px;
      }
      .presets button {
        border: 1px solid rgb(255 255 255 / 18%);
      }
      .presets button[aria-pressed="true"] {
        border-color: #56bdd9;
        background: rgb(86 189 217 / 22%);
        color: #fff;
      }
      .profile {
        display: flex;
        align-items: center;
        gap: 9px;
        min-height: 36px;
        padding-top: 6px;
      }
    `,
  ];

  protected follows(desk: Desk) {
    return [desk.looks.look, desk.looks.channels, desk.tiles];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const escape = (event: KeyboardEvent): void => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.close();
    };
    this.addEventListener("keydown", escape);
    this.until(() => this.removeEventListener("keydown", escape));
  }

  protected override firstUpdated(): void {
    this.renderRoot.querySelector<HTMLElement>("input")?.focus({ preventScroll: true });
  }

  private close(): void {
    this.desk.lookOpen.value = false;
    this.desk.stage?.focus();
  }

  /** Slider, two numbers, and for grey images what radiologists call them: level and width. */
  private window(name: string, window: Window, usual: Window, limits: Window, colour: string, level: boolean, set: (window: Window) => void) {
    const step = stepOf(limits);
    const reach = (usual[1] - usual[0]) * REACH;
    const least = Math.min(Math.max(limits[0], usual[0] - reach), window[0]);
    const most = Math.max(Math.min(limits[1], usual[1] + reach), window[1]);
    const number = (end: 0 | 1, words: string) => html`<input type="number" step="any" .value=${shown(window[end])} aria-label="${name}, ${words}"
      @change=${(event: Event) => {
        const value = (event.target as HTMLInputElement).valueAsNumber;
        if (Number.isFinite(value)) set(end === 0 ? [value, window[1]] : [window[0], value]);
        (event.target as HTMLInputElement).value = shown(window[end]);
      }} />`;
    return html`<exact-range .min=${least} .max=${most} .step=${step} .low=${window[0]} .high=${window[1]} label=${name} colour=${colour}
        @exact-range=${({ detail }: CustomEvent<Ends>) => set([detail.low, detail.high])}></exact-range>
      <div class="values">${number(0, "shown as black")}
        ${level ? html`<span class="level" title="Level and width">L ${figure((window[0] + window[1]) / 2)} · W ${figure(window[1] - window[0])}</span>` : nothing}
        ${number(1, level ? "shown as white" : "shown at full brightness")}</div>`;
  }

  private channel(channel: Channel, state: ChannelState, index: number) {
    const { looks } = this.desk;
    const name = channel.name || `Channel ${index + 1}`;
    const checked = (event: Event): boolean => (event.target as HTMLInputElement).checked;
    return html`<div class="channel ${state.on ? "" : "off"}" data-channel=${index} data-on=${state.on}>
      <div class="top">
        <input type="checkbox" .checked=${state.on} aria-label="Show ${name}" @change=${(event: Event) => looks.setChannel(index, { on: checked(event) })} />
        <input type="color" .value="#${state.colour}" aria-label="Colour of ${name}" title="Colour"
          @input=${(event: Event) => looks.setChannel(index, { colour: (event.target as HTMLInputElement).value.slice(1) })} />
        <span class="name" title=${name}>${name}</span>
        <button type="button" class="only" title="Only this channel; again: all" @click=${() => this.only(index)}>Only</button>
      </div>
      ${this.window(name, state.window, channel.window, channel.limits, `#${state.colour}`, false, (window) => looks.setChannel(index, { window }))}
    </div>`;
  }

  /** A second time brings the others back. */
  private only(index: number): void {
    const { looks } = this.desk;
    const states = looks.channels.value;
    const alone = states.every((state, at) => state.on === (at === index));
    looks.setChannels(states.map((state, at) => ({ ...state, on: alone || at === index })));
  }

  private grey(window: Window, limits: Window) {
    const { looks, tiles } = this.desk;
    const usual = tiles.value?.window ?? limits;
    const presets = presetsFor(limits);
    const preset = (name: string, to: Window | null, pressed: boolean) => html`<button type="button" data-preset=${name} aria-pressed=${pressed} @click=${() => looks.setWindow(to)}>${name}</button>`;
    return html`<div class="channel" data-window>
      ${this.window("Window", window, usual, limits, "#c9d6dc", true, (to) => looks.setWindow(to))}
      ${presets.length > 0
        ? html`<div class="presets" role="group" aria-label="Windows">
            ${preset("As the file", null, looks.look.value.window === null)}
            ${presets.map((one) => preset(one.name, one.window, looks.look.value.window !== null && sameWindow(one.window, window)))}
          </div>`
        : nothing}
    </div>`;
  }

  private profile() {
    const { looks } = this.desk;
    return html`<label class="profile"><input type="checkbox" .checked=${looks.look.value.profile}
      @change=${(event: Event) => looks.setProfile((event.target as HTMLInputElement).checked)} />
      Colours by the file's profile (ICC)</label>`;
  }

  protected override render() {
    const { looks } = this.desk;
    const { look, offered, limits, window } = looks;
    const plain = look.value.channels === null && look.value.window === null && !look.value.profile;
    const words = offered.length > 0 ? "Channels" : limits ? "Window" : "Colours";
    return html`<section aria-label=${words} data-testid="look">
      <header><h2>${words}</h2>
        <button type="button" ?disabled=${plain} title="As the file says" @click=${() => looks.reset()}>Reset</button>
        <button type="button" aria-label="Close" title="Close  C" @click=${() => this.close()}>${glyph("reject", 12)}</button></header>
      <div class="scroll">
        ${offered.map((channel, index) => this.channel(channel, looks.channels.value[index]!, index))}
        ${offered.length === 0 && limits && window ? this.grey(window, limits) : nothing}
        ${looks.hasProfile ? this.profile() : nothing}
      </div></section>`;
  }
}

/** Six figures are enough for a float; whole numbers stay whole. */
function shown(value: number): string {
  return String(Number(value.toPrecision(6)));
}

customElements.define("exact-look-panel", ExactLookPanel);
