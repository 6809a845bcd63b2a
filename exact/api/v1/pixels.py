"""An image's pixels by REST: thumbnail, levels, a patch, the file itself. Tiles are exact/tiles/http.py."""

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from exact.api.downloads import Download, cached
from exact.api.resources import NUMBER_MAX
from exact.domain.errors import Invalid, NotFound
from exact.projections.models import ImageRow
from exact.storage.downloads import open_download
from exact.storage.places import is_here, place_of
from exact.tiles.service import tile_service
from exact.tiles.slide_cache import Original
from exact.tiles.thumbnails import SIDE_PX, media_type, thumbnail

PATCH_MAX_PX = 2048
BINARY = {(200, "image/png"): OpenApiTypes.BINARY}


class Patch(serializers.Serializer[Any]):
    """Where a patch lies: x and y in level-0 pixels, width and height in pixels of the level."""

    x = serializers.IntegerField(min_value=0, max_value=NUMBER_MAX, default=0)
    y = serializers.IntegerField(min_value=0, max_value=NUMBER_MAX, default=0)
    level = serializers.IntegerField(min_value=0, max_value=64, default=0)
    width = serializers.IntegerField(min_value=1, max_value=PATCH_MAX_PX, default=256)
    height = serializers.IntegerField(min_value=1, max_value=PATCH_MAX_PX, default=256)
    frame = serializers.IntegerField(min_value=0, max_value=NUMBER_MAX, default=0)
    plane = serializers.IntegerField(min_value=0, max_value=2, default=0)


class Pixels:
    """The actions of images that read the file."""

    def image(self, pk: str) -> ImageRow:
        """The image, when it is offered in a team of mine."""
        image: ImageRow = self.found(self.get_queryset(), pk)  # type: ignore[attr-defined]
        return image

    @extend_schema(responses={(200, "image/jpeg"): OpenApiTypes.BINARY})
    @action(detail=True)
    def thumbnail(self, request: Request, pk: str) -> HttpResponseBase:
        """A JPEG of at most 256 x 256 pixels."""
        original = original_of(self.image(pk))
        tag = f'"{original.sha256[:32]}-{SIDE_PX}"'
        if request.headers.get("If-None-Match") == tag:
            return cached(HttpResponse(status=304), tag)
        return cached(HttpResponse(thumbnail(original), content_type=media_type()), tag)

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True)
    def slide_information(self, _request: Request, pk: str) -> Response:
        """The stored levels, largest first, and the Deep Zoom levels, smallest first."""
        layout = tile_service().layout(original_of(self.image(pk)), 0)
        return Response(
            {
                "id": pk,
                "levels": len(layout.level_sizes),
                "level_dimensions": layout.level_sizes,
                "level_downsamples": layout.level_downsamples,
                "level_tiles": layout.level_tiles,
            }
        )

    @extend_schema(parameters=[Patch], responses=BINARY)
    @action(detail=True)
    def get_patch(self, request: Request, pk: str) -> HttpResponse:
        """A PNG of at most 2048 x 2048 pixels, cut off at the edge of the image."""
        asked = Patch(data=request.query_params)
        asked.is_valid(raise_exception=True)
        return HttpResponse(patch(original_of(self.image(pk)), **asked.validated_data), content_type="image/png")

    @extend_schema(parameters=[OpenApiParameter("original_image", bool)], responses={(200, "*/*"): OpenApiTypes.BINARY})
    @action(detail=True)
    def download(self, _request: Request, pk: str) -> Download:
        """The file as it was uploaded."""
        return download(self.image(pk))


def download(image: ImageRow) -> Download:
    """The original under the name it came with; an image of many files as a zip of them."""
    return Download(*open_download(image.sha256, image.filename))


def original_of(image: ImageRow) -> Original:
    """The image's file for the tile room."""
    if not is_here(image.sha256):
        raise NotFound("The file of this image is missing on the server; ask the administrator.", code="missing_file")
    return Original(image.sha256, place_of(image.sha256))


def patch(
    original: Original, *, x: int, y: int, level: int, width: int, height: int, frame: int, plane: int
) -> bytes:  # fmt: skip
    """A rectangle of a stored level as PNG; what reaches over the edge is cut off."""
    tile_service().outline(original)  # it tells what this process may read itself
    layout = tile_service().layout(original, plane)
    if level >= len(layout.level_sizes):
        raise Invalid(f"This image has the levels 0 to {len(layout.level_sizes) - 1}.", code="level")
    stored, shrink = layout.level_sizes[level], layout.level_downsamples[level]
    size = min(width, int(stored[0] - x / shrink)), min(height, int(stored[1] - y / shrink))
    if min(size) < 1:
        raise Invalid("The patch lies outside the image.", code="patch_outside_image")
    return tile_service().region(original, (x, y), level, size, frame=frame, plane=plane)
