/** The dataset versions of an image set: what was frozen, by whom, with its fingerprint, and its exports. */

import { html, nothing } from "lit";
import { icon } from "../design";
import { ago, count, counted, when } from "../design/format";
import { PageElement } from "./element";
import { exportDialog } from "./export-dialog";
import { askForm } from "./form-dialog";
import * as rest from "./rest";
import type { DatasetVersion, ImageSet } from "./shapes";
import { withdrawn } from "./withdrawn";

export class Versions extends PageElement {
  static override properties = {
    set: { attribute: false },
    mayFreeze: { type: Boolean },
    mayExport: { type: Boolean },
    turn: { type: Number },
    versions: { state: true },
    problem: { state: true },
  };
  declare set: ImageSet;
  declare mayFreeze: boolean;
  declare mayExport: boolean;
  declare turn: number;
  declare versions: DatasetVersion[] | null;
  declare problem: string;

  constructor() {
    super();
    this.versions = null;
    this.problem = "";
    this.turn = 0;
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("turn")) void this.load();
  }

  private async load(): Promise<void> {
    try {
      const found = await rest.versions(this.set.id);
      this.versions = found.sort((a, b) => b.position - a.position);
      this.problem = "";
    } catch (error) {
      this.problem = rest.sentence(error);
    }
  }

  private async withdraw(version: DatasetVersion): Promise<void> {
    const done = await askForm({
      heading: `Withdraw ${version.name}@${version.version}?`,
      lead: "Everybody will see that it should no longer be used, and why. It stays readable and exportable.",
      action: "Withdraw version",
      danger: true,
      testid: "withdraw-version-confirm",
      fields: [{ name: "reason", label: "Reason", kind: "long", maxLength: 500 }],
      run: ({ reason = "" }) => rest.withdrawVersion(version.number, reason),
    });
    if (!done) return;
    const fields = { dataset_version_id: version.id };
    withdrawn(`${version.name}@${version.version}`, "ReinstateDatasetVersion", fields, () => void this.load());
    await this.load();
  }

  protected override render() {
    return html`<section class="card panel" id="versions" aria-labelledby="versions-title">
      <h2 class="panel-title" id="versions-title">${icon("snowflake")}Dataset versions</h2>
      ${this.list()}
    </section>`;
  }

  private list() {
    if (this.problem && !this.versions) return html`<p class="problem">${this.problem}</p>`;
    if (!this.versions) return html`<div class="skeleton version-waiting"></div>`;
    if (this.versions.length === 0)
      return html`<p class="muted">
          Freeze the set to get a numbered version that exports to the same bytes, today and in ten years.
        </p>
        ${this.mayFreeze ? html`<button class="button small" @click=${() => this.dispatchEvent(new CustomEvent("exact-freeze"))}>${icon("snowflake")}Freeze the first version</button>` : nothing}`;
    return html`<ol class="versions">
      ${this.versions.map((version) => this.one(version))}
    </ol>`;
  }

  private one(version: DatasetVersion) {
    return html`<li
      class="version"
      data-testid="dataset-version"
      data-name=${version.name}
      data-version=${version.version}
      data-withdrawn=${version.withdrawn}
    >
      <div class="version-head">
        <strong class="version-name">${version.name}<span class="version-number">@${version.version}</span></strong>
        ${version.withdrawn ? html`<span class="badge bad">Withdrawn</span>` : html`<span class="badge accent">${icon("lock")}Frozen</span>`}
      </div>
      ${version.description ? html`<p>${version.description}</p>` : nothing}
      ${version.withdrawn ? html`<p class="problem">${version.withdrawn_reason}</p>` : nothing}
      <p class="muted">${counted(version.image_count, "image")}, ${counted(version.annotation_count, "annotation")}</p>
      <p class="muted">
        <time datetime=${version.frozen_at} title=${when(version.frozen_at)}>${ago(version.frozen_at)}</time
        >${version.frozen_by_name ? ` by ${version.frozen_by_name}` : ""}, at position ${count(version.position)}
      </p>
      <div class="version-foot">
        <exact-copy label="manifest SHA-256" .value=${version.manifest_sha256}></exact-copy>
        <span class="spring"></span>
        ${
          this.mayFreeze && !version.withdrawn
            ? html`<button
                class="button quiet square small"
                aria-label="Withdraw ${version.name}@${version.version}"
                title="Withdraw"
                data-testid="withdraw-version"
                @click=${() => this.withdraw(version)}
              >
                ${icon("archive")}
              </button>`
            : nothing
        }
        ${this.mayExport ? html`<button class="button small" data-testid="export" @click=${() => exportDialog(version)}>${icon("download")}Export</button>` : nothing}
      </div>
    </li>`;
  }
}

customElements.define("exact-versions", Versions);
