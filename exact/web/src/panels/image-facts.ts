/** What is known of the image: size, pixel size, objective, channels, frames; label and macro for those who may; all properties. */

import "../design/copy";
import "../design/dialog";
import { css, html, nothing } from "lit";
import { Refusal, Unreachable } from "../api/client";
import { type ImageMetadata, imageMetadata } from "../api/viewer";
import type { ExactDialog } from "../design/dialog";
import { bytes, count, when } from "../design/format";
import { controls } from "../design/styles";
import { toast } from "../design/toast";
import { figure, lengthInWords } from "../model/units";
import type { Desk } from "../viewer/desk";
import { DeskElement, look } from "./element";
import { swatch } from "./glyphs";

type Row = readonly [name: string, value: string | null];

export class ExactImageFacts extends DeskElement {
  static override properties = {
    ...DeskElement.properties,
    told: { state: true },
    problem: { state: true },
    seen: { state: true },
    filter: { state: true },
  };
  declare told: ImageMetadata | null;
  declare problem: string | null;
  /** Which label or macro image is looked at. */
  declare seen: string | null;
  declare filter: string;

  static override styles = [
    controls,
    look,
    css`
      dl {
        display: grid;
        grid-template-columns: max-content minmax(0, 1fr);
        gap: 5px 12px;
        margin: 0;
      }
      dt {
        color: var(--ink-3);
      }
      dd {
        margin: 0;
        overflow-wrap: anywhere;
        user-select: text;
      }
      .unknown,
      .source {
        color: var(--ink-3);
      }
      .swatches {
        display: flex;
        flex-wrap: wrap;
        gap: 3px 10px;
      }
      .swatches span {
        display: inline-flex;
        align-items: center;
        gap: 5px;
      }
      .deeds {
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
        margin-top: 12px;
      }
      .note {
        margin: 12px 0 0;
        color: var(--ink-3);
      }
      .picture {
        display: block;
        max-width: 100%;
        max-height: 340px;
        margin-top: 8px;
        border: 1px solid var(--line);
        border-radius: 8px;
      }
      .skeleton {
        height: 18px;
        margin-bottom: 8px;
      }
      .problem {
        display: grid;
        justify-items: start;
        gap: 10px;
      }
      table {
        width: 100%;
        border-collapse: collapse;
        font-size: 13px;
      }
      th {
        width: 42%;
        padding: 5px 12px 5px 0;
        color: var(--ink-2);
        font-weight: 400;
        text-align: left;
        vertical-align: top;
        overflow-wrap: anywhere;
      }
      td {
        padding: 5px 0;
        overflow-wrap: anywhere;
        white-space: pre-wrap;
      }
      tr + tr {
        border-top: 1px solid var(--line);
      }
      .search {
        display: flex;
        gap: 8px;
        margin-bottom: 10px;
      }
      .search input {
        flex: 1;
      }
    `,
  ];

  constructor() {
    super();
    this.told = null;
    this.problem = null;
    this.seen = null;
    this.filter = "";
  }

  protected follows(desk: Desk) {
    return [desk.imageName];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (!this.told) void this.load();
  }

  private async load(): Promise<void> {
    this.problem = null;
    try {
      this.told = await imageMetadata(this.desk.workspace.image.number);
    } catch (problem) {
      if (!(problem instanceof Refusal || problem instanceof Unreachable)) throw problem;
      this.problem = problem.message;
    }
  }

  private rows(told: ImageMetadata): Row[] {
    const { pixel_size_um: size, frames, planes } = told;
    const axes = frames.axes.map((axis) => `${axis.name} ${axis.size}${axis.step ? ` × ${figure(axis.step)} ${axis.unit === "um" ? "µm" : (axis.unit ?? "")}` : ""}`);
    return [
      ["Size", `${count(told.width)} × ${count(told.height)} px`],
      ["Extent", size.x && size.y ? `${lengthInWords(told.width * size.x)} × ${lengthInWords(told.height * size.y)}` : null],
      ["Pixel size", size.x && size.y ? `${lengths(size.x)} × ${lengths(size.y)}` : null],
      ...(planes.length > 1 || size.z ? [["Slice distance", size.z ? lengths(size.z) : null] as const] : []),
      ["Objective", told.objective_power ? `${figure(told.objective_power)} ×` : null],
      ["Scanner", told.scanner],
      ["Format", told.format],
      ["Levels", told.levels.map((level) => `${count(level.width)} × ${count(level.height)}`).join(" · ")],
      ...(frames.count > 1 ? [["Frames", `${count(frames.count)}${axes.length > 0 ? ` (${axes.join(", ")})` : ""}`] as const] : []),
      ...(planes.length > 1 ? [["Planes", planes.map((plane) => `${plane.name} ${count(plane.frames)}`).join(" · ")] as const] : []),
      ["File", `${told.filename} · ${bytes(told.size_bytes)}`],
      ["Uploaded", `${told.uploaded_by ?? "somebody"} · ${when(told.uploaded_at)}`],
    ];
  }

  /** As a spreadsheet takes it. */
  private async copy(told: ImageMetadata): Promise<void> {
    const rows = [["Name", this.desk.imageName.value], ...this.rows(told).map(([name, value]) => [name, value ?? "unknown"]), ["SHA-256", told.sha256], ...Object.entries(told.properties)];
    try {
      await navigator.clipboard.writeText(rows.map((row) => row.join("\t")).join("\n"));
      toast("Copied as a table of two columns.", "plain");
    } catch {
      // Without https the browser gives no clipboard: the rows can still be marked and copied by hand.
      toast("Your browser did not allow copying. Mark the rows and copy them by hand.", "plain");
    }
  }

  private associated({ associated_images: pictures, may_read_labels: may }: ImageMetadata) {
    if (pictures.length === 0) return nothing;
    const names = pictures.map(({ name }) => name).join(", ");
    if (!may) return html`<p class="note">The file also holds: ${names}. These can carry names; an administrator of the team may look at them.</p>`;
    const shown = pictures.find(({ name }) => name === this.seen);
    return html`<div class="deeds" role="group" aria-label="Pictures beside the image">
        ${pictures.map(({ name }) => html`<button type="button" class="button small" data-associated=${name} aria-pressed=${this.seen === name}
          @click=${() => (this.seen = this.seen === name ? null : name)}>${this.seen === name ? "Hide" : "Show"} ${name}</button>`)}
      </div>
      ${shown?.address ? html`<a href=${shown.address} target="_blank" rel="noopener"><img class="picture" src=${shown.address} alt="The ${shown.name} of this image" /></a>` : nothing}`;
  }

  private properties(told: ImageMetadata) {
    const wanted = this.filter.toLowerCase();
    const rows = Object.entries(told.properties).filter((pair) => pair.join(" ").toLowerCase().includes(wanted));
    return html`<exact-dialog wide heading="Properties of the file" lead="In the words of its format." @exact-close=${() => (this.filter = "")}>
      <div class="search"><input class="input" type="text" placeholder="Find" aria-label="Find a property" autofocus .value=${this.filter}
        @input=${(event: Event) => (this.filter = (event.target as HTMLInputElement).value)} />
        <button type="button" class="button" @click=${() => this.copy(told)}>Copy all</button></div>
      ${rows.length > 0
        ? html`<table>${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</table>`
        : html`<p class="note">${wanted ? "No property has this in its name or value." : "The file says nothing more."}</p>`}
      ${told.withheld_properties > 0 ? html`<p class="note">${count(told.withheld_properties)} more can carry names of patients; an administrator of the team sees them.</p>` : nothing}
    </exact-dialog>`;
  }

  private channels(told: ImageMetadata) {
    if (told.channels.length === 0) return nothing;
    return html`<dt>Channels</dt><dd class="swatches">${told.channels.map((one) => html`<span>${swatch(`#${one.colour}`, 10)} ${one.name}</span>`)}</dd>`;
  }

  protected override render() {
    const { told, problem } = this;
    if (problem) return html`<div class="problem" role="alert"><span>${problem}</span><button type="button" class="button small" @click=${() => this.load()}>Try again</button></div>`;
    if (!told) return html`<div role="status" aria-label="Loading">${[1, 2, 3, 4, 5].map(() => html`<div class="skeleton"></div>`)}</div>`;
    const source = told.pixel_size_um.source;
    return html`<div data-testid="image-facts">
      <dl>
        ${this.rows(told).map(([name, value]) => html`<dt>${name}</dt><dd>${value ?? html`<span class="unknown">unknown</span>`}${name === "Pixel size" && value && source ? html` <span class="source">from ${source}</span>` : nothing}</dd>`)}
        ${this.channels(told)}
        <dt>SHA-256</dt><dd><exact-copy value=${told.sha256} label="SHA-256"></exact-copy></dd>
      </dl>
      ${this.associated(told)}
      <div class="deeds">
        <button type="button" class="button small" data-action="properties" @click=${() => this.renderRoot.querySelector<ExactDialog>("exact-dialog")?.show()}>Properties (${count(Object.keys(told.properties).length)})</button>
        <button type="button" class="button small quiet" @click=${() => this.copy(told)}>Copy all</button>
      </div>
      ${this.properties(told)}
    </div>`;
  }
}

/** 0.4990 as 0.499 µm: four figures say all that a scanner knows. */
function lengths(um: number): string {
  return um >= 1000 ? `${Number((um / 1000).toPrecision(4))} mm` : `${Number(um.toPrecision(4))} µm`;
}

customElements.define("exact-image-facts", ExactImageFacts);
