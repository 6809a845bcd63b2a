"""images/deliveries: files that were sent together (tus.py), how far they are, and what has become of each image."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from exact.accounts.models import users_by_person
from exact.accounts.permissions import Permission
from exact.accounts.policy import require
from exact.api import scope
from exact.api.people import asker
from exact.api.v1.import_bodies import one
from exact.api.wishes import refuse_version
from exact.datasets.work import enqueue
from exact.domain.errors import Forbidden, NotFound
from exact.ingest import deliveries
from exact.ingest.models import DeliveredFile, DeliveredImage, Delivery, State
from exact.ingest.progress import progress_of, tell
from exact.projections.models import ImageRow, ImageSetRow

LISTED_MAX = 1000
"""Files and images of one delivery that are told."""


class Known(serializers.Serializer[Any]):
    """Which contents a set has: asked before anything is sent."""

    image_set = serializers.IntegerField(min_value=1)
    sha256 = serializers.ListField(child=serializers.RegexField("^[0-9a-f]{64}$"), max_length=LISTED_MAX)


class Deliveries(GenericViewSet[Any]):
    """Looked at by the team, started and cancelled by who sends."""

    serializer_class = serializers.Serializer
    lookup_value_regex = "[0-9a-f-]{36}"

    @extend_schema(parameters=[OpenApiParameter("image_set", int)], responses=OpenApiTypes.OBJECT)
    def list(self, request: Request) -> Response:
        """The deliveries of my teams, the newest first; `?image_set=` those into one set."""
        rows = offered(request)
        if number := request.query_params.get("image_set"):
            rows = rows.filter(image_set_id=one(request, ImageSetRow, number, "image set").id)
        return self.get_paginated_response(shown(self.paginate_queryset(rows) or []))

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def retrieve(self, request: Request, pk: str) -> Response:
        """How far it is."""
        return Response(shown([found(request, pk)])[0])

    @extend_schema(request=None, responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: str) -> Response:
        """All files have come: make images of them."""
        refuse_version(request)
        delivery = mine(request, pk)
        if deliveries.start(delivery):
            enqueue("run_delivery", str(delivery.id))
        return Response(shown([found(request, pk)])[0], status=202)

    @extend_schema(request=None, responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Nothing more comes of it; images that it has become stay."""
        refuse_version(request)
        if deliveries.cancel(mine(request, pk)):
            tell(found(request, pk))
        return Response(shown([found(request, pk)])[0])

    @extend_schema(request=Known, responses=OpenApiTypes.OBJECT)
    @action(detail=False, methods=["post"])
    def known(self, request: Request) -> Response:
        """Which of these contents the set has already, by hash, with number and name of the image."""
        refuse_version(request)
        asked = Known(data=request.data)
        asked.is_valid(raise_exception=True)
        image_set = one(request, ImageSetRow, str(asked.validated_data["image_set"]), "image set")
        require(asker(request), Permission.UPLOAD, image_set.team_id)
        rows = ImageRow.objects.filter(
            image_set=image_set, withdrawn=False, sha256__in=asked.validated_data["sha256"]
        ).values_list("sha256", "number", "name")
        return Response({sha256: {"image": number, "name": name} for sha256, number, name in rows})


def offered(request: Request) -> QuerySet[Delivery]:
    """Those of teams in which the person may read."""
    return Delivery.objects.filter(team_id__in=scope.teams_where(asker(request), Permission.READ))


def found(request: Request, pk: str) -> Delivery:
    """One of them."""
    try:
        return offered(request).get(id=UUID(pk))
    except (ValueError, Delivery.DoesNotExist):
        raise NotFound("There is no such delivery, or it belongs to another team.", what="delivery") from None


def mine(request: Request, pk: str) -> Delivery:
    """One of the person's own, while they may upload into the team."""
    delivery = found(request, pk)
    require(asker(request), Permission.UPLOAD, delivery.team_id)
    if delivery.sent_by != asker(request).person_id:
        raise Forbidden("Somebody else sends these files; only they can start or cancel it.", code="not_yours")
    return delivery


def shown(rows: list[Delivery]) -> list[dict[str, Any]]:
    """Deliveries as JSON."""
    numbers = dict(ImageSetRow.objects.filter(id__in={row.image_set_id for row in rows}).values_list("id", "number"))
    users = users_by_person({row.sent_by for row in rows})
    return [described(row, numbers, users.get(row.sent_by)) for row in rows]


def described(row: Delivery, numbers: dict[UUID, int], user: Any) -> dict[str, Any]:
    """One delivery; `progress` is a share from 0 to 1 of the work that begins when all has come."""
    return {
        "id": row.id,
        "image_set": numbers.get(row.image_set_id),
        "state": row.state,
        "progress": progress_of(row),
        "began_at": row.began_at,
        "ended_at": row.ended_at,
        "user": user.pk if user else None,
        "user_name": user.shown_name if user else None,
        "problem": row.problem or None,
        "files": [of_file(file) for file in row.files.all()[:LISTED_MAX]] if row.state == State.RECEIVING else [],
        "images": [of_image(image) for image in row.images.all()[:LISTED_MAX]],
        "aside": row.aside[:LISTED_MAX],
    }


def of_file(file: DeliveredFile) -> dict[str, Any]:
    """A file that is still coming: where to go on, and by what a browser knows it again."""
    return {
        "path": file.path,
        "size_bytes": file.size_bytes,
        "modified": file.modified_ms,
        "received_bytes": deliveries.offset_of(file),
        "upload": f"/api/v1/uploads/{file.id}",
    }


def of_image(image: DeliveredImage) -> dict[str, Any]:
    """What the files were cut into, and what has become of it."""
    names = ("name", "sha256", "files", "size_bytes", "outcome", "image", "code", "sentence")
    return {name: getattr(image, name) for name in names}
