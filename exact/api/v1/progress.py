"""How far an image set is: what was annotated and verified on each image, counted by the projector."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from exact.api.positions import position_in
from exact.projections.image_progress_fold import STATUSES
from exact.projections.models import AnnotationTypeRow, ImageProgressRow, ImageRow, ImageSetRow
from exact.projections.places import position_of, wait_for

COUNTED = ("annotated", *STATUSES)
READ_MODEL = "image_progress"
RETRY_AFTER_S = "1"


class ProgressOf:
    """The action of image sets that counts."""

    @extend_schema(parameters=[OpenApiParameter("min_position", int)], responses=OpenApiTypes.OBJECT)
    @action(detail=True)
    def progress(self, request: Request, pk: str) -> Response:
        """Counts of every image; with `min_position` as new as that, or 202 when it takes longer than 2 s."""
        image_set: ImageSetRow = self.found(self.get_queryset(), pk)  # type: ignore[attr-defined]
        wanted = position_in(request, "min_position")
        in_time = wanted is None or wait_for(READ_MODEL, wanted)
        position = position_of(READ_MODEL)  # read before the counts, so that they are at least as new
        answer = {"position": position, "images": counted(image_set)}
        headers = {"Exact-Position": str(position), **({} if in_time else {"Retry-After": RETRY_AFTER_S})}
        return Response(answer, status=200 if in_time else 202, headers=headers)


def counted(image_set: ImageSetRow) -> list[dict[str, Any]]:
    """Every image of the set with its counts, also where there is nothing to count."""
    images = list(ImageRow.objects.filter(image_set=image_set, withdrawn=False))
    counts = ImageProgressRow.objects.filter(image_id__in=[image.id for image in images])
    by_image: dict[UUID, list[ImageProgressRow]] = defaultdict(list)
    for row in counts:
        by_image[row.image_id].append(row)
    types = AnnotationTypeRow.objects.in_bulk({row.annotation_type_id for row in counts})
    return [shown(image, by_image[image.id], types) for image in images]


def shown(image: ImageRow, rows: list[ImageProgressRow], types: dict[Any, AnnotationTypeRow]) -> dict[str, Any]:
    """The counts of one image, and of each type on it."""
    return {
        "image": image.number,
        "name": image.name,
        **{name: sum(getattr(row, name) for row in rows) for name in COUNTED},
        "types": [of_type(types[row.annotation_type_id], row) for row in rows if row.annotation_type_id in types],
    }


def of_type(kind: AnnotationTypeRow, row: ImageProgressRow) -> dict[str, Any]:
    """The counts of one type."""
    statuses = {name: getattr(row, name) for name in STATUSES}
    return {"annotation_type": kind.number, "name": kind.name, "count": row.annotated, **statuses}
