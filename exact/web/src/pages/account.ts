/** My account: name, password, and the access tokens of my programs. */

import { html, nothing } from "lit";
import { icon, toast } from "../design";
import { ago, day, when } from "../design/format";
import { Refusal } from "../api/client";
import { PageElement } from "./element";
import { askForm } from "./form-dialog";
import * as rest from "./rest";
import type { Me, Token } from "./shapes";

const LIFETIMES = [
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "One year" },
  { value: "", label: "Until I revoke it" },
];
const DAY_MS = 86_400_000;

export const expiry = (days: string, now = Date.now()): string | null => (days ? new Date(now + Number(days) * DAY_MS).toISOString() : null);

export class AccountPage extends PageElement {
  static override properties = {
    me: { attribute: false },
    tokens: { state: true },
    made: { state: true },
    problem: { state: true },
    busy: { state: true },
    problems: { state: true },
  };
  declare me: Me;
  declare tokens: Token[] | null;
  /** The new token's text: the only time that it is shown. */
  declare made: string;
  declare problem: string;
  declare busy: string;
  declare problems: Record<string, string>;

  constructor() {
    super();
    this.tokens = null;
    this.made = "";
    this.problem = "";
    this.busy = "";
    this.problems = {};
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.crumbs([{ label: "Account" }]);
    void this.load();
  }

  private async load(): Promise<void> {
    try {
      this.tokens = await rest.tokens();
      this.problem = "";
    } catch (error) {
      this.problem = rest.sentence(error);
    }
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

  /** Send one of the forms; what the server says about a field stands at that field. */
  private async save(event: SubmitEvent, name: string, done: string, send: (fields: Record<string, string>) => Promise<unknown>): Promise<void> {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const fields = Object.fromEntries([...new FormData(form)].map(([key, value]) => [key, String(value)]));
    this.busy = name;
    this.problems = {};
    try {
      await send(fields);
      if (name === "password") form.reset();
      toast(done, "good");
    } catch (error) {
      this.refused(error, name);
    } finally {
      this.busy = "";
    }
  }

  private refused(error: unknown, name: string): void {
    const fields = error instanceof Refusal ? (error.body["fields"] as Record<string, string[]> | undefined) : undefined;
    this.problems = fields
      ? Object.fromEntries(Object.entries(fields).map(([field, sentences]) => [field, sentences.join(" ")]))
      : { [name]: rest.sentence(error) };
  }

  protected override render() {
    return html`<div class="page narrow">
      <header class="page-head"><div class="page-title"><h1>Account</h1><p class="muted">${this.me.username}</p></div></header>
      <div class="settings">
        ${this.section("Name", "What others read beside your annotations. The history names you by a lasting mark, so a new name changes no record.", this.nameForm())}
        ${this.section("Password", "At least 10 characters, and not one that is easily guessed. Other devices are signed out.", this.passwordForm())}
        ${this.section("Access tokens", "For scripts and the Python client: send one as a Bearer token in the Authorization header.", this.tokenList())}
      </div>
    </div>`;
  }

  private section(title: string, words: string, content: unknown) {
    return html`<section class="setting"><div><h2>${title}</h2><p class="muted">${words}</p></div><div class="card">${content}</div></section>`;
  }

  private input(name: string, label: string, type: string, autocomplete: string, value = "", needed = true) {
    const problem = this.problems[name];
    return html`<div class="field">
      <label for=${name}>${label}</label>
      <input class="input" id=${name} name=${name} type=${type} autocomplete=${autocomplete} .value=${value} ?required=${needed} maxlength="150"
        aria-invalid=${problem ? "true" : "false"} aria-describedby=${problem ? `${name}-problem` : nothing} />
      ${problem ? html`<span class="problem" id="${name}-problem" role="alert">${problem}</span>` : nothing}
    </div>`;
  }

  private foot(name: string, label: string) {
    return html`${this.problems[name] ? html`<div class="notice bad" role="alert">${icon("alert")}<span>${this.problems[name]}</span></div>` : nothing}
      <div class="actions"><button class="button primary" ?disabled=${this.busy !== ""}>${this.busy === name ? html`<span class="spinner"></span>` : nothing}${label}</button></div>`;
  }

  private nameForm() {
    const [first = "", ...rest_] = this.me.name === this.me.username ? [] : this.me.name.split(" ");
    const save = (event: SubmitEvent) => this.save(event, "name", "Your name is saved.", rest.changeName);
    return html`<form class="stack pad" data-testid="name-form" @submit=${save}>
      <div class="pair">
        ${this.input("first_name", "First name", "text", "given-name", first, false)} ${this.input("last_name", "Last name", "text", "family-name", rest_.join(" "), false)}
      </div>
      ${this.foot("name", "Save name")}
    </form>`;
  }

  private passwordForm() {
    const save = (event: SubmitEvent) => this.save(event, "password", "Your password is changed.", rest.changePassword);
    return html`<form class="stack pad" data-testid="password-form" @submit=${save}>
      <input type="text" name="username" autocomplete="username" value=${this.me.username} hidden />
      ${this.input("old_password", "Current password", "password", "current-password")}
      <div class="pair">
        ${this.input("new_password1", "New password", "password", "new-password")} ${this.input("new_password2", "New password again", "password", "new-password")}
      </div>
      ${this.foot("password", "Change password")}
    </form>`;
  }

  private tokenList() {
    const made = this.made
      ? html`<div class="pad"><div class="notice good" data-testid="token-made">
          ${icon("key")}
          <div class="row-words"><strong>Copy the token now: it is not shown again.</strong><exact-copy full label="token" .value=${this.made}></exact-copy></div>
          <button class="button quiet square small" aria-label="Hide the token" @click=${() => (this.made = "")}>${icon("close")}</button>
        </div></div>`
      : nothing;
    return html`<header class="card-head">
        <h3>Tokens</h3><span class="spring"></span>
        <button class="button small" data-testid="create-token" @click=${this.createToken}>${icon("plus")}New token</button>
      </header>
      ${made} ${this.rows()}`;
  }

  private rows() {
    if (this.problem && !this.tokens) return html`<p class="pad problem">${this.problem}</p>`;
    if (!this.tokens) return html`<div class="pad"><div class="skeleton row-waiting"></div></div>`;
    if (this.tokens.length === 0) return html`<p class="pad muted">No tokens. You only need one for programs; in the browser you are signed in.</p>`;
    return html`<ul class="rows">${this.tokens.map((token) => this.row(token))}</ul>`;
  }

  private row(token: Token) {
    const over = token.revoked_at !== null || (token.expires_at !== null && Date.parse(token.expires_at) < Date.now());
    const used = token.last_used_at ? `last used ${ago(token.last_used_at)}` : "never used";
    const until = token.expires_at ? `valid until ${day(token.expires_at)}` : "no end date";
    return html`<li class="row" data-testid="token" data-name=${token.name}>
      ${icon("key")}
      <div class="row-words">
        <strong class="clip">${token.name}</strong>
        <span class="muted clip" title="Created ${when(token.created_at)}"><span class="mono">pat_${token.prefix}…</span> · ${used} · ${until}</span>
      </div>
      ${token.revoked_at ? html`<span class="badge">Revoked</span>` : over ? html`<span class="badge warn">Expired</span>` : html`<button class="button small" @click=${() => this.revoke(token)}>Revoke</button>`}
    </li>`;
  }
}

customElements.define("exact-account", AccountPage);
