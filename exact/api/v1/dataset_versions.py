"""datasets/versions: frozen states of image sets; made once, withdrawn with a reason, reinstated, never changed."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from exact.accounts.models import users_by_person
from exact.api import scope
from exact.api.people import asker
from exact.api.views import whole
from exact.api.wishes import etag, granted, idempotency_key, refuse_version, wish
from exact.commands.dataset_versions import ReinstateDatasetVersion, WithdrawDatasetVersion
from exact.datasets.freezing import Freeze, freeze, manifest_of
from exact.domain.dataset_versions import Definition
from exact.domain.errors import NotFound
from exact.projections.models import DatasetVersionRow, ImageSetRow

ERASED = "somebody"


class FreezeFields(serializers.Serializer[Any]):
    """What a person says to freeze."""

    name = serializers.CharField(max_length=256)
    image_sets = serializers.ListField(child=serializers.IntegerField(min_value=1), min_length=1, max_length=1000)
    description = serializers.CharField(max_length=4000, allow_blank=True, default="")


class WithdrawFields(serializers.Serializer[Any]):
    """Why a version should not be used any more."""

    reason = serializers.CharField(max_length=1000)


class DatasetVersions(GenericViewSet[Any]):
    """The versions of my teams; a withdrawn one stays readable and says so."""

    serializer_class = FreezeFields
    queryset = DatasetVersionRow.objects.none()
    filter_backends: list[Any] = []

    @extend_schema(
        operation_id="api_v1_datasets_versions_list",
        parameters=[OpenApiParameter("image_set", int)],
        responses=OpenApiTypes.OBJECT,
    )
    def list(self, request: Request) -> Response:
        """The newest first; `image_set` keeps those that hold the set."""
        rows = scope.mine(DatasetVersionRow, asker(request)).order_by("-number")
        if number := request.query_params.get("image_set"):
            rows = rows.filter(definition__image_set_ids__contains=[str(set_id(request, number))])
        page: Any = self.paginate_queryset(rows)
        return self.get_paginated_response(shown(page))

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One of them."""
        row = found(request, pk)
        return Response(shown([row])[0], headers={"ETag": etag(row.version)})

    @extend_schema(responses={201: OpenApiTypes.OBJECT})
    def create(self, request: Request) -> Response:
        """Freeze image sets as they stand now."""
        refuse_version(request)
        fields = checked(FreezeFields, request)
        sets = tuple(set_id(request, str(number)) for number in dict.fromkeys(fields["image_sets"]))
        asked = Freeze(name=fields["name"], image_set_ids=sets, description=fields["description"])
        answer = freeze(asked, by=asker(request), key=idempotency_key(request))
        return granted(answer, shown([DatasetVersionRow.objects.get(id=answer.id)])[0], 201)

    @extend_schema(request=WithdrawFields, responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Say that it should not be used any more."""
        row = found(request, pk)
        reason = checked(WithdrawFields, request)["reason"]
        answer = wish(request, WithdrawDatasetVersion(dataset_version_id=row.id, reason=reason))
        return granted(answer, shown([DatasetVersionRow.objects.get(id=row.id)])[0])

    @extend_schema(request=None, responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["post"])
    def reinstate(self, request: Request, pk: str) -> Response:
        """Say that a withdrawn one may be used again."""
        answer = wish(request, ReinstateDatasetVersion(dataset_version_id=found(request, pk).id))
        return granted(answer, shown([DatasetVersionRow.objects.get(id=answer.id)])[0])

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True)
    def manifest(self, request: Request, pk: str) -> Response:
        """What it holds, by hash, folded from the log again; its RFC 8785 bytes have the frozen hash."""
        return Response(manifest_of(definition_of(found(request, pk))))


def found(request: Request, number: str) -> DatasetVersionRow:
    """The version of mine with that number."""
    row = scope.mine(DatasetVersionRow, asker(request)).filter(number=whole(number)).first()
    if row is None:
        raise NotFound("There is no such dataset version, or it belongs to another team.")
    return row


def set_id(request: Request, number: str) -> UUID:
    """The stream of an image set of mine."""
    ids = scope.offered(ImageSetRow, asker(request)).filter(number=whole(number)).values_list("id", flat=True)
    image_set_id = ids.first()
    if image_set_id is None:
        raise NotFound("There is no such image set, or it belongs to another team.")
    return image_set_id


def checked(kind: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The body's fields, each of the right kind."""
    serializer = kind(data=request.data)
    serializer.is_valid(raise_exception=True)
    fields: dict[str, Any] = serializer.validated_data
    return fields


def definition_of(row: DatasetVersionRow) -> Definition:
    """What was frozen."""
    return msgspec.convert(row.definition, Definition)


def shown(rows: Iterable[DatasetVersionRow]) -> list[dict[str, Any]]:
    """Versions as JSON; names and numbers are looked up once for all of them."""
    rows = list(rows)
    users = users_by_person({row.frozen_by for row in rows})
    sets = {str(id_) for row in rows for id_ in row.definition["image_set_ids"]}
    numbers = {str(id_): number for id_, number in ImageSetRow.objects.filter(id__in=sets).values_list("id", "number")}
    return [entry(row, users, numbers) for row in rows]


def entry(row: DatasetVersionRow, users: Any, numbers: dict[str, int]) -> dict[str, Any]:
    """One version."""
    definition = row.definition
    return {
        "id": row.id,
        "number": row.number,
        "name": row.name,
        "version": row.dataset_version,
        "description": definition["description"],
        "position": row.position,
        "frozen_at": row.frozen_at,
        "frozen_by": row.frozen_by,
        "frozen_by_name": users[row.frozen_by].shown_name if row.frozen_by in users else ERASED,
        "image_count": len(definition["images"]),
        "annotation_count": definition["annotation_count"],
        "manifest_sha256": definition["manifest_sha256"],
        "image_sets": sorted(numbers[str(id_)] for id_ in definition["image_set_ids"] if str(id_) in numbers),
        "withdrawn": row.withdrawn,
        "withdrawn_reason": row.reason,
    }
