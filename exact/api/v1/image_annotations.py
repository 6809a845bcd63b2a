"""All annotations of an image at once, for the viewer: as they are now, or folded from the log as they were.

Rows go from the database to the answer without a serializer, because there may be ten thousand.
"""

from collections import defaultdict
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import TextField
from django.db.models.functions import Cast
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from exact.api.positions import position_in
from exact.domain.annotation_fold import AnnotationFold
from exact.eventstore.log import all_of, head, head_of
from exact.projections.annotations import shown
from exact.projections.models import AnnotationRow, ImageRow, VerificationRow
from exact.projections.snapshot import one_moment

PLAIN = ("id", "number", "version", "content_version", "image_id", "unique_identifier", "annotation_type_id",
         "description", "removed", "created_by", "created_at", "edited_by", "edited_at", "status")  # fmt: skip


class AnnotationsOf:
    """The action of images that lists their annotations."""

    @extend_schema(parameters=[OpenApiParameter("at", int)], responses=OpenApiTypes.OBJECT)
    @action(detail=True)
    def annotations(self, request: Request, pk: str) -> HttpResponse:
        """`{position, annotations}`; with `?at=` as they were when the log stood at that position."""
        image: ImageRow = self.found(self.get_queryset(), pk)  # type: ignore[attr-defined]
        at = position_in(request, "at")
        position, rows = now(image.id) if at is None else then(image.id, at)
        body = msgspec.json.encode({"position": position, "annotations": rows})
        return HttpResponse(body, content_type="application/json", headers={"Exact-Position": str(position)})


def now(image_id: UUID) -> tuple[int, list[dict[str, Any]]]:
    """The image's newest position and its rows, removed ones included."""
    with one_moment(AnnotationRow, VerificationRow):
        position = head_of(image_id)
        rows = AnnotationRow.objects.filter(image_id=image_id).order_by("number")
        texts = {"shape": Cast("vector", TextField()), "data": Cast("meta_data", TextField())}
        values = list(rows.annotate(**texts).values_list(*PLAIN, "shape", "data"))
        said = verifications(image_id)
    return position, [row_of(value, said) for value in values]


def verifications(image_id: UUID) -> dict[UUID, list[dict[str, Any]]]:
    """What was said of each annotation, in the order of the facts."""
    rows = VerificationRow.objects.filter(annotation__image_id=image_id).order_by("at", "number")
    said: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in rows.values("annotation_id", "person_id", "verdict", "of_version", "at"):
        said[row["annotation_id"]].append({name: value for name, value in row.items() if name != "annotation_id"})
    return said


def row_of(value: tuple[Any, ...], said: dict[UUID, list[dict[str, Any]]]) -> dict[str, Any]:
    """One row as `shown` makes it of the state: JSON columns are passed through as text."""
    shape, data = value[-2:]
    return {
        **dict(zip(PLAIN, value, strict=False)),
        "vector": raw(shape),
        "meta_data": raw(data),
        "verifications": said.get(value[0], []),
    }


def raw(text: str | None) -> msgspec.Raw | None:
    """JSON that need not be read to be passed on."""
    return None if text is None else msgspec.Raw(text.encode())


def then(image_id: UUID, at: int) -> tuple[int, list[dict[str, Any]]]:
    """The fold of the image's facts up to a position: nothing of the live tables is read."""
    fold = AnnotationFold()
    for recorded in all_of(image_id, upto=at):
        fold.take(recorded.fact)
    rows = [shown(state) for state in sorted(fold.states.values(), key=lambda state: state.number)]
    return min(at, head()), rows
