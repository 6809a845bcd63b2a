"""The ancestor's addresses outside /api/v1/ that its client calls: the file, and what is known of it."""

from collections.abc import Sequence
from typing import Any

from django.http.response import HttpResponseBase
from django.urls import re_path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from exact.api import scope
from exact.api.people import asker
from exact.api.v1.metadata import may_read_labels, uploader
from exact.api.v1.pixels import download, original_of
from exact.api.views import whole
from exact.domain.errors import NotFound
from exact.projections.models import ImageRow
from exact.tiles.metadata import Metadata, without_names
from exact.tiles.service import tile_service
from exact.tiles.source import Axis, Description

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
    "frame_type": "Frames are",
    "planes": "Planes",
    "scanner": "Scanner",
    "channels": "Channels",
}


def image_of(request: Request, pk: str) -> ImageRow:
    """The image, when it is offered in a team of mine."""
    image = scope.offered(ImageRow, asker(request)).filter(number=whole(pk)).select_related("image_set").first()
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
        """`{"meta_data": {...}, "meta_data_dict": {key: label}}`; names only for those who may see them."""
        image = image_of(request, pk)
        told = tile_service().metadata(original_of(image))
        found = {**of_row(image), **of_file(told, labels=may_read_labels(request, image))}
        return Response({"meta_data": found, "meta_data_dict": {key: LABELS.get(key, key) for key in found}})


def of_row(image: ImageRow) -> dict[str, Any]:  # Any: JSON
    """What was recorded when the image was registered."""
    return {"uploaded_by": uploader(image), "upload_time": f"{image.registered_at:%Y-%m-%d %H:%M}"}


def of_file(told: Metadata, labels: bool) -> dict[str, Any]:  # Any: JSON
    """What the file says. The ancestor's clients ask for the pixel sizes by name, so these are null where unknown."""
    description, details = told.description, told.details
    x, y, z = description.pixel_size_um
    sometimes = {
        "mpp_z": z,
        "objective_power": description.objective_power,
        "frame_type": frame_type(details.axes) if description.frames > 1 else None,
        "planes": planes(description) if len(description.planes) > 1 else None,
        "scanner": details.scanner,
        "channels": ", ".join(channel.name for channel in details.channels) or None,
    }
    return {
        **(details.properties if labels else without_names(details.properties)),
        "level_count": len(told.levels),
        "image_size": f"{description.width} x {description.height}",
        "numberOfFrames": description.frames,
        "mpp_x": x,
        "mpp_y": y,
        **{key: value for key, value in sometimes.items() if value is not None},
    }


def frame_type(axes: Sequence[Axis]) -> str:
    """The ancestor's word for what follows each other."""
    return "time series" if any(axis.name == "t" for axis in axes) else "z-stack"


def planes(description: Description) -> dict[str, Any]:  # Any: JSON
    """The planes by name."""
    return {
        plane.name: {"plane": plane.plane, "dimensions": [plane.width, plane.height], "nFrames": plane.frames}
        for plane in description.planes
    }


urlpatterns = [
    re_path(r"^images/api/image/download/(?P<pk>[^/]+)/?$", ImageDownload.as_view()),
    re_path(r"^images/api/image/metadata/(?P<pk>[^/]+)/?$", ImageMetadata.as_view()),
]
