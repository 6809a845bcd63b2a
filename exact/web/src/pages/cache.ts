/** What the processes of this host hold for tiles, for administrators: figures, clearing, and files that are left alone. */

import { html, nothing, type PropertyDeclarations } from "lit";
import { icon, toast } from "../design";
import { bytes, count, counted, duration, percent } from "../design/format";
import { PageElement } from "./element";
import { askForm } from "./form-dialog";
import * as rest from "./rest";
import { urls } from "./routes";
import type { CacheFigures, CacheState, Me, StruckFile } from "./shapes";

const EVERY_MS = 5000;

/** All processes together. */
export const total = (processes: CacheFigures[], of: (one: CacheFigures) => number): number =>
  processes.reduce((sum, one) => sum + of(one), 0);

export class CachePage extends PageElement {
  static override properties: PropertyDeclarations = {
    me: { attribute: false },
    now: { state: true },
    problem: { state: true },
  };
  declare me: Me;
  declare now: CacheState | null;
  declare problem: string;
  private timer = 0;

  constructor() {
    super();
    this.now = null;
    this.problem = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.crumbs([{ label: "Cache" }]);
    void this.load();
    this.timer = window.setInterval(() => void this.load(), EVERY_MS);
  }

  override disconnectedCallback(): void {
    window.clearInterval(this.timer);
    super.disconnectedCallback();
  }

  private async load(): Promise<void> {
    if (!this.me.is_staff) return;
    try {
      this.now = await rest.cache();
      this.problem = "";
    } catch (error) {
      this.problem = rest.sentence(error);
    }
  }

  private async clear(): Promise<void> {
    const done = await askForm({
      heading: "Clear the caches?",
      lead: "Every process of this host closes its images and drops its tiles. Nothing is lost: they are made again when somebody looks, a little slower at first.",
      action: "Clear the caches",
      testid: "clear-cache-confirm",
      fields: [],
      run: () => rest.clearCache(),
    });
    if (!done) return;
    this.now = done;
    toast("The caches are being cleared; every process does so within a few seconds.", "good");
  }

  private async lift(file: StruckFile): Promise<void> {
    try {
      this.now = await rest.liftStrikes(file.sha256);
      toast(`${file.image?.name ?? "The file"} is read again when somebody asks for it.`, "good");
    } catch (error) {
      toast(rest.sentence(error), "bad");
    }
  }

  protected override render() {
    if (!this.me.is_staff)
      return html`<div class="page">
        <exact-empty icon="lock" heading="This page is for administrators of the site">
          <a slot="action" class="button" href=${urls.home}>To the start</a>
        </exact-empty>
      </div>`;
    return html`<div class="page">
      <header class="page-head">
        <div class="page-title">
          <h1>Cache</h1>
          <p class="muted">What this host holds so that images appear at once, and the files that it leaves alone.</p>
        </div>
        <div class="page-tools">
          <button class="button" data-testid="clear-cache" @click=${this.clear}>${icon("trash")}Clear</button>
        </div>
      </header>
      ${this.problem ? html`<p class="notice bad" role="status">${this.problem}</p>` : nothing}
      ${this.strip()} ${this.processes()} ${this.struck()}
    </div>`;
  }

  private strip() {
    const all = this.now?.processes;
    const cell = (label: string, figure: (of: CacheFigures[]) => string, small: (of: CacheFigures[]) => string) =>
      html`<div class="stat">
        <dt>${label}</dt>
        <dd>${all ? figure(all) : "–"}<small>${all ? small(all) : ""}</small></dd>
      </div>`;
    const sum = total;
    return html`<dl class="stats card cache-stats" data-testid="cache-figures">
      ${cell(
        "Open images",
        (of) => count(sum(of, (one) => one.files_open)),
        (of) => bytes(sum(of, (one) => one.files_bytes)),
      )}
      ${cell(
        "Tiles in memory",
        (of) => count(sum(of, (one) => one.tiles_held)),
        (of) => bytes(sum(of, (one) => one.tiles_bytes)),
      )}
      ${cell(
        "Found in memory",
        (of) => percent(...found(of)),
        (of) => `of ${count(found(of)[1])}`,
      )}
      ${cell(
        "Readers at work",
        (of) => count(sum(of, (one) => one.children_busy)),
        (of) => `of ${count(sum(of, (one) => one.children))}`,
      )}
      ${cell(
        "Waiting",
        (of) => count(sum(of, (one) => one.calls_waiting)),
        () => "",
      )}
      ${cell(
        "Failed readers",
        (of) => count(sum(of, (one) => one.children_failed)),
        (of) => `of ${count(sum(of, (one) => one.children_started))}`,
      )}
    </dl>`;
  }

  private processes() {
    const rows = this.now?.processes;
    if (!rows) return nothing;
    return html`<section class="card" aria-label="Processes">
      <header class="card-head"><h2>Processes</h2></header>
      ${
        rows.length === 0
          ? html`<p class="pad muted">No process has shown an image since it began.</p>`
          : html`<div class="cache-scroll" tabindex="0" role="region" aria-label="Figures of each process">
              <table class="cache-table" data-testid="cache-processes">
                <thead>
                  <tr>
                    <th scope="col">Process</th>
                    <th scope="col">Images open</th>
                    <th scope="col">Opened</th>
                    <th scope="col">Closed for room</th>
                    <th scope="col">Tiles held</th>
                    <th scope="col">Found</th>
                    <th scope="col">Made</th>
                    <th scope="col">Readers</th>
                    <th scope="col">Waiting</th>
                  </tr>
                </thead>
                <tbody>
                  ${rows.map((one) => this.process(one))}
                </tbody>
              </table>
            </div>`
      }
    </section>`;
  }

  private process(one: CacheFigures) {
    return html`<tr>
      <th scope="row">
        ${one.pid}<small class="muted">${one.host}, for ${duration(one.up_s)}</small>
      </th>
      <td>${count(one.files_open)}<small class="muted">${bytes(one.files_bytes)}</small></td>
      <td>${count(one.files_opened)}</td>
      <td>${count(one.files_evicted)}</td>
      <td>${count(one.tiles_held)}<small class="muted">${bytes(one.tiles_bytes)}</small></td>
      <td>${count(one.tiles_hits)}</td>
      <td>${count(one.tiles_made)}</td>
      <td>${count(one.children)}<small class="muted">${count(one.children_busy)} at work</small></td>
      <td>${count(one.calls_waiting)}</td>
    </tr>`;
  }

  private struck() {
    const files = this.now?.strikes;
    if (!files) return nothing;
    return html`<section class="card" aria-label="Files left alone">
      <header class="card-head"><h2>Files that made their reader fail</h2></header>
      ${
        files.length === 0
          ? html`<p class="pad muted">None. A file that crashes, hangs or takes all memory twice in a day is left alone.</p>`
          : html`<ul class="rows">
              ${files.map((file) => this.file(file))}
            </ul>`
      }
    </section>`;
  }

  private file(file: StruckFile) {
    const name = file.image?.name ?? `${file.sha256.slice(0, 16)}…`;
    return html`<li class="row person" data-testid="struck" data-sha256=${file.sha256}>
      ${icon("alert")}
      <div class="row-words">
        <strong class="clip">${file.image ? html`<a href=${urls.image(file.image.number)}>${name}</a>` : name}</strong
        ><span class="muted"
          >Its reader ${file.how}, ${duration(file.ago_s)} ago; ${counted(file.strikes, "strike")}, forgotten in
          ${duration(file.expires_s)}</span
        >
      </div>
      <span class="badge ${file.refused ? "bad" : "warn"}">${file.refused ? "Left alone" : "Watched"}</span>
      <button class="button small" aria-label="Try ${name} again" @click=${() => this.lift(file)}>Try again</button>
    </li>`;
  }
}

/** Tiles found in memory, and all that were asked for. */
export function found(processes: CacheFigures[]): [number, number] {
  const hits = total(processes, (one) => one.tiles_hits);
  return [hits, hits + total(processes, (one) => one.tiles_made)];
}

customElements.define("exact-cache", CachePage);
