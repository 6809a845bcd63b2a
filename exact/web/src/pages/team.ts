/** One team: its members and roles, its products and annotation types, and all that happened in it. */

import { html, nothing } from "lit";
import { icon, toast } from "../design";
import { PageElement } from "./element";
import { askForm } from "./form-dialog";
import * as rest from "./rest";
import { may, roleName, teamOf } from "./rights";
import { urls } from "./routes";
import type { Me, MyTeam } from "./shapes";

export class TeamPage extends PageElement {
  static override properties = { me: { attribute: false }, number: { type: Number } };
  declare me: Me;
  declare number: number;

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("exact-undone", this.again);
  }

  override disconnectedCallback(): void {
    window.removeEventListener("exact-undone", this.again);
    super.disconnectedCallback();
  }

  /** The name or one's own role may be another after a step was taken back. */
  private readonly again = (): void => void this.dispatchEvent(new CustomEvent("exact-me"));

  private get team(): MyTeam | undefined {
    return teamOf(this.me, this.number);
  }

  protected override willUpdate(): void {
    this.crumbs([{ label: this.team?.name ?? "Unknown team" }]);
  }

  private async rename(team: MyTeam): Promise<void> {
    const done = await askForm({
      heading: "Rename the team",
      action: "Rename",
      fields: [{ name: "name", label: "Name", value: team.name, maxLength: 100 }],
      run: ({ name }) => rest.command("RenameTeam", { team_id: team.id, name }),
    });
    if (!done) return;
    toast("The team has its new name.", "good");
    this.dispatchEvent(new CustomEvent("exact-me"));
  }

  protected override render() {
    const { team } = this;
    if (!team)
      return html`<div class="page">
        <exact-empty icon="lock" heading="This team is not one of yours">
          It does not exist, or you are not a member. Ask its owner to add you.<a
            slot="action"
            class="button"
            href=${urls.home}
            >To the start</a
          >
        </exact-empty>
      </div>`;
    return html`<div class="page narrow">
      <header class="page-head">
        <div class="page-title">
          <h1>${team.name}</h1>
          <p class="muted">
            You are ${/^[aeiou]/.test(team.role) ? "an" : "a"} ${roleName(team.role).toLowerCase()} here.
          </p>
        </div>
        <div class="page-tools">
          <a class="button" href=${urls.home}>${icon("layers")}Image sets</a>
          ${may(this.me, team.number, "manage_team") ? html`<button class="button" data-testid="rename-team" @click=${() => this.rename(team)}>${icon("edit")}Rename</button>` : nothing}
        </div>
      </header>
      <div class="columns even">
        <exact-products class="column-main" .me=${this.me} .team=${team}></exact-products>
        <exact-members class="column-side wide" .me=${this.me} .team=${team}></exact-members>
      </div>
      <section class="card panel team-history" aria-labelledby="history-title">
        <h2 class="panel-title" id="history-title">${icon("activity")}History</h2>
        <exact-activity
          paged
          .team=${team.number}
          .limit=${15}
          .reader=${{ person: this.me.person_id, permissions: team.permissions }}
        ></exact-activity>
      </section>
    </div>`;
  }
}

customElements.define("exact-team", TeamPage);
