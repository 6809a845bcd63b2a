"""The history of one annotation: every fact, who made it and when."""

from typing import Any

import msgspec
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from exact.accounts.models import User, users_by_person
from exact.api.wishes import etag
from exact.eventstore.log import Recorded, read_stream
from exact.projections.models import AnnotationRow

NOBODY = "somebody"
"""Whoever was erased."""


class HistoryOf:
    """The action of annotations that tells what happened to one."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True)
    def history(self, _request: Request, pk: str) -> Response:
        """All facts, oldest first."""
        annotation: AnnotationRow = self.found(self.get_queryset(), pk)  # type: ignore[attr-defined]
        recorded = read_stream(annotation.id)
        users = users_by_person({one.fact.by for one in recorded})
        facts = [told(one, users) for one in recorded]
        headers = {"ETag": etag(recorded[-1].fact.originator_version), "Exact-Position": str(recorded[-1].position)}
        return Response({"annotation": annotation.number, "facts": facts}, headers=headers)


def told(recorded: Recorded, users: dict[Any, User]) -> dict[str, Any]:
    """A fact as JSON; `data` is its payload as it is stored."""
    fact = recorded.fact
    return {
        "position": recorded.position,
        "name": type(fact).__name__,
        "version": fact.originator_version,
        "at": fact.at,
        "by": fact.by,
        "by_name": users[fact.by].shown_name if fact.by in users else NOBODY,
        "data": msgspec.to_builtins(fact),
    }
