/** The bad rows of an import: the first of them by line, and all of them as a file. */

import { html, nothing } from "lit";
import { icon } from "../design";
import { count } from "../design/format";
import { PageElement } from "./element";
import * as rest from "./rest";
import type { Import, ImportProblem } from "./shapes";

const FIRST = 50;

export class ImportReport extends PageElement {
  static override properties = {
    import: { attribute: false },
    problems: { state: true },
    total: { state: true },
    problem: { state: true },
  };
  declare import: Import;
  declare problems: ImportProblem[] | null;
  declare total: number;
  declare problem: string;

  constructor() {
    super();
    this.problems = null;
    this.total = 0;
    this.problem = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  private readonly load = async (): Promise<void> => {
    try {
      const page = await rest.importProblems(this.import.id, FIRST);
      [this.problems, this.total, this.problem] = [page.results, page.total, ""];
    } catch (error) {
      this.problem = rest.sentence(error);
    }
  };

  protected override render() {
    if (this.problem)
      return html`<div class="notice bad" role="alert">
        ${icon("alert")}<span>${this.problem}</span><button class="button small" @click=${this.load}>Try again</button>
      </div>`;
    if (!this.problems) return html`<div class="skeleton row-waiting" aria-busy="true"></div>`;
    if (!this.problems.length) return nothing;
    return html`<div class="bad-rows" tabindex="0" role="region" aria-label="Bad rows">
        <table>
          <thead>
            <tr>
              <th scope="col">Row</th>
              <th scope="col">What is wrong</th>
            </tr>
          </thead>
          <tbody>
            ${this.problems.map(
              (one) =>
                html`<tr data-testid="bad-row" data-code=${one.code}>
                  <td>${count(one.line)}</td>
                  <td>${one.detail}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
      <div class="report-foot">
        <span class="hint"
          >${this.problems.length < this.total ? `The first ${this.problems.length} of ${count(this.total)} bad rows.` : ""}</span
        >
        ${
          this.import.rejected
            ? html`<a class="button small" data-testid="rejected" href=${this.import.rejected} download
                >${icon("download")}All bad rows</a
              >`
            : nothing
        }
      </div>`;
  }
}

customElements.define("exact-import-report", ImportReport);
