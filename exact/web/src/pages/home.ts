/** The start: my teams with their image sets, and what happened last. */

import { html, nothing } from "lit";
import { icon } from "../design";
import { counted } from "../design/format";
import { PageElement } from "./element";
import { askForm } from "./form-dialog";
import { walkGrid } from "./keyboard";
import * as rest from "./rest";
import { may, roleName } from "./rights";
import { urls } from "./routes";
import type { ImageSet, Me, MyTeam } from "./shapes";

export class HomePage extends PageElement {
  static override properties = {
    me: { attribute: false },
    sets: { state: true },
    wanted: { state: true },
    problem: { state: true },
  };
  declare me: Me;
  declare sets: ImageSet[] | null;
  declare wanted: string;
  declare problem: string;

  constructor() {
    super();
    this.sets = null;
    this.wanted = "";
    this.problem = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.crumbs([]);
    void this.load();
  }

  private async load(): Promise<void> {
    try {
      this.sets = await rest.imageSets();
      this.problem = "";
    } catch (error) {
      this.problem = rest.sentence(error);
    }
  }

  private async createTeam(): Promise<void> {
    const made = await askForm({
      heading: "New team",
      lead: "A team shares its images, products and annotations. You become its owner and add the others.",
      action: "Create team",
      testid: "create-team-confirm",
      fields: [{ name: "name", label: "Name", maxLength: 100, placeholder: "Pathology, building 4" }],
      run: ({ name }) => rest.command("FoundTeam", { name }),
    });
    if (made) this.dispatchEvent(new CustomEvent("exact-me"));
  }

  private async createSet(team: MyTeam): Promise<void> {
    const made = await askForm({
      heading: "New image set",
      lead: `In ${team.name}. You can upload images and choose products next.`,
      action: "Create image set",
      testid: "create-image-set-confirm",
      fields: [
        { name: "name", label: "Name", maxLength: 256, placeholder: "Mitoses, canine mammary carcinoma" },
        {
          name: "description",
          label: "Description",
          kind: "long",
          optional: true,
          hint: "What is in it, and what it is for.",
        },
      ],
      run: ({ name, description = "" }) => rest.command("CreateImageSet", { team_id: team.id, name, description }),
    });
    if (made?.number) location.assign(urls.imageSet(made.number));
  }

  private setsOf(team: MyTeam): ImageSet[] {
    const wanted = this.wanted.toLowerCase();
    const mine = (this.sets ?? []).filter((set) => set.team === team.number);
    if (!wanted || team.name.toLowerCase().includes(wanted)) return mine;
    return mine.filter((set) => `${set.name} ${set.description ?? ""}`.toLowerCase().includes(wanted));
  }

  protected override render() {
    return html`<div class="page">
      <header class="page-head">
        <div class="page-title">
          <h1>Image sets</h1>
          <p class="muted">
            ${this.sets ? `${counted(this.me.teams.length, "team")}, ${counted(this.sets.length, "image set")}` : "…"}
          </p>
        </div>
        <div class="page-tools">
          ${this.search()}
          <button class="button" data-testid="create-team" @click=${this.createTeam}>${icon("users")}New team</button>
        </div>
      </header>
      <div class="columns">
        <div class="column-main">${this.main()}</div>
        <aside class="column-side" aria-label="Recent activity">
          <section class="card panel">
            <h2 class="panel-title">${icon("activity")}Recent activity</h2>
            <exact-activity .limit=${14}></exact-activity>
          </section>
        </aside>
      </div>
    </div>`;
  }

  private search() {
    return html`<label class="search">
      ${icon("search")}<span class="unseen">Search teams and image sets</span>
      <input
        class="input"
        type="search"
        placeholder="Search"
        autocomplete="off"
        .value=${this.wanted}
        @input=${this.searched}
        @keydown=${this.left}
      />
      <kbd aria-hidden="true">/</kbd>
    </label>`;
  }

  private searched(event: InputEvent): void {
    this.wanted = (event.target as HTMLInputElement).value;
  }

  private left(event: KeyboardEvent): void {
    if (event.key === "Escape") this.wanted = "";
    if (event.key === "Enter") this.querySelector<HTMLAnchorElement>(".set-card a")?.click();
  }

  private main() {
    if (this.problem && !this.sets)
      return html`<exact-empty icon="alert" heading="The image sets could not be loaded"
        >${this.problem} <button slot="action" class="button" @click=${this.load}>Try again</button></exact-empty
      >`;
    if (!this.sets)
      return html`<div class="set-grid" aria-busy="true">
        ${[1, 2, 3].map(() => html`<div class="skeleton set-waiting"></div>`)}
      </div>`;
    if (this.me.teams.length === 0) return this.welcome();
    const teams = this.me.teams.map((team) => this.team(team));
    return teams.some((team) => team !== nothing) ? teams : this.nothingFound();
  }

  private welcome() {
    return html`<exact-empty icon="users" heading="Start with a team">
      Images and annotations belong to a team. Create one for your group, or ask a colleague to add you to theirs.
      <button slot="action" class="button primary" @click=${this.createTeam}>${icon("plus")}Create a team</button>
    </exact-empty>`;
  }

  private nothingFound() {
    return html`<exact-empty icon="search" heading="Nothing is called “${this.wanted}”">
      Only names and descriptions of teams and image sets are searched.
      <button slot="action" class="button" @click=${() => (this.wanted = "")}>Show everything</button>
    </exact-empty>`;
  }

  private team(team: MyTeam) {
    const sets = this.setsOf(team);
    if (this.wanted && sets.length === 0) return nothing;
    const create = may(this.me, team.number, "manage_sets");
    return html`<section class="team-section" aria-labelledby="team-${team.number}">
      <header class="section-head">
        <h2 id="team-${team.number}"><a class="plain" href=${urls.team(team.number)}>${team.name}</a></h2>
        <span class="badge">${roleName(team.role)}</span>
        <span class="spring"></span>
        <a class="button quiet small" href=${urls.team(team.number)}>${icon("settings")}Team</a>
        ${create ? html`<button class="button small" data-testid="create-image-set" @click=${() => this.createSet(team)}>${icon("plus")}New image set</button>` : nothing}
      </header>
      ${sets.length ? html`<div class="set-grid" @keydown=${walkGrid}>${sets.map((set) => html`<exact-set-card .set=${set}></exact-set-card>`)}</div>` : this.teach(team, create)}
    </section>`;
  }

  private teach(team: MyTeam, create: boolean) {
    if (!create)
      return html`<exact-empty small heading="No image sets yet"
        >An administrator of ${team.name} can create the first one.</exact-empty
      >`;
    return html`<exact-empty icon="layers" heading="Create your first image set">
      An image set holds slides, volumes or pictures that are annotated with the same types. Create it, drop your files
      on it, and open an image to draw.
      <button slot="action" class="button primary" @click=${() => this.createSet(team)}>
        ${icon("plus")}Create an image set
      </button>
    </exact-empty>`;
  }
}

customElements.define("exact-home", HomePage);
