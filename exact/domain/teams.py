"""Team: founded, renamed, dissolved, restored; members added, given another role, removed. There is always an owner."""

from enum import StrEnum
from uuid import UUID

import msgspec
from msgspec.structs import replace

from exact.domain.errors import Conflict, NotFound
from exact.domain.facts import Fact, Stamp
from exact.domain.streams import Stream, checked_name, checked_text

NAME_MAX = 100


class Role(StrEnum):
    """What a member is to the team; exact/accounts/permissions.py says what each may do."""

    OWNER = "owner"
    ADMIN = "admin"
    ANNOTATOR = "annotator"
    VERIFIER = "verifier"
    VIEWER = "viewer"


class TeamFounded(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A team began, with its first owner."""

    number: int
    name: str
    owner_id: UUID
    owner_number: int


class TeamRenamed(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The team has another name."""

    name: str


class MemberAdded(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A person joined; `number` is the membership's public id."""

    number: int
    person_id: UUID
    role: Role


class RoleChanged(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A member got another role."""

    person_id: UUID
    role: Role


class MemberRemoved(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A person left or was removed."""

    person_id: UUID


class TeamDissolved(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The team is no more; whoever was alone in it to the end can restore it."""

    reason: str = ""


class TeamRestored(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A dissolved team is there again, with its one member."""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One person in one team."""

    number: int
    person_id: UUID
    role: Role


class Team(Stream, frozen=True, kw_only=True):
    """The state of one team."""

    name: str
    members: tuple[Member, ...] = ()

    def member(self, person_id: UUID) -> Member | None:
        """That person's membership, if any."""
        return next((member for member in self.members if member.person_id == person_id), None)

    def rename(self, name: str, stamp: Stamp) -> list[Fact]:
        """Give the team another name."""
        self.refuse_withdrawn()
        name = checked_name(name, most=NAME_MAX)
        return [] if name == self.name else [self.next(TeamRenamed, stamp, name=name)]

    def add(self, person_id: UUID, role: Role, number: int, stamp: Stamp) -> list[Fact]:
        """Take a person in; one who is in already keeps the role."""
        self.refuse_withdrawn()
        if self.member(person_id):
            raise Conflict("This person is a member already; change the role instead.", code="already_member")
        return [self.next(MemberAdded, stamp, number=number, person_id=person_id, role=role)]

    def change_role(self, person_id: UUID, role: Role, stamp: Stamp) -> list[Fact]:
        """Give a member another role; the last owner stays one."""
        member = self._member_or_refuse(person_id)
        if role is not Role.OWNER:
            self._refuse_last_owner(member)
        return [] if member.role is role else [self.next(RoleChanged, stamp, person_id=person_id, role=role)]

    def remove(self, person_id: UUID, stamp: Stamp) -> list[Fact]:
        """Take a member out; the last owner stays."""
        self._refuse_last_owner(self._member_or_refuse(person_id))
        return [self.next(MemberRemoved, stamp, person_id=person_id)]

    def dissolve(self, reason: str, stamp: Stamp) -> list[Fact]:
        """End a team with one member; nothing where that was done."""
        if self.withdrawn:
            return []
        if len(self.members) > 1:
            raise Conflict("The team has other members; they leave or are removed first.", code="team_not_empty")
        return [self.next(TeamDissolved, stamp, reason=checked_text(reason, what="reason"))]

    def restore(self, stamp: Stamp) -> list[Fact]:
        """Begin again where it was dissolved; nothing where it was not."""
        return [self.next(TeamRestored, stamp)] if self.withdrawn else []

    def _member_or_refuse(self, person_id: UUID) -> Member:
        self.refuse_withdrawn()
        if member := self.member(person_id):
            return member
        raise NotFound("This person is not a member of the team.", code="not_a_member")

    def _refuse_last_owner(self, member: Member) -> None:
        owners = [m for m in self.members if m.role is Role.OWNER]
        if owners == [member]:
            raise Conflict("A team needs an owner; make somebody else an owner first.", code="last_owner")


def evolve(team: Team | None, fact: Fact) -> Team:
    """The team after one more fact."""
    if isinstance(fact, TeamFounded):
        owner = Member(number=fact.owner_number, person_id=fact.owner_id, role=Role.OWNER)
        return Team(id=fact.originator_id, version=fact.originator_version, number=fact.number,
                    name=fact.name, members=(owner,))  # fmt: skip
    assert team is not None, "the first fact of a team is TeamFounded"
    team = replace(team, version=fact.originator_version)
    match fact:
        case TeamRenamed():
            return replace(team, name=fact.name)
        case MemberAdded():
            return replace(team, members=(*team.members, _member(fact)))
        case RoleChanged():
            return replace(team, members=tuple(_with_role(m, fact) for m in team.members))
        case MemberRemoved():
            return replace(team, members=tuple(m for m in team.members if m.person_id != fact.person_id))
        case TeamDissolved():
            return replace(team, withdrawn=True)
        case TeamRestored():
            return replace(team, withdrawn=False)
    raise TypeError(f"{type(fact).__name__} is no fact of a team")


def _member(fact: MemberAdded) -> Member:
    return Member(number=fact.number, person_id=fact.person_id, role=fact.role)


def _with_role(member: Member, fact: RoleChanged) -> Member:
    return replace(member, role=fact.role) if member.person_id == fact.person_id else member
