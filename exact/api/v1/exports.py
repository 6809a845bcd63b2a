"""datasets/exports: a version, or an image at a position, as a file that the worker writes."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from exact.accounts.permissions import Permission
from exact.api import scope
from exact.api.downloads import Download, cached
from exact.api.people import asker
from exact.api.v1.dataset_versions import checked
from exact.api.v1.dataset_versions import found as version_found
from exact.api.views import Versionless, whole
from exact.datasets.exporting import path_of, request_image, request_version
from exact.datasets.models import Export
from exact.domain.errors import Conflict, Invalid, NotFound
from exact.exchange.document import Format
from exact.exchange.registry import FORMATS, format_named
from exact.projections.models import ImageRow


class ExportFields(serializers.Serializer[Any]):
    """A version by number; or an image by number, with the position it is wanted at."""

    version = serializers.IntegerField(min_value=1, required=False)
    image = serializers.IntegerField(min_value=1, required=False)
    position = serializers.IntegerField(min_value=1, required=False)
    format = serializers.CharField(max_length=40)


class Formats(APIView):
    """GET /datasets/formats/."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, _request: Request) -> Response:
        """The formats there are, with what each cannot hold."""
        return Response([described(one) for one in FORMATS])


def described(one: Format) -> dict[str, str]:
    """A format as JSON."""
    names = ("name", "title", "media_type", "loses")
    return {**{name: getattr(one, name) for name in names}, "suffix": one.ending}


class Exports(Versionless, GenericViewSet[Any]):
    """Asking for a file, asking how far it is, taking it."""

    serializer_class = ExportFields
    queryset = Export.objects.none()
    filter_backends: list[Any] = []
    lookup_value_regex = "[0-9a-f-]{36}"

    @extend_schema(
        operation_id="api_v1_datasets_exports_list",
        parameters=[OpenApiParameter("version", int), OpenApiParameter("image", int)],
        responses=OpenApiTypes.OBJECT,
    )
    def list(self, request: Request) -> Response:
        """What was made in my teams, the newest first; of a frozen version its GeoJSON is made in advance."""
        page: Any = self.paginate_queryset(chosen(request))
        return self.get_paginated_response([shown(export) for export in page])

    @extend_schema(responses={202: OpenApiTypes.OBJECT})
    def create(self, request: Request) -> Response:
        """Ask; the answer says where to look."""
        fields = checked(ExportFields, request)
        if ("version" in fields) == ("image" in fields):
            raise Invalid("Name a version or an image.", code="what_to_export")
        if "version" in fields:
            export = request_version(fields["version"], fields["format"], asker(request))
        else:
            export = request_image(fields["image"], fields.get("position"), fields["format"], asker(request))
        return Response(shown(export), status=202)

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def retrieve(self, request: Request, pk: str) -> Response:
        """How far it is."""
        return Response(shown(found(request, pk)))

    @extend_schema(responses={200: OpenApiTypes.BINARY})
    @action(detail=True)
    def download(self, request: Request, pk: str) -> HttpResponseBase:
        """The file, when it is finished; its ETag is its SHA-256."""
        export = found(request, pk)
        if export.state != "ready":
            raise Conflict("The file is not finished yet; ask again in a moment.", code="not_ready", state=export.state)
        try:
            file = path_of(export).open("rb")
        except FileNotFoundError:
            raise NotFound("The file was cleared away; export it again, it will be the same.", code="gone") from None
        media_type = format_named(export.format).media_type
        return cached(Download(file, export.filename, media_type), f'"{export.sha256}"')


def mine(request: Request) -> QuerySet[Export]:
    """The exports of the teams in which the person may export."""
    return Export.objects.filter(team_id__in=scope.teams_where(asker(request), Permission.EXPORT))


def chosen(request: Request) -> QuerySet[Export]:
    """Those of the version or of the image that the query names by number."""
    rows = mine(request)
    if number := request.query_params.get("version"):
        rows = rows.filter(dataset_version_id=version_found(request, number).id)
    if number := request.query_params.get("image"):
        images = scope.offered(ImageRow, asker(request)).filter(number=whole(number))
        rows = rows.filter(image_id__in=images.values("id"))
    return rows.order_by("-requested_at", "id")


def found(request: Request, pk: str) -> Export:
    """The export of a team in which the person may export."""
    export = mine(request).filter(id=UUID(pk)).first() if is_uuid(pk) else None
    if export is None:
        raise NotFound("There is no such export, or it belongs to another team.")
    return export


def is_uuid(text: str) -> bool:
    """Whether it is one."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def shown(export: Export) -> dict[str, Any]:
    """An export as JSON; `progress` is a share from 0 to 1."""
    return {
        "id": export.id,
        "state": export.state,
        "progress": export.progress,
        "format": export.format,
        "position": export.position,
        "filename": export.filename,
        "sha256": export.sha256 or None,
        "size_bytes": export.size_bytes,
        "problem": export.problem or None,
        "download": reverse("export-download", args=[export.id]) if export.state == "ready" else None,
    }
