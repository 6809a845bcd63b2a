/** A dialog that asks for a few fields and runs one action; refusals are shown where they belong, and nothing typed is lost. */

import { html, nothing, type TemplateResult } from "lit";
import { icon } from "../design";
import { PageElement } from "./element";
import { control, type Field } from "./form-controls";
import { problemsOf, sentence } from "./rest";

export type Values = Record<string, string>;

export interface Form<T> {
  heading: string;
  lead?: string;
  fields: Field[];
  /** The words on the button that does it. */
  action: string;
  danger?: boolean;
  wide?: boolean;
  /** The button's data-testid. */
  testid?: string;
  /** Shown between lead and fields. */
  before?: TemplateResult;
  run: (values: Values) => Promise<T>;
}

export class FormDialog extends PageElement {
  static override properties = {
    form: { attribute: false },
    busy: { state: true },
    problem: { state: true },
    problems: { state: true },
  };
  declare form: Form<unknown>;
  declare busy: boolean;
  declare problem: string;
  declare problems: Record<string, string>;
  settle: (answer: unknown) => void = () => undefined;
  private answer: unknown = null;

  constructor() {
    super();
    this.busy = false;
    this.problem = "";
    this.problems = {};
  }

  private async submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (this.busy) return;
    const values = Object.fromEntries(
      [...new FormData(event.target as HTMLFormElement)].map(([name, value]) => [name, String(value).trim()]),
    );
    const blank = this.form.fields.filter((field) => !field.optional && !values[field.name]);
    this.problems = Object.fromEntries(blank.map((field) => [field.name, `${field.label} is needed.`]));
    this.problem = "";
    if (blank.length) this.querySelector<HTMLElement>(`[name=${blank[0]?.name}]`)?.focus();
    else await this.run(values);
  }

  private async run(values: Values): Promise<void> {
    this.busy = true;
    try {
      this.answer = (await this.form.run(values)) ?? true;
      this.querySelector<HTMLElement & { close(): void }>("exact-dialog")?.close();
    } catch (error) {
      this.refused(error);
    } finally {
      this.busy = false;
    }
  }

  /** A refusal that names fields stands at the fields; every other one above the buttons. */
  private refused(error: unknown): void {
    const names = this.form.fields.map((field) => field.name);
    this.problems = problemsOf(error, names);
    this.problem = Object.keys(this.problems).length ? "" : sentence(error);
  }

  private closed(): void {
    this.settle(this.answer);
    this.remove();
  }

  protected override render() {
    const { form } = this;
    return html`<exact-dialog
      open
      .heading=${form.heading}
      .lead=${form.lead ?? ""}
      .busy=${this.busy}
      .wide=${form.wide ?? false}
      @exact-close=${this.closed}
    >
      <form class="stack" novalidate @submit=${this.submit}>
        ${form.before ?? nothing} ${form.fields.map((field, index) => this.field(field, index === 0))}
        ${this.problem ? html`<div class="notice bad" role="alert">${icon("alert")}<span>${this.problem}</span></div>` : nothing}
        <div class="actions">
          <button class="button" type="button" ?disabled=${this.busy} @click=${this.cancel}>Cancel</button>
          <button
            class="button ${form.danger ? "danger" : "primary"}"
            type="submit"
            data-testid=${form.testid ?? "confirm"}
            ?disabled=${this.busy}
          >
            ${this.busy ? html`<span class="spinner" aria-hidden="true"></span>` : nothing} ${form.action}
          </button>
        </div>
      </form>
    </exact-dialog>`;
  }

  private cancel(): void {
    this.querySelector<HTMLElement & { close(): void }>("exact-dialog")?.close();
  }

  private field(field: Field, first: boolean) {
    const problem = this.problems[field.name];
    const id = `field-${field.name}`;
    const grouped = field.kind === "choice" || field.kind === "colour";
    const words = html`${field.label} ${field.optional ? html`<span class="optional">(optional)</span>` : nothing}`;
    return html`<div
      class="field"
      role=${grouped ? "radiogroup" : nothing}
      aria-labelledby=${grouped ? `${id}-label` : nothing}
    >
      ${grouped ? html`<span class="label" id="${id}-label">${words}</span>` : html`<label for=${id}>${words}</label>`}
      ${control(field, id, first, Boolean(problem))}
      ${
        problem
          ? html`<span class="problem" id="${id}-words" role="alert">${problem}</span>`
          : field.hint
            ? html`<span class="hint" id="${id}-words">${field.hint}</span>`
            : nothing
      }
    </div>`;
  }
}

customElements.define("exact-form-dialog", FormDialog);

/** Ask; the promise holds what `run` answered, or null when the person closed the dialog. */
export function askForm<T>(form: Form<T>): Promise<T | null> {
  return new Promise((resolve) => {
    const dialog = document.createElement("exact-form-dialog") as FormDialog;
    dialog.form = form as Form<unknown>;
    dialog.settle = (answer) => resolve(answer as T | null);
    document.body.append(dialog);
  });
}
