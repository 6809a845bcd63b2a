/** The members of a team: who they are, what they may do, and the ways to change that. */

import { html, nothing, type PropertyDeclarations } from "lit";
import { icon, toast } from "../design";
import { askForm } from "./form-dialog";
import { Listed } from "./listed";
import * as rest from "./rest";
import { may, roleName, ROLES } from "./rights";
import { urls } from "./routes";
import type { Me, Membership, MyTeam, Role, User } from "./shapes";

const nameOf = (user: User): string => user.name || user.username;
const roleOptions = (owner: boolean) =>
  (Object.keys(ROLES) as Role[])
    .filter((role) => owner || role !== "owner")
    .map((role) => ({ value: role, label: roleName(role), hint: ROLES[role] }));

export class TeamMembers extends Listed<Membership> {
  static override properties: PropertyDeclarations = {
    me: { attribute: false },
    team: { attribute: false },
  };
  declare me: Me;
  declare team: MyTeam;

  protected override ask(): Promise<Membership[]> {
    return rest.memberships(this.team.number);
  }

  private get owner(): boolean {
    return may(this.me, this.team.number, "manage_team");
  }

  private async add(): Promise<void> {
    const added = await askForm({
      heading: "Add a member",
      lead: "The person needs an account on this server.",
      action: "Add to the team",
      testid: "add-member-confirm",
      fields: [
        { name: "who", label: "User name or mail address", placeholder: "ada or ada@hospital.org" },
        { name: "role", label: "Role", kind: "choice", value: "annotator", options: roleOptions(this.owner) },
      ],
      run: ({ who = "", role }) => this.addPerson(who, role as Role),
    });
    if (added) toast(`${added} is now in the team.`, "good");
  }

  private async addPerson(who: string, role: Role): Promise<string> {
    const user = await rest.findUser(who);
    if (!user)
      throw rest.ownRefusal(
        `Nobody here has the user name or mail address “${who}”. An administrator of the server can make an account.`,
      );
    await rest.command("AddMember", { team_id: this.team.id, person_id: user.person_id, role });
    await this.load();
    return nameOf(user);
  }

  private async change(member: Membership, event: Event): Promise<void> {
    const select = event.target as HTMLSelectElement;
    try {
      await rest.command("ChangeRole", { team_id: this.team.id, person_id: member.user.person_id, role: select.value });
      toast(`${nameOf(member.user)} is now ${roleName(select.value).toLowerCase()}.`, "good");
      await this.load();
    } catch (error) {
      select.value = member.role;
      toast(rest.sentence(error), "bad");
    }
  }

  private async dismiss(member: Membership): Promise<void> {
    const done = await askForm({
      heading: `Remove ${nameOf(member.user)}?`,
      lead: "They lose access to the team's images at once. What they annotated stays, with their name.",
      action: "Remove from the team",
      danger: true,
      fields: [],
      run: () => rest.command("RemoveMember", { team_id: this.team.id, person_id: member.user.person_id }),
    });
    if (done) await this.load();
  }

  private async leave(member: Membership): Promise<void> {
    const done = await askForm({
      heading: `Leave ${this.team.name}?`,
      lead: "You lose access to its images at once. What you annotated stays, with your name.",
      action: "Leave the team",
      danger: true,
      fields: [],
      run: () => rest.command("RemoveMember", { team_id: this.team.id, person_id: member.user.person_id }),
    });
    if (done) location.assign(urls.home);
  }

  protected override render() {
    const manage = may(this.me, this.team.number, "manage_members");
    return html`<section class="card" aria-labelledby="members-title">
      <header class="card-head">
        <h2 id="members-title">
          Members ${this.rows ? html`<span class="badge">${this.rows.length}</span>` : nothing}
        </h2>
        <span class="spring"></span>
        ${manage ? html`<button class="button small" data-testid="add-member" @click=${this.add}>${icon("plus")}Add member</button>` : nothing}
      </header>
      ${this.list(manage)}
    </section>`;
  }

  private list(manage: boolean) {
    if (this.problem && !this.rows) return html`<p class="pad problem">${this.problem}</p>`;
    if (!this.rows)
      return html`<div class="pad" aria-busy="true">
        ${[1, 2, 3].map(() => html`<div class="skeleton row-waiting"></div>`)}
      </div>`;
    return html`<ul class="rows">
      ${this.rows.map((member) => this.row(member, manage))}
    </ul>`;
  }

  private row(member: Membership, manage: boolean) {
    const { user } = member;
    const mine = user.person_id === this.me.person_id;
    const mayTouch = manage && !mine && (this.owner || member.role !== "owner");
    return html`<li class="row" data-testid="member" data-username=${user.username}>
      <exact-avatar .person=${user.person_id} .name=${nameOf(user)} .size=${32}></exact-avatar>
      <div class="row-words">
        <strong class="clip">${nameOf(user)}${mine ? html` <span class="muted">(you)</span>` : nothing}</strong
        ><span class="muted clip">${user.username}</span>
      </div>
      ${mayTouch ? this.roleSelect(member) : html`<span class="badge">${roleName(member.role)}</span>`}
      ${
        mayTouch
          ? html`<button
              class="button quiet square small"
              aria-label="Remove ${nameOf(user)}"
              title="Remove from the team"
              @click=${() => this.dismiss(member)}
            >
              ${icon("close")}
            </button>`
          : nothing
      }
      ${mine && member.role !== "owner" ? html`<button class="button quiet small" @click=${() => this.leave(member)}>Leave</button>` : nothing}
    </li>`;
  }

  private roleSelect(member: Membership) {
    return html`<select
      class="input small role-select"
      aria-label="Role of ${nameOf(member.user)}"
      @change=${(event: Event) => this.change(member, event)}
    >
      ${roleOptions(this.owner).map(({ value, label, hint }) => html`<option value=${value} title=${hint} ?selected=${value === member.role}>${label}</option>`)}
    </select>`;
  }
}

customElements.define("exact-members", TeamMembers);
