/** The controls that a dialog's fields are made of. */

import { html, nothing } from "lit";
import { icon, type IconName } from "../design";
import { colourField } from "./colour-field";

export interface Option {
  value: string;
  label: string;
  hint?: string;
  icon?: IconName;
}

export interface Field {
  name: string;
  label: string;
  kind?: "text" | "long" | "number" | "select" | "choice" | "colour";
  value?: string;
  hint?: string;
  placeholder?: string;
  optional?: boolean;
  maxLength?: number;
  minLength?: number;
  pattern?: string;
  autocomplete?: string;
  options?: Option[];
}

/** The control of one field; its label and words stand around it. */
export function control(field: Field, id: string, first: boolean, wrong: boolean) {
  const { name, value = "" } = field;
  const described = wrong || field.hint ? `${id}-words` : nothing;
  switch (field.kind) {
    case "long":
      return html`<textarea
        class="input"
        id=${id}
        name=${name}
        rows="3"
        maxlength=${field.maxLength ?? 1000}
        placeholder=${field.placeholder ?? ""}
        aria-describedby=${described}
        aria-invalid=${wrong}
        ?autofocus=${first}
        .value=${value}
      ></textarea>`;
    case "select":
      return html`<select class="input" id=${id} name=${name} aria-describedby=${described} ?autofocus=${first}>
        ${field.options?.map((option) => html`<option value=${option.value} ?selected=${option.value === value}>${option.label}</option>`)}
      </select>`;
    case "choice":
      return html`<div class="choices">
        ${field.options?.map((option) => choice(name, option, option.value === value))}
      </div>`;
    case "colour":
      return colourField(name, value);
    default:
      return html`<input
        class="input"
        id=${id}
        name=${name}
        type=${field.kind ?? "text"}
        .value=${value}
        maxlength=${field.maxLength ?? 256}
        placeholder=${field.placeholder ?? ""}
        autocomplete=${field.autocomplete ?? "off"}
        aria-describedby=${described}
        aria-invalid=${wrong}
        ?required=${!field.optional}
        ?autofocus=${first}
      />`;
  }
}

const choice = (name: string, option: Option, checked: boolean) =>
  html`<label class="choice">
    <input type="radio" name=${name} value=${option.value} ?checked=${checked} />
    ${option.icon ? icon(option.icon) : nothing}
    <span class="choice-words"
      ><span class="choice-name">${option.label}</span
      >${option.hint ? html`<span class="hint">${option.hint}</span>` : nothing}</span
    >
  </label>`;
