/** The access tokens of my programs: made, shown once, revoked. */

import { html, nothing, type PropertyDeclarations } from "lit";
import { icon } from "../design";
import { ago, day, when } from "../design/format";
import { askForm } from "./form-dialog";
import { Listed } from "./listed";
import * as rest from "./rest";
import type { Token } from "./shapes";

const LIFETIMES = [
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "One year" },
  { value: "", label: "Until I revoke it" },
];
const DAY_MS = 86_400_000;

export const expiry = (days: string, now = Date.now()): string | null =>
  days ? new Date(now + Number(days) * DAY_MS).toISOString() : null;

export class AccessTokens extends Listed<Token> {
  static override properties: PropertyDeclarations = { made: { state: true } };
  /** The new token's text: the only time that it is shown. */
  declare made: string;

  constructor() {
    super();
    this.made = "";
  }

  protected override ask(): Promise<Token[]> {
    return rest.tokens();
  }

  private async createToken(): Promise<void> {
    const made = await askForm({
      heading: "New access token",
      lead: "A program that has it may do what you may do. Treat it like your password.",
      action: "Create token",
      testid: "create-token-confirm",
      fields: [
        { name: "name", label: "What it is for", maxLength: 100, placeholder: "Nightly export on the cluster" },
        { name: "days", label: "Valid", kind: "select", value: "90", optional: true, options: LIFETIMES },
      ],
      run: ({ name = "", days = "" }) => rest.createToken(name, expiry(days)),
    });
    if (!made) return;
    this.made = made.token;
    await this.load();
  }

  private async revoke(token: Token): Promise<void> {
    const done = await askForm({
      heading: `Revoke “${token.name}”?`,
      lead: "Programs that use it are refused from this moment on.",
      action: "Revoke token",
      danger: true,
      fields: [],
      run: () => rest.revokeToken(token.id),
    });
    if (done) await this.load();
  }

  protected override render() {
    const made = this.made
      ? html`<div class="pad">
          <div class="notice good" data-testid="token-made">
            ${icon("key")}
            <div class="row-words">
              <strong>Copy the token now: it is not shown again.</strong
              ><exact-copy full label="token" .value=${this.made}></exact-copy>
            </div>
            <button class="button quiet square small" aria-label="Hide the token" @click=${() => (this.made = "")}>
              ${icon("close")}
            </button>
          </div>
        </div>`
      : nothing;
    return html`<header class="card-head">
        <h3>Tokens</h3>
        <span class="spring"></span>
        <button class="button small" data-testid="create-token" @click=${this.createToken}>
          ${icon("plus")}New token
        </button>
      </header>
      ${made} ${this.list()}`;
  }

  private list() {
    if (this.problem && !this.rows) return html`<p class="pad problem">${this.problem}</p>`;
    if (!this.rows) return html`<div class="pad"><div class="skeleton row-waiting"></div></div>`;
    if (this.rows.length === 0)
      return html`<p class="pad muted">
        No tokens. You only need one for programs; in the browser you are signed in.
      </p>`;
    return html`<ul class="rows">
      ${this.rows.map((token) => this.row(token))}
    </ul>`;
  }

  private row(token: Token) {
    const over = token.revoked_at !== null || (token.expires_at !== null && Date.parse(token.expires_at) < Date.now());
    const used = token.last_used_at ? `last used ${ago(token.last_used_at)}` : "never used";
    const until = token.expires_at ? `valid until ${day(token.expires_at)}` : "no end date";
    return html`<li class="row" data-testid="token" data-name=${token.name}>
      ${icon("key")}
      <div class="row-words">
        <strong class="clip">${token.name}</strong>
        <span class="muted clip" title="Created ${when(token.created_at)}"
          ><span class="mono">pat_${token.prefix}…</span> · ${used} · ${until}</span
        >
      </div>
      ${token.revoked_at ? html`<span class="badge">Revoked</span>` : over ? html`<span class="badge warn">Expired</span>` : html`<button class="button small" @click=${() => this.revoke(token)}>Revoke</button>`}
    </li>`;
  }
}

customElements.define("exact-tokens", AccessTokens);
