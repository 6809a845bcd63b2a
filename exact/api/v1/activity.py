"""GET /activity/: who did what when, newest first, of a team, an image set, an image, or of all my teams."""

from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from exact.accounts.models import users_by_person
from exact.accounts.permissions import Permission
from exact.api import scope
from exact.api.people import asker
from exact.api.positions import position_in
from exact.api.v1.sentences import sentence
from exact.api.v1.told import origins
from exact.api.views import whole
from exact.domain.errors import NotFound
from exact.projections.activity import activity_of_image_set, activity_of_team, activity_of_teams
from exact.projections.models import ActivityRow, AnnotationRow, ImageRow, ImageSetRow, TeamRow

ERASED = "somebody"
NUMBERS = [OpenApiParameter(name, int) for name in ("team", "image_set", "image")]
BEFORE = OpenApiParameter("before", int, description="Only what stands before this position, however much is newer.")


class ActivityList(GenericAPIView[Any]):
    """A page of facts in words."""

    @extend_schema(parameters=[*NUMBERS, BEFORE], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """Limit and offset as everywhere."""
        rows, before = chosen(request), position_in(request, "before")
        page: list[ActivityRow] = self.paginate_queryset(rows if before is None else rows.filter(id__lt=before)) or []
        return self.get_paginated_response(told(page))


def chosen(request: Request) -> QuerySet[ActivityRow]:
    """The facts that the query asks for; of the narrowest thing that it names."""
    if number := request.query_params.get("image"):
        return ActivityRow.objects.filter(scope_id=one(request, ImageRow, number))
    if number := request.query_params.get("image_set"):
        return activity_of_image_set(one(request, ImageSetRow, number))
    if number := request.query_params.get("team"):
        return activity_of_team(one(request, TeamRow, number))
    return activity_of_teams(scope.teams_where(asker(request), Permission.READ))


def one(request: Request, model: type[Model], number: str) -> UUID:
    """The stream of a thing of mine."""
    rows: Any = scope.offered(model, asker(request))
    found: UUID | None = rows.filter(number=whole(number)).values_list("id", flat=True).first()
    if found is None:
        raise NotFound("There is no such thing, or it belongs to another team.")
    return found


def told(page: list[ActivityRow]) -> list[dict[str, Any]]:
    """Facts with numbers and names, looked up once for all of them."""
    users = users_by_person({row.by for row in page})
    images = ImageRow.objects.in_bulk({row.scope_id for row in page})
    annotations = AnnotationRow.objects.in_bulk({row.stream_id for row in page})
    commands = origins([row.id for row in page])
    return [
        entry(row, users, images.get(row.scope_id), annotations.get(row.stream_id)) | commands[row.id] for row in page
    ]


def entry(row: ActivityRow, users: Any, image: ImageRow | None, annotation: AnnotationRow | None) -> dict[str, Any]:
    """One line."""
    name = users[row.by].shown_name if row.by in users else ERASED
    return {
        "position": row.id,
        "at": row.at,
        "by": row.by,
        "by_name": name,
        "name": row.name,
        "image": image.number if image else None,
        "annotation": annotation.number if annotation else None,
        "summary": sentence(row.name, name, image.name if image else None),
    }
