"""Asking the permission table: the one question of the bus, of every queryset and of the tile path."""

from uuid import UUID

import msgspec

from exact.accounts.permissions import TABLE, Permission
from exact.domain.errors import Forbidden, NotFound
from exact.domain.teams import Role
from exact.projections.teams import role_of


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asking: the opaque id and what the site, not a team, lets them do."""

    person_id: UUID
    user_id: int
    name: str
    is_staff: bool = False


def allowed(role: Role | None, permission: Permission) -> bool:
    """Whether the table grants it; a stranger has no role and no right."""
    return role is not None and permission in TABLE[role]


def may(person_id: UUID, permission: Permission, team_id: UUID) -> bool:
    """Whether this person may do this in that team. One query."""
    return allowed(role_of(person_id, team_id), permission)


def require(person: Person, permission: Permission, team_id: UUID) -> Role:
    """The person's role, or a refusal: a stranger learns nothing (NotFound), a member without the right is told so."""
    role = role_of(person.person_id, team_id)
    if role is None:
        raise NotFound("There is no such thing, or it belongs to another team.")
    if permission not in TABLE[role]:
        raise Forbidden(f"As {role} of this team you may not do that ({permission}); ask an administrator of the team.",
                        needs=permission.value, role=role.value)  # fmt: skip
    return role
