/** My account: name, password, and the access tokens of my programs. */

import { html, nothing } from "lit";
import { icon, toast } from "../design";
import { PageElement } from "./element";
import * as rest from "./rest";
import type { Me } from "./shapes";

export class AccountPage extends PageElement {
  static override properties = {
    me: { attribute: false },
    busy: { state: true },
    problems: { state: true },
  };
  declare me: Me;
  declare busy: string;
  declare problems: Record<string, string>;

  constructor() {
    super();
    this.busy = "";
    this.problems = {};
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.crumbs([{ label: "Account" }]);
  }

  /** Send one of the forms; what the server says about a field stands at that field. */
  private async save(
    event: SubmitEvent,
    name: string,
    done: string,
    send: (fields: Record<string, string>) => Promise<unknown>,
  ): Promise<void> {
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
      this.refused(error, name, Object.keys(fields));
    } finally {
      this.busy = "";
    }
  }

  private refused(error: unknown, name: string, fields: string[]): void {
    const problems = rest.problemsOf(error, fields);
    this.problems = Object.keys(problems).length ? problems : { [name]: rest.sentence(error) };
  }

  protected override render() {
    return html`<div class="page narrow">
      <header class="page-head">
        <div class="page-title">
          <h1>Account</h1>
          <p class="muted">${this.me.username}</p>
        </div>
      </header>
      <div class="settings">
        ${this.section("Name", "What others read beside your annotations. The history names you by a lasting mark, so a new name changes no record.", this.nameForm())}
        ${this.section("Password", "At least 10 characters, and not one that is easily guessed. Other devices are signed out.", this.passwordForm())}
        ${this.section("Access tokens", "For scripts and the Python client: send one as a Bearer token in the Authorization header.", html`<exact-tokens></exact-tokens>`)}
      </div>
    </div>`;
  }

  private section(title: string, words: string, content: unknown) {
    return html`<section class="setting">
      <div>
        <h2>${title}</h2>
        <p class="muted">${words}</p>
      </div>
      <div class="card">${content}</div>
    </section>`;
  }

  private input(name: string, label: string, type: string, autocomplete: string, value = "", needed = true) {
    const problem = this.problems[name];
    return html`<div class="field">
      <label for=${name}>${label}</label>
      <input
        class="input"
        id=${name}
        name=${name}
        type=${type}
        autocomplete=${autocomplete}
        .value=${value}
        ?required=${needed}
        maxlength="150"
        aria-invalid=${problem ? "true" : "false"}
        aria-describedby=${problem ? `${name}-problem` : nothing}
      />
      ${problem ? html`<span class="problem" id="${name}-problem" role="alert">${problem}</span>` : nothing}
    </div>`;
  }

  private foot(name: string, label: string) {
    return html`${this.problems[name] ? html`<div class="notice bad" role="alert">${icon("alert")}<span>${this.problems[name]}</span></div>` : nothing}
      <div class="actions">
        <button class="button primary" ?disabled=${this.busy !== ""}>
          ${this.busy === name ? html`<span class="spinner"></span>` : nothing}${label}
        </button>
      </div>`;
  }

  private nameForm() {
    const send = async (fields: Record<string, string>) => {
      await rest.changeName(this.me.id, fields);
      this.dispatchEvent(new CustomEvent("exact-me"));
    };
    const save = (event: SubmitEvent) => this.save(event, "name", "Your name is saved.", send);
    return html`<form class="stack pad" data-testid="name-form" @submit=${save}>
      <div class="pair">
        ${this.input("first_name", "First name", "text", "given-name", this.me.first_name, false)}
        ${this.input("last_name", "Last name", "text", "family-name", this.me.last_name, false)}
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
        ${this.input("new_password1", "New password", "password", "new-password")}
        ${this.input("new_password2", "New password again", "password", "new-password")}
      </div>
      ${this.foot("password", "Change password")}
    </form>`;
  }
}

customElements.define("exact-account", AccountPage);
