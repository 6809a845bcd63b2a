"""The ancestor's addresses outside /api/v1/ that its client calls: the file, and what is known of it."""

from typing import Any

from django.http.response import HttpResponseBase
from django.urls import re_path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from exact.accounts.models import users_by_person
from exact.api import scope
from exact.api.people import asker
from exact.api.v1.pixels import download, original_of
from exact.api.views import whole
from exact.domain.errors import NotFound
from exact.projections.models import ImageRow
from exact.tiles.service import tile_service

LABELS = {
    "uploaded_by": "Uploaded by",
    "upload_time": "Uploaded",
    "image_size": "Size (pixels)",
    "level_count": "Levels",
    "numberOfFrames": "Frames",
    "mpp_x": "Pixel width (µm)",
    "mpp_y": "Pixel height (µm)",
    "mpp_z": "Slice distance (µm)",
    "objective_power": "Objective",
    "planes": "Planes",
}


def image_of(request: Request, pk: str) -> ImageRow:
    """The image, when it is offered in a team of mine."""
    image = scope.offered(ImageRow, asker(request)).filter(number=whole(pk)).first()
    if image is None:
        raise NotFound("There is no such image, or it belongs to another team.", what="image")
    return image


@extend_schema(exclude=True)
class ImageDownload(APIView):
    """GET images/api/image/download/{id}/: with or without `original_image`, the original."""

    def get(self, request: Request, pk: str) -> HttpResponseBase:
        """The file with its length."""
        return download(image_of(request, pk))


@extend_schema(exclude=True)
class ImageMetadata(APIView):
    """GET images/api/image/metadata/{id}/: what is known, and how each key is called."""

    def get(self, request: Request, pk: str) -> Response:
        """`{"meta_data": {...}, "meta_data_dict": {key: label}}`."""
        image = image_of(request, pk)
        found = {**of_row(image), **of_file(image)}
        return Response({"meta_data": found, "meta_data_dict": {key: LABELS.get(key, key) for key in found}})


def of_row(image: ImageRow) -> dict[str, Any]:
    """What was recorded when the image was registered; unknown things are left out."""
    users = users_by_person({image.registered_by})
    known = {
        "uploaded_by": users[image.registered_by].shown_name if image.registered_by in users else None,
        "upload_time": f"{image.registered_at:%Y-%m-%d %H:%M}",
        "image_size": f"{image.width} x {image.height}",
        "numberOfFrames": image.frames,
        "mpp_x": image.pixel_size_x_um,
        "mpp_y": image.pixel_size_y_um,
        "mpp_z": image.pixel_size_z_um,
        "objective_power": image.objective_power,
        "planes": planes(image) if len(image.planes) > 1 else None,
    }
    return {key: value for key, value in known.items() if value is not None}


def planes(image: ImageRow) -> dict[str, Any]:
    """The planes by name."""
    return {
        plane["name"]: {
            "plane": plane["plane"],
            "dimensions": [plane["width"], plane["height"]],
            "nFrames": plane["frames"],
        }
        for plane in image.planes
    }


def of_file(image: ImageRow) -> dict[str, Any]:
    """What the file says of itself."""
    with tile_service().slides.lease(original_of(image)) as source:
        return {"level_count": source.level_count, **source.properties}


urlpatterns = [
    re_path(r"^images/api/image/download/(?P<pk>[^/]+)/?$", ImageDownload.as_view()),
    re_path(r"^images/api/image/metadata/(?P<pk>[^/]+)/?$", ImageMetadata.as_view()),
]
