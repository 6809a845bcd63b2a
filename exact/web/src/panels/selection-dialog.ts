/** A wish about all annotations that a filter leaves: chosen, counted, carried out with progress, and told with what was left alone. */

import "../design/dialog";
import "../design/progress";
import { LitElement, css, html, nothing } from "lit";
import { count, counted } from "../design/format";
import { icon } from "../design/icons";
import { controls } from "../design/styles";
import { ACTS, type Act, type Choice, type Kind, type LeftAlone, type Outcome, type Survey, fitting, outcomeInWords, possible } from "../model/selections";
import { swatch } from "./glyphs";
import { look } from "./element";

export type Ground = "view" | "image" | "set";

/** Where the dialog was opened, and what it can ask there. */
export interface Scene {
  readonly types: readonly Kind[];
  readonly acts: readonly Act[];
  readonly grounds: readonly { readonly value: Ground; readonly title: string }[];
  survey(choice: Choice, ground: Ground): Promise<Survey>;
  /** Why nothing can be carried out just now; empty when it can. */
  hindrance(): string;
  carryOut(choice: Choice, survey: Survey, told: (outcome: Outcome, done: number) => void, stopped: () => boolean): Promise<Outcome>;
  /** It is done: told to the person, with a way back. */
  ran(sentence: string, outcome: Outcome): void;
  nameOf(person: string): string;
  /** Selects them where they are seen; true when that was possible. */
  show(left: readonly LeftAlone[]): boolean;
}

type Step =
  | { readonly name: "asking" }
  | { readonly name: "running"; readonly outcome: Outcome | null; readonly done: number }
  | { readonly name: "told"; readonly outcome: Outcome };

const STATUSES = [
  ["", "Any verdict"],
  ["open", "Without a verdict"],
  ["accepted", "Accepted ones"],
  ["rejected", "Rejected ones"],
] as const;

const OPTIONS: Record<Act, string> = {
  accept: "Accept",
  reject: "Reject",
  reclassify: "Change the type",
  remove: "Remove",
  restore: "Bring removed ones back",
};

export class SelectionDialog extends LitElement {
  static override properties = {
    scene: { attribute: false },
    choice: { attribute: false },
    ground: { attribute: false },
    survey: { state: true },
    problem: { state: true },
    step: { state: true },
  };
  declare scene: Scene;
  declare choice: Choice;
  declare ground: Ground;
  /** Null while it is counted. */
  declare survey: Survey | null;
  declare problem: string;
  declare step: Step;
  private turn = 0;
  private halted = false;
  private timer: ReturnType<typeof setInterval> | undefined;

  static override styles = [
    controls,
    look,
    css`
      form,
      .stack {
        display: grid;
        gap: 14px;
        font-size: 14px;
      }
      .pair {
        display: grid;
        grid-template-columns: 1fr 1fr;
        gap: 14px 12px;
      }
      .wide {
        grid-column: 1 / -1;
      }
      fieldset {
        display: grid;
        grid-auto-columns: 1fr;
        grid-auto-flow: column;
        margin: 0;
        padding: 3px;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface-sunken);
      }
      legend {
        float: left;
        width: 100%;
        padding: 0;
      }
      .ground {
        display: grid;
        place-items: center;
        min-height: 30px;
        padding: 2px 8px;
        border-radius: calc(var(--radius) - 2px);
        color: var(--ink-2);
        font-weight: 550;
        text-align: center;
        cursor: pointer;
      }
      .ground:has(:checked) {
        background: var(--surface-raised);
        box-shadow: var(--shadow-1);
        color: var(--ink);
      }
      .ground:has(:focus-visible) {
        outline: 2px solid var(--accent);
        outline-offset: 1px;
      }
      .ground input {
        position: absolute;
        opacity: 0;
      }
      .meaning {
        display: flex;
        align-items: center;
        gap: 12px;
        min-height: 62px;
        padding: 10px 14px;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface-sunken);
      }
      .meaning p,
      .stack > p {
        margin: 0;
      }
      .meaning strong {
        font-weight: 640;
      }
      .meaning .skeleton {
        flex: 1;
        height: 18px;
      }
      .actions {
        display: flex;
        justify-content: flex-end;
        gap: 8px;
        margin-top: 2px;
      }
      ul {
        display: grid;
        max-height: 220px;
        margin: 0;
        padding: 0;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        list-style: none;
      }
      li {
        display: grid;
        grid-template-columns: minmax(60px, max-content) minmax(0, 1fr) max-content;
        align-items: center;
        gap: 4px 12px;
        min-height: 40px;
        padding: 6px 8px 6px 12px;
      }
      li + li {
        border-top: 1px solid var(--line);
      }
      li .number {
        font-weight: 600;
      }
      li .hint {
        overflow-wrap: anywhere;
      }
    `,
  ];

  constructor() {
    super();
    this.ground = "image";
    this.survey = null;
    this.problem = "";
    this.step = { name: "asking" };
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.ask();
    // What hinders it, such as unsent work, goes by itself.
    this.timer = setInterval(() => this.step.name === "asking" && this.requestUpdate(), 500);
  }

  override disconnectedCallback(): void {
    clearInterval(this.timer);
    super.disconnectedCallback();
  }

  private choose(part: Partial<Choice>): void {
    this.choice = possible({ ...this.choice, ...part }, this.scene.types);
    void this.ask();
  }

  private stand(ground: Ground): void {
    this.ground = ground;
    void this.ask();
  }

  /** Counted anew; the answer to an older question is not shown any more. */
  private async ask(): Promise<void> {
    const turn = ++this.turn;
    [this.survey, this.problem] = [null, ""];
    try {
      const survey = await this.scene.survey(this.choice, this.ground);
      if (turn === this.turn) this.survey = survey;
    } catch (problem) {
      if (turn === this.turn) this.problem = problem instanceof Error ? problem.message : "It could not be counted.";
    }
  }

  private get ready(): boolean {
    const { act, to } = this.choice;
    return (this.survey?.count ?? 0) > 0 && !this.scene.hindrance() && (act !== "reclassify" || to !== "");
  }

  private async run(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (!this.ready || this.step.name !== "asking") return;
    this.halted = false;
    this.step = { name: "running", outcome: null, done: 0 };
    const told = (outcome: Outcome, done: number): void => void (this.step = { name: "running", outcome, done });
    const outcome = await this.scene.carryOut(this.choice, this.survey!, told, () => this.halted);
    const sentence = outcomeInWords(this.choice.act, outcome);
    if (outcome.commands.length > 0) this.scene.ran(sentence, outcome);
    this.step = { name: "told", outcome };
    if (outcome.commands.length > 0 && outcome.left_count === 0 && !outcome.problem) this.shut();
  }

  private shut(): void {
    this.renderRoot.querySelector<HTMLElement & { close(): void }>("exact-dialog")?.close();
  }

  private show(left: readonly LeftAlone[]): void {
    if (this.scene.show(left)) this.shut();
  }

  protected override render() {
    const { act } = this.choice;
    const heading = act === "restore" ? "Bring removed annotations back" : `${ACTS[act].title} many annotations`;
    return html`<exact-dialog open .heading=${heading}
      .lead=${this.step.name === "told" ? "" : "What somebody changes meanwhile is left alone, and listed."}
      .busy=${this.step.name === "running"} @exact-close=${() => this.remove()}>
      ${this.step.name === "asking" ? this.asking() : this.step.name === "running" ? this.running(this.step) : this.told(this.step.outcome)}
    </exact-dialog>`;
  }

  private asking() {
    const { choice, scene } = this;
    return html`<form data-testid="selection-dialog" @submit=${this.run}>
      ${scene.grounds.length > 1 ? this.grounds() : nothing}
      <div class="pair">
        ${this.whatToDo()} ${choice.act === "reclassify" ? this.newType() : nothing}
        ${this.select("Which type", choice.type, this.typeOptions(), (type) => this.choose({ type }))}
        ${choice.act === "restore" ? nothing : this.select("Which of them", choice.status, STATUSES, (status) => this.choose({ status: status as Choice["status"] }))}
      </div>
      ${this.meaning()}
      <div class="actions">
        <button class="button" type="button" @click=${this.shut}>Cancel</button>
        <button class="button ${choice.act === "remove" ? "danger" : "primary"}" type="submit" data-testid="selection-confirm" ?disabled=${!this.ready}>
          ${ACTS[choice.act].verb}${this.survey && this.survey.count > 0 ? ` ${count(this.survey.count)}` : ""}
        </button>
      </div>
    </form>`;
  }

  private whatToDo() {
    const { choice, scene } = this;
    const options = scene.acts.map((act) => [act, OPTIONS[act]] as const);
    const field = this.select("What to do", choice.act, options, (act) => this.choose({ act: act as Act }), true);
    return choice.act === "reclassify" ? field : html`<div class="wide">${field}</div>`;
  }

  /** Of all types at once no type can be changed: their shapes differ. */
  private typeOptions(): (readonly [string, string])[] {
    const types = this.scene.types.map(({ id, name }) => [id, name] as const);
    return this.choice.act === "reclassify" ? types : [["", "All types"], ...types];
  }

  private grounds() {
    return html`<fieldset><legend class="unseen">Where</legend>
      ${this.scene.grounds.map(({ value, title }) => html`<label class="ground"><input type="radio" name="ground" value=${value}
        .checked=${value === this.ground} @change=${() => this.stand(value)} />${title}</label>`)}
    </fieldset>`;
  }

  private select(label: string, value: string, options: readonly (readonly [string, string])[], pick: (value: string) => void, first = false) {
    const id = label.toLowerCase().replaceAll(" ", "-");
    return html`<div class="field"><label for=${id}>${label}</label>
      <select class="input" id=${id} ?autofocus=${first} @change=${(event: Event) => pick((event.target as HTMLSelectElement).value)}>
        ${options.map(([option, words]) => html`<option value=${option} ?selected=${option === value}>${words}</option>`)}
      </select></div>`;
  }

  private newType() {
    const { type, to } = this.choice;
    const options = fitting(this.scene.types, type).map(({ id, name }) => [id, name] as const);
    if (options.length === 0) return html`<div class="field"><span class="label">New type</span><span class="hint">No other type has this shape.</span></div>`;
    return this.select("New type", to, options, (next) => this.choose({ to: next }));
  }

  private meaning() {
    const hindrance = this.scene.hindrance();
    if (this.problem) {
      return html`<div class="notice bad" role="alert">${icon("alert")}<span>${this.problem} <button class="link" type="button" @click=${this.ask}>Try again</button></span></div>`;
    }
    if (hindrance) return html`<div class="notice warn" role="status">${icon("clock")}<span>${hindrance}</span></div>`;
    return html`<div class="meaning" role="status" aria-live="polite" aria-busy=${this.survey === null} data-testid="selection-meaning">
      ${this.survey ? this.sentence(this.survey) : html`<div class="skeleton"></div><span class="unseen">Counting</span>`}
    </div>`;
  }

  private sentence({ count: many, images }: Survey) {
    const { act, type } = this.choice;
    const kind = this.scene.types.find(({ id }) => id === type);
    const what = kind ? html`${swatch(kind.color_code)} ${kind.name}` : nothing;
    const next = this.scene.types.find(({ id }) => id === this.choice.to);
    if (act === "reclassify" && !next) return html`<p>No other type has the shape of this one, so nothing can be changed to it.</p>`;
    if (many === 0) return html`<p>Nothing here to ${ACTS[act].verb.toLowerCase()}. ${kind ? html`(${what})` : nothing}</p>`;
    const where = this.ground === "set" && act !== "restore" ? ` on ${counted(images, "image")}` : "";
    const already = this.ground === "set" && act !== "remove" && act !== "restore" ? " What is so already stays." : "";
    const become = act === "reclassify" && next ? html`will become ${swatch(next.color_code)} ${next.name}` : `will be ${ACTS[act].done}`;
    return html`<p><strong>${counted(many, "annotation")}</strong>${kind ? html` of ${what}` : nothing}${where} ${become}.${already}</p>`;
  }

  private running({ outcome, done }: { outcome: Outcome | null; done: number }) {
    const all = this.survey!.wishes.length;
    return html`<div class="stack" data-testid="selection-running">
      <p role="status">${count(outcome?.changed ?? 0)} of ${count(this.survey!.count)} ${ACTS[this.choice.act].done}…</p>
      <exact-progress thick label="Carrying it out" .max=${all > 1 ? all : 0} .value=${done}></exact-progress>
      ${all > 1 ? html`<div class="actions"><button class="button" type="button" ?disabled=${this.halted} @click=${() => ((this.halted = true), this.requestUpdate())}>Stop</button></div>` : nothing}
    </div>`;
  }

  private told(outcome: Outcome) {
    const kind = outcome.problem ? "bad" : outcome.changed > 0 ? "good" : "warn";
    return html`<div class="stack" data-testid="selection-told">
      <div class="notice ${kind}" role="status">${icon(kind === "good" ? "check-circle" : "alert")}
        <span>${outcomeInWords(this.choice.act, outcome)} ${outcome.problem ?? ""}</span></div>
      ${outcome.left.length > 0 ? this.left(outcome) : nothing}
      <div class="actions">
        ${outcome.left.length > 0 && this.ground !== "set" ? html`<button class="button" data-testid="selection-show" @click=${() => this.show(outcome.left)}>${icon("search")} Select ${outcome.left.length === 1 ? "it" : `these ${count(outcome.left.length)}`}</button>` : nothing}
        <button class="button primary" autofocus @click=${this.shut}>Done</button>
      </div>
    </div>`;
  }

  private left({ left, left_count }: Outcome) {
    const more = left_count - left.length;
    return html`<ul class="scroll" aria-label="Left alone" tabindex="0">${left.map((one) => this.one(one))}</ul>
      ${more > 0 ? html`<p class="hint">And ${count(more)} more.</p>` : nothing}`;
  }

  private one(one: LeftAlone) {
    const who = one.changed_by ? this.scene.nameOf(one.changed_by) : "";
    const why = one.code === "changed_since" && who ? `${who} changed it since.` : one.reason;
    const place = this.ground === "set" ? html`${one.image.name} · ` : nothing;
    return html`<li data-testid="left-alone" data-number=${one.number}>
      <span class="number">#${one.number}</span><span class="hint">${place}${why}</span>
      ${this.ground === "set"
        ? html`<a class="button small" href="/annotations/${one.image.number}/?annotation=${one.number}">Open</a>`
        : html`<button class="button small" @click=${() => this.show([one])}>Select</button>`}
    </li>`;
  }
}

customElements.define("exact-selection-dialog", SelectionDialog);

/** Opens it; everything can still be changed in it. */
export function selectionDialog(scene: Scene, choice: Partial<Choice> = {}, ground: Ground = scene.grounds[0]!.value): void {
  const dialog = document.createElement("exact-selection-dialog") as SelectionDialog;
  const act = choice.act && scene.acts.includes(choice.act) ? choice.act : scene.acts[0]!;
  Object.assign(dialog, { scene, ground, choice: possible({ type: "", status: "", to: "", ...choice, act }, scene.types) });
  document.body.append(dialog);
}
