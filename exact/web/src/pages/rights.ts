/** What a person may do in a team, as the server listed it; the server decides again at every request. */

import type { Me, MyTeam, Role } from "./shapes";

export const teamOf = (me: Me, number: number): MyTeam | undefined => me.teams.find((team) => team.number === number);

export const may = (me: Me, team: number, permission: string): boolean =>
  teamOf(me, team)?.permissions.includes(permission) ?? false;

export const ROLES: Record<Role, string> = {
  owner: "Everything, also renaming the team and its owners",
  admin: "Manages members, image sets, products and dataset versions",
  verifier: "Annotates, and accepts or rejects annotations",
  annotator: "Annotates and uploads images",
  viewer: "Reads and exports",
};

export const roleName = (role: string): string => role.charAt(0).toUpperCase() + role.slice(1);
