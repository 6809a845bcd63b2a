/** The frame of every page: bar with crumbs, theme and person; the page itself; the word when the server is away. */

import { html, nothing } from "lit";
import { icon, mark, setTheme, theme, type Theme } from "../design";
import { csrfToken } from "../api/client";
import { isOnline, knock } from "./connection";
import { PageElement, type Crumb } from "./element";
import * as rest from "./rest";
import { route, urls, type Route } from "./routes";
import { slashFocusesSearch } from "./keyboard";
import type { Me } from "./shapes";

const THEMES: { value: Theme; label: string; icon: "sun" | "moon" | "monitor" }[] = [
  { value: "light", label: "Light", icon: "sun" },
  { value: "dark", label: "Dark", icon: "moon" },
  { value: "system", label: "System", icon: "monitor" },
];

export class ExactApp extends PageElement {
  static override properties = {
    me: { state: true },
    path: { state: true },
    online: { state: true },
    problem: { state: true },
    theme: { state: true },
  };
  declare me: Me | null;
  declare path: Crumb[];
  declare online: boolean;
  declare problem: string;
  declare theme: Theme;

  constructor() {
    super();
    this.me = null;
    this.path = [];
    this.online = isOnline();
    this.problem = "";
    this.theme = theme();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.replaceChildren();
    window.addEventListener("exact-crumbs", (event) => (this.path = (event as CustomEvent<Crumb[]>).detail));
    window.addEventListener("exact-connection", (event) => this.connection((event as CustomEvent<boolean>).detail));
    window.addEventListener("exact-theme", (event) => (this.theme = (event as CustomEvent<Theme>).detail));
    document.addEventListener("keydown", slashFocusesSearch);
    void this.load();
  }

  private connection(online: boolean): void {
    this.online = online;
    if (online && !this.me) void this.load();
  }

  async load(): Promise<void> {
    try {
      this.me = await rest.me();
      this.problem = "";
    } catch (error) {
      const status = rest.status(error);
      if (status === 401 || status === 403) location.assign(urls.signIn(location.pathname + location.search));
      else this.problem = rest.sentence(error);
    }
  }

  protected override render() {
    return html`<a class="skip" href="#content">Skip to the content</a>
      <header class="bar">
        <a class="brand" href=${urls.home} aria-label="EXACT, to the start">${mark(26)}<span>EXACT</span></a>
        ${this.breadcrumbs()}
        <div class="bar-end">${this.themeMenu()} ${this.userMenu()}</div>
      </header>
      ${this.online ? nothing : this.banner()}
      <main id="content" tabindex="-1">
        ${this.me ? this.page(route(location.pathname), this.me) : this.waiting()}
      </main>`;
  }

  private breadcrumbs() {
    const last = this.path.length - 1;
    return html`<nav class="crumbs" aria-label="Where you are">
      <ol>
        ${this.path.map(
          (crumb, index) =>
            html`<li>
              ${icon("chevron-right")}
              ${
                index < last && crumb.href
                  ? html`<a class="clip" href=${crumb.href}>${crumb.label}</a>`
                  : html`<span class="clip" aria-current=${index === last ? "page" : nothing}>${crumb.label}</span>`
              }
            </li>`,
        )}
      </ol>
    </nav>`;
  }

  private themeMenu() {
    const now = THEMES.find(({ value }) => value === this.theme);
    return html`<exact-menu label="Colours: ${now?.label ?? ""}" .icon=${now?.icon ?? "monitor"}>
      ${THEMES.map(
        ({ value, label, icon: name }) =>
          html`<button
            class="menu-item"
            role="menuitemradio"
            aria-checked=${value === this.theme}
            tabindex="-1"
            @click=${() => setTheme(value)}
          >
            ${icon(name)}<span>${label}</span>${value === this.theme ? icon("check") : nothing}
          </button>`,
      )}
    </exact-menu>`;
  }

  private userMenu() {
    const { me } = this;
    if (!me) return html`<span class="skeleton bar-person" aria-hidden="true"></span>`;
    return html`<exact-menu label="You: ${me.name || me.username}" plain data-testid="user-menu">
      <exact-avatar slot="face" .person=${me.person_id} .name=${me.name || me.username} .size=${30}></exact-avatar>
      <div class="menu-person">
        <strong class="clip">${me.name || me.username}</strong><span class="clip muted">${me.username}</span>
      </div>
      <a class="menu-item" role="menuitem" tabindex="-1" href=${urls.account}
        >${icon("user")}<span>Account and tokens</span></a
      >
      ${me.is_staff ? html`<a class="menu-item" role="menuitem" tabindex="-1" href=${urls.people} data-testid="people-link">${icon("users")}<span>People</span></a>` : nothing}
      ${me.is_staff ? html`<a class="menu-item" role="menuitem" tabindex="-1" href=${urls.cache} data-testid="cache-link">${icon("layers")}<span>Cache</span></a>` : nothing}
      <form method="post" action=${urls.signOut}>
        <input type="hidden" name="csrfmiddlewaretoken" value=${csrfToken()} />
        <button class="menu-item" role="menuitem" tabindex="-1" data-stay data-testid="sign-out">
          ${icon("sign-out")}<span>Sign out</span>
        </button>
      </form>
    </exact-menu>`;
  }

  private banner() {
    return html`<div class="banner" role="status">
      ${icon("offline")}<span
        >The server cannot be reached. Trying again every few seconds; what you see may be old.</span
      >
      <button class="button small" @click=${knock}>Try now</button>
    </div>`;
  }

  private waiting() {
    return this.problem
      ? html`<div class="page">
          <exact-empty icon="alert" heading="This page could not be loaded"
            >${this.problem} <button slot="action" class="button" @click=${this.load}>Try again</button></exact-empty
          >
        </div>`
      : html`<div class="page" aria-busy="true">
          <div class="skeleton line-1"></div>
          <div class="skeleton line-2"></div>
        </div>`;
  }

  private page(at: Route, me: Me) {
    switch (at.page) {
      case "home":
        return html`<exact-home .me=${me} @exact-me=${this.load}></exact-home>`;
      case "team":
        return html`<exact-team .me=${me} .number=${at.number} @exact-me=${this.load}></exact-team>`;
      case "image-set":
        return html`<exact-image-set .me=${me} .number=${at.number}></exact-image-set>`;
      case "account":
        return html`<exact-account .me=${me} @exact-me=${this.load}></exact-account>`;
      case "people":
        return html`<exact-people .me=${me}></exact-people>`;
      case "cache":
        return html`<exact-cache .me=${me}></exact-cache>`;
      case "unknown":
        return html`<div class="page">
          <exact-empty icon="search" heading="There is nothing at this address"></exact-empty>
        </div>`;
    }
  }
}

customElements.define("exact-app", ExactApp);
