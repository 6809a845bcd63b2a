"""An image's metadata by REST: one shape for all formats, and without names for those who may not see them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from exact.accounts.models import users_by_person
from exact.accounts.permissions import Permission
from exact.accounts.policy import may
from exact.api.people import asker
from exact.api.v1.pixels import original_of
from exact.projections.models import ImageRow
from exact.tiles.metadata import Metadata, without_names
from exact.tiles.service import tile_service

Json = dict[str, Any]  # Any: JSON


class Described:
    """The action of images that tells what is known of one."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True)
    def metadata(self, request: Request, pk: str) -> Response:
        """Size, levels, pixel sizes, channels, frames, planes, scanner, associated images, raw properties.

        Unknown is null. Labels and properties that can carry names only with the permission `read_labels`.
        """
        rows = self.get_queryset().select_related("image_set")  # type: ignore[attr-defined]
        image: ImageRow = self.found(rows, pk)  # type: ignore[attr-defined]
        labels = may_read_labels(request, image)
        return Response({**of_row(image), **of_file(tile_service().metadata(original_of(image)), image.number, labels)})


def may_read_labels(request: Request, image: ImageRow) -> bool:
    """Whether who asks may see what can carry names."""
    return may(asker(request).person_id, Permission.READ_LABELS, image.image_set.team_id)


def uploader(image: ImageRow) -> str | None:
    """The name of who uploaded it; None for an erased person."""
    user = users_by_person({image.registered_by}).get(image.registered_by)
    return user.shown_name if user else None


def of_row(image: ImageRow) -> Json:
    """What was recorded when the image was registered."""
    return {
        "number": image.number,
        "name": image.name,
        "filename": image.filename,
        "format": image.format,
        "size_bytes": image.size_bytes,
        "sha256": image.sha256,
        "uploaded_by": uploader(image),
        "uploaded_at": image.registered_at,
    }


def of_file(told: Metadata, number: int, labels: bool) -> Json:
    """What the file says; with names only where `labels`."""
    description, details = told.description, told.details
    x, y, z = description.pixel_size_um
    properties = dict(details.properties) if labels else without_names(details.properties)
    return {
        "width": description.width,
        "height": description.height,
        "levels": [{"width": w, "height": h, "downsample": by} for (w, h), by in told.levels],
        "pixel_size_um": {"x": x, "y": y, "z": z, "source": details.pixel_size_source},
        "objective_power": description.objective_power,
        "scanner": details.scanner,
        "channels_count": description.channels,
        "channels": [asdict(channel) for channel in details.channels],
        "window": details.window,
        "window_limits": details.window_limits,
        "has_profile": details.has_profile,
        "frames": {
            "count": description.frames,
            "default": description.default_frame,
            "names": description.frame_names,
            "axes": [asdict(axis) for axis in details.axes],
        },
        "planes": [asdict(plane) for plane in description.planes],
        "associated_images": associated(told.associated, number, labels),
        "properties": dict(sorted(properties.items())),
        "withheld_properties": len(details.properties) - len(properties),
        "may_read_labels": labels,
    }


def associated(sizes: Mapping[str, tuple[int, int]], number: int, labels: bool) -> list[Json]:
    """Which pictures there are beside the image; an address for those who may see them."""
    return [
        {"name": name, "width": width, "height": height, "address": address(number, name) if labels else None}
        for name, (width, height) in sorted(sizes.items())
    ]


def address(number: int, name: str) -> str:
    """Where the tile route shows one."""
    return f"/tiles/{number}/associated/{quote(name, safe='')}.jpeg"
