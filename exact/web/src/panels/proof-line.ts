/** Where a fact stands in the sealed log, and its proof as a file; or that it is not sealed yet. */

import { LitElement, css, html } from "lit";
import { Refusal } from "../api/client";
import { type InclusionProof, inclusion } from "../api/history";
import { count } from "../design/format";
import { icon } from "../design/icons";
import { controls } from "../design/styles";
import { look } from "./element";

/** The sealer signs every second; where it does not, asking goes on this long. */
const ASK_AGAIN_MS = 3000;
const MOST_QUESTIONS = 10;

/** What is known of the seal of one fact. */
export type Seal = { readonly is: "asked" | "unsealed" } | { readonly is: "sealed"; readonly proof: InclusionProof } | { readonly is: "tampered" | "unknown"; readonly detail: string };

/** An answer of the server, or the lack of one. */
export async function sealOf(position: number, ask = inclusion): Promise<Seal> {
  try {
    return { is: "sealed", proof: await ask(position) };
  } catch (problem) {
    if (problem instanceof Refusal && problem.code === "not_sealed") return { is: "unsealed" };
    if (problem instanceof Refusal && problem.code === "tampered") return { is: "tampered", detail: problem.detail };
    return { is: "unknown", detail: problem instanceof Error ? problem.message : "" };
  }
}

export class ExactProofLine extends LitElement {
  static override properties = { position: { type: Number }, seal: { state: true } };
  declare position: number;
  declare seal: Seal;
  private timer: ReturnType<typeof setTimeout> | undefined;

  static override styles = [
    controls,
    look,
    css`
      p {
        display: flex;
        align-items: flex-start;
        gap: 7px;
        margin: 0;
        padding: 8px 2px 0 5px;
        border-top: 1px solid var(--line);
        color: var(--ink-3);
        font-size: 12px;
      }
      .icon {
        width: 14px;
        height: 14px;
        margin-top: 2px;
      }
      .tampered {
        color: var(--bad);
      }
    `,
  ];

  constructor() {
    super();
    this.position = 0;
    this.seal = { is: "asked" };
  }

  override disconnectedCallback(): void {
    clearTimeout(this.timer);
    super.disconnectedCallback();
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("position")) void this.ask();
  }

  private async ask(questions = 1): Promise<void> {
    clearTimeout(this.timer);
    const { position } = this;
    if (questions === 1) this.seal = { is: "asked" };
    const seal = await sealOf(position);
    if (position !== this.position || !this.isConnected) return;
    this.seal = seal;
    if (seal.is === "unsealed" && questions < MOST_QUESTIONS) this.timer = setTimeout(() => void this.ask(questions + 1), ASK_AGAIN_MS);
  }

  private download(proof: InclusionProof): void {
    const address = URL.createObjectURL(new Blob([JSON.stringify(proof, null, 2)], { type: "application/json" }));
    const link = Object.assign(document.createElement("a"), { href: address, download: `proof-of-position-${proof.position}.json` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 0);
  }

  private words() {
    const { seal } = this;
    const at = `position ${count(this.position)}`;
    const again = html`<button type="button" class="link" @click=${() => void this.ask()}>Look again</button>`;
    switch (seal.is) {
      case "asked":
        return html`Looking for the seal of ${at} …`;
      case "unsealed":
        return html`Not sealed yet: ${at}. ${again}`;
      case "sealed":
        return html`Sealed at ${at}, tree size ${count(seal.proof.tree_size)}. <button type="button" class="link" data-testid="proof" title="Save the proof as a file (JSON)" @click=${() => this.download(seal.proof)}>Proof</button>`;
      case "tampered":
        return html`${seal.detail}`;
      case "unknown":
        return html`The seal of ${at} could not be read. ${seal.detail} ${again}`;
    }
  }

  protected override render() {
    return html`<p class=${this.seal.is} data-testid="seal" data-state=${this.seal.is}>${icon(this.seal.is === "tampered" ? "alert" : "shield")}<span>${this.words()}</span></p>`;
  }
}

customElements.define("exact-proof-line", ExactProofLine);
