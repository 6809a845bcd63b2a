"""Wishes about teams and their members."""

from typing import ClassVar
from uuid import UUID

from exact.accounts.models import User
from exact.accounts.permissions import Permission
from exact.accounts.policy import allowed, require
from exact.commands.bus import Change, Command, Context, handles, load_or_refuse
from exact.domain import teams
from exact.domain.errors import Conflict, Forbidden, NotFound
from exact.domain.identifiers import new_id
from exact.domain.streams import checked_name, first
from exact.domain.teams import Role, Team
from exact.eventstore.log import next_number
from exact.projections.dataset_versions import DatasetVersionRow
from exact.projections.image_sets import ImageSetRow
from exact.projections.products import ProductRow
from exact.projections.teams import TeamRow


class FoundTeam(Command, frozen=True, kw_only=True):
    """Begin a team; whoever asks becomes its owner. Everybody who is signed in may."""

    NEEDS: ClassVar[None] = None
    name: str


class RenameTeam(Command, frozen=True, kw_only=True):
    """Give the team another name."""

    NEEDS: ClassVar[Permission] = Permission.MANAGE_TEAM
    team_id: UUID
    name: str


class AddMember(Command, frozen=True, kw_only=True):
    """Take a person into the team."""

    NEEDS: ClassVar[Permission] = Permission.MANAGE_MEMBERS
    team_id: UUID
    person_id: UUID
    role: Role


class ChangeRole(Command, frozen=True, kw_only=True):
    """Give a member another role."""

    NEEDS: ClassVar[Permission] = Permission.MANAGE_MEMBERS
    team_id: UUID
    person_id: UUID
    role: Role


class RemoveMember(Command, frozen=True, kw_only=True):
    """Take a member out; everybody may leave."""

    NEEDS: ClassVar[Permission] = Permission.MANAGE_MEMBERS
    team_id: UUID
    person_id: UUID


class DissolveTeam(Command, frozen=True, kw_only=True):
    """End a team in which nobody else is and nothing is left; nobody sees it any more."""

    NEEDS: ClassVar[Permission] = Permission.MANAGE_TEAM
    team_id: UUID
    reason: str = ""


class RestoreTeam(Command, frozen=True, kw_only=True):
    """Begin a dissolved team again; whoever was its last member may."""

    NEEDS: ClassVar[Permission] = Permission.MANAGE_TEAM
    team_id: UUID


@handles(FoundTeam)
def found_team(command: FoundTeam, context: Context) -> Change:
    """The first facts of a team."""
    name = checked_name(command.name, most=teams.NAME_MAX)
    refuse_taken(name)
    founded = first(
        teams.TeamFounded,
        new_id(),
        context.stamp,
        number=next_number("team"),
        name=name,
        owner_id=context.person.person_id,
        owner_number=next_number("member"),
    )
    return Change(before=None, facts=[founded], scope_id=founded.originator_id)


@handles(RenameTeam)
def rename_team(command: RenameTeam, context: Context) -> Change:
    """Another name, which no other team has."""
    team = _team(command.team_id, context, command.NEEDS)
    if command.name.strip() != team.name:
        refuse_taken(command.name.strip())
    return Change(before=team, facts=team.rename(command.name, context.stamp), scope_id=team.id)


@handles(AddMember)
def add_member(command: AddMember, context: Context) -> Change:
    """A new member; only an owner makes owners."""
    team = _team(command.team_id, context, command.NEEDS)
    refuse_making_owners(team, command.role, context)
    refuse_unknown(command.person_id)
    facts = team.add(command.person_id, command.role, next_number("member"), context.stamp)
    return Change(before=team, facts=facts, scope_id=team.id)


@handles(ChangeRole)
def change_role(command: ChangeRole, context: Context) -> Change:
    """Another role; only an owner makes or unmakes owners."""
    team = _team(command.team_id, context, command.NEEDS)
    refuse_making_owners(team, command.role, context)
    refuse_touching_owners(team, command.person_id, context)
    return Change(before=team, facts=team.change_role(command.person_id, command.role, context.stamp), scope_id=team.id)


@handles(RemoveMember)
def remove_member(command: RemoveMember, context: Context) -> Change:
    """One member less."""
    leaving = command.person_id == context.person.person_id
    team = _team(command.team_id, context, Permission.READ if leaving else command.NEEDS)
    if not leaving:
        refuse_touching_owners(team, command.person_id, context)
    return Change(before=team, facts=team.remove(command.person_id, context.stamp), scope_id=team.id)


@handles(DissolveTeam)
def dissolve_team(command: DissolveTeam, context: Context) -> Change:
    """The end of a team that holds nothing."""
    team = _team(command.team_id, context, command.NEEDS)
    facts = team.dissolve(command.reason, context.stamp)
    if facts:
        refuse_filled(team.id)
    return Change(before=team, facts=facts, scope_id=team.id)


@handles(RestoreTeam)
def restore_team(command: RestoreTeam, context: Context) -> Change:
    """There again, when no other team has taken its name."""
    team = _team(command.team_id, context, command.NEEDS)
    facts = team.restore(context.stamp)
    if facts:
        refuse_taken(team.name)
    return Change(before=team, facts=facts, scope_id=team.id)


def require_in(team: Team, context: Context, permission: Permission) -> None:
    """As everywhere; a dissolved team has no rows, so that its own state says who its last member is."""
    if not team.withdrawn:
        require(context.person, permission, team.id)
        return
    last = team.member(context.person.person_id)
    if last is None or not allowed(last.role, permission):
        raise NotFound("There is no such team, or it is another person's.", what="team")


def _team(team_id: UUID, context: Context, permission: Permission) -> Team:
    team: Team = load_or_refuse(team_id, Team, "team", context)
    require_in(team, context, permission)
    team.refuse_stale(context.expected_version)
    return team


def refuse_taken(name: str) -> None:
    """Names of teams are unique; a dissolved one, which has no members, keeps none."""
    if TeamRow.objects.filter(name=name, members__isnull=False).exists():
        raise Conflict("Another team has this name; choose another.", code="name_taken")


def refuse_unknown(person_id: UUID) -> None:
    """A member is somebody who can sign in."""
    if not User.objects.filter(person_id=person_id, is_active=True).exists():
        raise NotFound("There is no such person here.", code="unknown_person")


def refuse_filled(team_id: UUID) -> None:
    """A team is not dissolved over what somebody may still look for in it."""
    left = {
        "image sets": ImageSetRow.objects.filter(team_id=team_id, withdrawn=False),
        "products": ProductRow.objects.filter(team_id=team_id, withdrawn=False),
        "dataset versions": DatasetVersionRow.objects.filter(team_id=team_id),
    }
    if names := [name for name, rows in left.items() if rows.exists()]:
        raise Conflict(f"The team has {' and '.join(names)}; a team is dissolved when nothing is left in it.",
                       code="team_not_empty")  # fmt: skip


def _is_owner(team: Team, person_id: UUID) -> bool:
    member = team.member(person_id)
    return member is not None and member.role is Role.OWNER


def refuse_making_owners(team: Team, role: Role, context: Context) -> None:
    """Admins make no owners."""
    if role is Role.OWNER and not _is_owner(team, context.person.person_id):
        raise Forbidden("Only an owner of the team makes somebody an owner.", code="owner_only")


def refuse_touching_owners(team: Team, person_id: UUID, context: Context) -> None:
    """Admins neither change nor remove owners."""
    if _is_owner(team, person_id) and not _is_owner(team, context.person.person_id):
        raise Forbidden("Only an owner of the team changes or removes an owner.", code="owner_only")
