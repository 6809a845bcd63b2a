"""Public numbers in bodies to things: of my teams, or the body is refused with the field's name."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db.models import Model
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from exact.api import scope
from exact.api.people import asker

M = TypeVar("M", bound=Model)


def referred(request: Request, model: type[M], number: int, field: str) -> M:
    """The one thing a field names."""
    return referred_all(request, model, [number], field)[number]


def referred_all(request: Request, model: type[M], numbers: Iterable[int], field: str) -> dict[int, M]:
    """The things that a field names, by number, in one query."""
    wanted = set(numbers)
    rows: Iterable[Any] = scope.offered(model, asker(request)).filter(number__in=wanted)
    found = {row.number: row for row in rows}
    if missing := sorted(wanted - set(found)):
        raise ValidationError({field: [f"There is no {missing[0]} here, or it belongs to another team."]})
    return found
