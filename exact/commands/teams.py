"""Wishes about teams and their members."""

from typing import ClassVar
from uuid import UUID

from exact.accounts.models import User
from exact.accounts.permissions import Permission
from exact.accounts.policy import require
from exact.commands.bus import Change, Command, Context, handles, load_or_refuse
from exact.domain import teams
from exact.domain.errors import Conflict, Forbidden, NotFound
from exact.domain.identifiers import new_id
from exact.domain.streams import checked_name, first
from exact.domain.teams import Role, Team
from exact.eventstore.log import next_number
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


@handles(FoundTeam)
def found_team(command: FoundTeam, context: Context) -> Change:
    """The first facts of a team."""
    name = checked_name(command.name, most=teams.NAME_MAX)
    _refuse_taken(name)
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
        _refuse_taken(command.name.strip())
    return Change(before=team, facts=team.rename(command.name, context.stamp), scope_id=team.id)


@handles(AddMember)
def add_member(command: AddMember, context: Context) -> Change:
    """A new member; only an owner makes owners."""
    team = _team(command.team_id, context, command.NEEDS)
    _refuse_making_owners(team, command.role, context)
    if not User.objects.filter(person_id=command.person_id, is_active=True).exists():
        raise NotFound("There is no such person here.", code="unknown_person")
    facts = team.add(command.person_id, command.role, next_number("member"), context.stamp)
    return Change(before=team, facts=facts, scope_id=team.id)


@handles(ChangeRole)
def change_role(command: ChangeRole, context: Context) -> Change:
    """Another role; only an owner makes or unmakes owners."""
    team = _team(command.team_id, context, command.NEEDS)
    _refuse_making_owners(team, command.role, context)
    _refuse_touching_owners(team, command.person_id, context)
    return Change(before=team, facts=team.change_role(command.person_id, command.role, context.stamp), scope_id=team.id)


@handles(RemoveMember)
def remove_member(command: RemoveMember, context: Context) -> Change:
    """One member less."""
    leaving = command.person_id == context.person.person_id
    team = _team(command.team_id, context, Permission.READ if leaving else command.NEEDS)
    if not leaving:
        _refuse_touching_owners(team, command.person_id, context)
    return Change(before=team, facts=team.remove(command.person_id, context.stamp), scope_id=team.id)


def _team(team_id: UUID, context: Context, permission: Permission) -> Team:
    team: Team = load_or_refuse(team_id, Team, "team", context)
    require(context.person, permission, team.id)
    team.refuse_stale(context.expected_version)
    return team


def _refuse_taken(name: str) -> None:
    if TeamRow.objects.filter(name=name).exists():
        raise Conflict("Another team has this name; choose another.", code="name_taken")


def _is_owner(team: Team, person_id: UUID) -> bool:
    member = team.member(person_id)
    return member is not None and member.role is Role.OWNER


def _refuse_making_owners(team: Team, role: Role, context: Context) -> None:
    if role is Role.OWNER and not _is_owner(team, context.person.person_id):
        raise Forbidden("Only an owner of the team makes somebody an owner.", code="owner_only")


def _refuse_touching_owners(team: Team, person_id: UUID, context: Context) -> None:
    if _is_owner(team, person_id) and not _is_owner(team, context.person.person_id):
        raise Forbidden("Only an owner of the team changes or removes an owner.", code="owner_only")
