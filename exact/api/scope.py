"""Whose rows a person may see: every query of this room begins here, so that other teams' rows do not exist for it."""

from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from exact.accounts.permissions import Permission
from exact.accounts.policy import Person, allowed
from exact.domain.teams import Role
from exact.projections.models import (
    AnnotationRow,
    AnnotationTypeRow,
    DatasetVersionRow,
    ImageRow,
    ImageSetRow,
    MemberRow,
    ProductRow,
    TeamRow,
    VerificationRow,
)

M = TypeVar("M", bound=Model)

TEAM_OF: dict[type[Model], str] = {
    TeamRow: "id",
    MemberRow: "team_id",
    ProductRow: "team_id",
    AnnotationTypeRow: "product__team_id",
    ImageSetRow: "team_id",
    ImageRow: "image_set__team_id",
    AnnotationRow: "image__image_set__team_id",
    VerificationRow: "annotation__image__image_set__team_id",
    DatasetVersionRow: "team_id",
}
"""The way from a row to its team."""

OFFERED: dict[type[Model], Q] = {
    ProductRow: Q(withdrawn=False),
    AnnotationTypeRow: Q(withdrawn=False, product__withdrawn=False),
    ImageSetRow: Q(withdrawn=False),
    ImageRow: Q(withdrawn=False, image_set__withdrawn=False),
    AnnotationRow: Q(image__withdrawn=False, image__image_set__withdrawn=False),
    VerificationRow: Q(annotation__image__withdrawn=False, annotation__image__image_set__withdrawn=False),
}
"""What is left when the withdrawn is not counted."""


def teams_where(person: Person, permission: Permission) -> QuerySet[Any, Any]:  # Any: ids of teams, as a subquery
    """The ids of the teams in which a person has this right."""
    roles = [role.value for role in Role if allowed(role, permission)]
    return MemberRow.objects.filter(person_id=person.person_id, role__in=roles).values("team_id")


def mine(model: type[M], person: Person) -> QuerySet[M]:
    """The rows of that table in teams where the person may read, also withdrawn ones."""
    teams = teams_where(person, Permission.READ)
    return model._default_manager.filter(**{f"{TEAM_OF[model]}__in": teams})


SCOPES: tuple[type[Model], ...] = (ImageRow, ImageSetRow, TeamRow)
"""What a fact can be about, as far as the log says it: its scope."""


def may_read(person: Person, scope_id: UUID) -> bool:
    """Whether the facts of a scope are in a team where the person may read."""
    return any(mine(model, person).filter(pk=scope_id).exists() for model in SCOPES)


def offered(model: type[M], person: Person) -> QuerySet[M]:
    """The same without what was withdrawn."""
    return mine(model, person).filter(OFFERED.get(model, Q()))
