/** The accounts of the site, for its administrators: made, given a new password, deactivated and activated. */

import { html, nothing, type PropertyDeclarations } from "lit";
import { icon, toast } from "../design";
import { askForm } from "./form-dialog";
import { Listed } from "./listed";
import * as rest from "./rest";
import { urls } from "./routes";
import type { Account, Me } from "./shapes";

const nameOf = (person: Account): string => person.name || person.username;

/** What was typed: an empty field is not sent. */
export const given = (values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));

export class PeoplePage extends Listed<Account> {
  static override properties: PropertyDeclarations = {
    me: { attribute: false },
    made: { state: true },
  };
  declare me: Me;
  /** A new password: the only time that it is shown. */
  declare made: { username: string; password: string } | null;

  constructor() {
    super();
    this.made = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.crumbs([{ label: "People" }]);
  }

  protected override ask(): Promise<Account[]> {
    return this.me.is_staff ? rest.accounts() : Promise.resolve([]);
  }

  private async add(): Promise<void> {
    const added = await askForm({
      heading: "Add a person",
      lead: "A first password is made and shown to you once. Teams take the person in on their own pages.",
      action: "Add person",
      testid: "add-person-confirm",
      fields: [
        { name: "username", label: "User name", maxLength: 150, placeholder: "grace" },
        { name: "first_name", label: "First name", maxLength: 150, optional: true },
        { name: "last_name", label: "Last name", maxLength: 150, optional: true },
        { name: "email", label: "Mail address", maxLength: 254, optional: true, placeholder: "grace@hospital.org" },
      ],
      run: (values) => rest.addAccount(given(values)),
    });
    if (!added) return;
    this.made = { username: added.username, password: added.password ?? "" };
    await this.load();
  }

  private async renew(person: Account): Promise<void> {
    const renewed = await askForm({
      heading: `A new password for ${nameOf(person)}?`,
      lead: "The old one ends at once, and the person is signed out everywhere. The new one is shown to you once.",
      action: "Make a new password",
      testid: "new-password-confirm",
      fields: [],
      run: () => rest.renewPassword(person.id),
    });
    if (renewed) this.made = { username: person.username, password: renewed.password };
  }

  private async deactivate(person: Account): Promise<void> {
    const done = await askForm({
      heading: `Deactivate ${nameOf(person)}?`,
      lead: "Sessions, password and tokens are refused until the account is activated again. What they annotated stays.",
      action: "Deactivate",
      danger: true,
      testid: "deactivate-confirm",
      fields: [],
      run: () => rest.switchAccount(person.id, false),
    });
    if (done) await this.load();
  }

  private async activate(person: Account): Promise<void> {
    try {
      await rest.switchAccount(person.id, true);
      toast(`${nameOf(person)} may sign in again.`, "good");
      await this.load();
    } catch (error) {
      toast(rest.sentence(error), "bad");
    }
  }

  protected override render() {
    if (!this.me.is_staff)
      return html`<div class="page">
        <exact-empty icon="lock" heading="This page is for administrators of the site">
          Ask one of them when a colleague needs an account.<a slot="action" class="button" href=${urls.home}
            >To the start</a
          >
        </exact-empty>
      </div>`;
    return html`<div class="page narrow">
      <header class="page-head">
        <div class="page-title">
          <h1>People</h1>
          <p class="muted">Who has an account on this site. What they may do is decided in each team.</p>
        </div>
        <div class="page-tools">
          <button class="button primary" data-testid="add-person" @click=${this.add}>${icon("plus")}Add person</button>
        </div>
      </header>
      <section class="card" aria-label="Accounts">${this.password()} ${this.list()}</section>
    </div>`;
  }

  private password() {
    const { made } = this;
    if (!made) return nothing;
    return html`<div class="pad">
      <div class="notice good" role="status">
        ${icon("key")}
        <div class="row-words">
          <strong>Copy the password of ${made.username} now: it is not shown again.</strong
          ><exact-copy full label="password" data-testid="person-password" .value=${made.password}></exact-copy>
        </div>
        <button class="button quiet square small" aria-label="Hide the password" @click=${() => (this.made = null)}>
          ${icon("close")}
        </button>
      </div>
    </div>`;
  }

  private list() {
    if (this.problem && !this.rows)
      return html`<p class="pad problem">
        ${this.problem} <button class="button small" @click=${this.load}>Try again</button>
      </p>`;
    if (!this.rows)
      return html`<div class="pad" aria-busy="true">
        ${[1, 2, 3].map(() => html`<div class="skeleton row-waiting"></div>`)}
      </div>`;
    const alone = this.rows.length < 2;
    return html`<ul class="rows">
        ${this.rows.map((person) => this.row(person))}
      </ul>
      ${alone ? html`<p class="pad muted">Nobody else yet: add the first colleague.</p>` : nothing}`;
  }

  private row(person: Account) {
    const mine = person.id === this.me.id;
    const name = nameOf(person);
    return html`<li class="row person" data-testid="person" data-username=${person.username}>
      <exact-avatar .person=${person.person_id} .name=${name} .size=${32}></exact-avatar>
      <div class="row-words">
        <strong class="clip">${name}${mine ? html` <span class="muted">(you)</span>` : nothing}</strong
        ><span class="muted clip">${[person.username, person.email].filter(Boolean).join(" · ")}</span>
      </div>
      ${person.is_staff ? html`<span class="badge accent">Administrator</span>` : nothing}
      <span class="badge ${person.is_active ? "good" : "warn"}">${person.is_active ? "Active" : "Deactivated"}</span>
      ${mine ? html`<a class="button small" href=${urls.account}>Your account</a>` : this.buttons(person, name)}
    </li>`;
  }

  private buttons(person: Account, name: string) {
    return html`<span class="person-buttons">
      <button class="button small" aria-label="New password for ${name}" @click=${() => this.renew(person)}>
        New password
      </button>
      ${
        person.is_active
          ? html`<button class="button small" aria-label="Deactivate ${name}" @click=${() => this.deactivate(person)}>
              Deactivate
            </button>`
          : html`<button class="button small" aria-label="Activate ${name}" @click=${() => this.activate(person)}>
              Activate
            </button>`
      }
    </span>`;
  }
}

customElements.define("exact-people", PeoplePage);
