"""annotations/annotations: shapes on images; one or a list is drawn, a known identifier is edited, nothing is lost."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from django.db.models import Exists, OuterRef
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from exact.accounts.models import User
from exact.api import scope
from exact.api.filters import Between, Time, TimeRange, Uuids, WholeNumber, WholeNumbers
from exact.api.people import asker
from exact.api.references import referred_all
from exact.api.resources import Computed, Fixed, NaiveTime, Nothing, Person, Ref, Resource, Rows, Uuid
from exact.api.v1.annotation_lists import Wish, batch_of, drawn_ids
from exact.api.v1.claims import claim_in
from exact.api.v1.history import HistoryOfAnnotation
from exact.api.v1.users import PersonShown
from exact.api.views import Resources, unchanged, whole
from exact.api.wishes import already_made, expected_version, granted, headers_of, wish
from exact.commands.annotations import DrawAnnotation, EditAnnotation, RemoveAnnotation
from exact.commands.batches import batch
from exact.commands.bus import Answer
from exact.domain.errors import Invalid, NotFound
from exact.domain.vectors import Vector, from_ancestor, to_ancestor
from exact.projections.models import AnnotationRow, AnnotationTypeRow, ImageRow, VerificationRow

LIST_MAX = 1000
ACCEPTED = "accepted"


class VectorField(serializers.JSONField):
    """`{"x1": 10, "y1": 20, ...}` in pixels, null for "not in image"; stored with its type in 1/100 pixel."""

    def to_representation(self, value: Any) -> Any:
        return to_ancestor(msgspec.convert(value, Vector))


def verified_by_me(context: Mapping[str, Any]) -> Any:
    """Whether the asker accepted the annotation as it is now."""
    me = asker(context["request"]).person_id
    return Exists(
        VerificationRow.objects.filter(
            annotation=OuterRef("pk"), person_id=me, verdict=ACCEPTED, of_version=OuterRef("content_version")
        )
    )


class AnnotationResource(Resource):
    """An annotation; who drew and edited it, and when, is the server's word: what a client says is kept as a claim."""

    model = AnnotationRow
    id = serializers.IntegerField(source="number", read_only=True)
    uuid = serializers.UUIDField(source="id", read_only=True)
    version = serializers.IntegerField(read_only=True)
    content_version = serializers.IntegerField(read_only=True)
    annotation_type = Ref("annotation_type")
    image = Ref("image")
    vector = VectorField(required=False, allow_null=True)
    unique_identifier = Uuid(required=False)
    description = serializers.CharField(required=False, allow_blank=True, allow_null=True, trim_whitespace=False)
    meta_data = serializers.DictField(required=False, allow_null=True)
    deleted = serializers.BooleanField(source="removed", required=False)
    status = serializers.CharField(read_only=True)
    verified_by_user = Computed(verified_by_me, OpenApiTypes.BOOL)
    user = Person(source="created_by")
    time = NaiveTime(source="created_at")
    last_editor = Person(source="edited_by")
    last_edit_time = NaiveTime(source="edited_at")
    concealed = Fixed(False)
    blurred = Fixed(False)
    generated = Fixed(False)
    uploaded_media_files = Nothing()
    annotationversion_set = Nothing()
    expandable_fields = {
        "annotation_type": ("exact.api.v1.annotation_types.AnnotationTypeResource", {}),
        "image": ("exact.api.v1.images.ImageResource", {}),
        "user": (PersonShown, {"source": "created_by"}),
        "last_editor": (PersonShown, {"source": "edited_by"}),
    }


class AnnotationFilter(filters.FilterSet):
    """The ancestor's filters; removed annotations are listed unless `deleted=False` is given."""

    id = WholeNumber("number")
    id__in = WholeNumbers("number")
    time = Time("created_at")
    time__lte = Time("created_at", "lte")
    time__gte = Time("created_at", "gte")
    time__range = TimeRange("created_at")
    last_edit_time = Time("edited_at")
    last_edit_time__lte = Time("edited_at", "lte")
    last_edit_time__gte = Time("edited_at", "gte")
    last_edit_time__range = TimeRange("edited_at")
    unique_identifier = filters.UUIDFilter("unique_identifier")
    unique_identifier__contains = filters.CharFilter("unique_identifier", "contains")
    unique_identifier__in = Uuids("unique_identifier")
    description = filters.CharFilter("description")
    description__contains = filters.CharFilter("description", "contains")
    deleted = filters.BooleanFilter("removed")
    status = filters.ChoiceFilter(choices=[(word, word) for word in ("open", "accepted", "rejected")])
    image = WholeNumber("image__number")
    image__in = WholeNumbers("image__number")
    image__image_set = WholeNumber("image__image_set__number")
    image__image_set__in = WholeNumbers("image__image_set__number")
    annotation_type = WholeNumber("annotation_type__number")
    annotation_type__in = WholeNumbers("annotation_type__number")
    user = WholeNumber(method="of_user")
    last_editor = WholeNumber(method="of_editor")
    verified_by = WholeNumber(method="of_verifier")
    vector_type = WholeNumber("annotation_type__vector_type")
    vector__isnull = filters.BooleanFilter("vector", "isnull")
    meta_data__isnull = filters.BooleanFilter("meta_data", "isnull")
    vector_x = Between(method="between_x")
    vector_y = Between(method="between_y")

    def of_user(self, rows: Rows, _name: str, number: int) -> Rows:
        """Drawn by that user."""
        return rows.filter(created_by__in=User.objects.filter(pk=number).values("person_id"))

    def of_editor(self, rows: Rows, _name: str, number: int) -> Rows:
        """Last edited by that user."""
        return rows.filter(edited_by__in=User.objects.filter(pk=number).values("person_id"))

    def of_verifier(self, rows: Rows, _name: str, number: int) -> Rows:
        """Verified by that user, whichever way."""
        people = User.objects.filter(pk=number).values("person_id")
        said = VerificationRow.objects.filter(annotation=OuterRef("pk"), person_id__in=people)
        return rows.filter(Exists(said.filter(of_version=OuterRef("content_version"))))

    def between_x(self, rows: Rows, _name: str, ends: slice) -> Rows:
        """Whole inside these columns, in pixels."""
        return inside(rows, "left", "right", ends)

    def between_y(self, rows: Rows, _name: str, ends: slice) -> Rows:
        """Whole inside these rows, in pixels."""
        return inside(rows, "top", "bottom", ends)


def inside(rows: Rows, low: str, high: str, ends: slice) -> Rows:
    """Shapes that lie between two ends, in pixels; an open end does not bound."""
    if ends.start is not None:
        rows = rows.filter(**{f"{low}__gte": ends.start * 100})
    return rows if ends.stop is None else rows.filter(**{f"{high}__lte": ends.stop * 100})


class Annotations(HistoryOfAnnotation, Resources):
    """Annotations are drawn, edited, removed and restored."""

    serializer_class = AnnotationResource
    filterset_class = AnnotationFilter
    noun = "annotation"

    def create(self, request: Request) -> Response:
        """Draw one or a list; one whose identifier is known on the image is edited, and answered with 200."""
        said: Any = request.data
        if not isinstance(said, list):
            return self.drawn_one(*self.wishes([self.checked()], [said])[0])
        if len(said) > LIST_MAX:
            raise Invalid(f"Send at most {LIST_MAX} annotations at once.", code="list_too_long")
        serializer = self.get_serializer(data=said, many=True)
        serializer.is_valid(raise_exception=True)
        return self.drawn_all(self.wishes(serializer.validated_data, said))

    def wishes(self, sent: list[dict[str, Any]], said: list[Any]) -> list[Wish]:
        """One command for each item, with what the client claims beside it and whether it is to be removed at once."""
        images = referred_all(self.request, ImageRow, [item["image"] for item in sent], "image")
        types = referred_types(self.request, [item["annotation_type"] for item in sent])
        return [
            (draw(item, images[item["image"]], types[item["annotation_type"]]), claim_in(self.request, words),
             bool(item.get("removed")))
            for item, words in zip(sent, said, strict=True)
        ]  # fmt: skip

    def drawn_one(self, command: DrawAnnotation, claim: Any, removed: bool) -> Response:
        """201 for a new one, 200 for an edited one; a repeated request is answered as the first time."""
        made = already_made(self.request)
        new = not known(command) if made is None else made
        return self.written(self.drawn((command, claim, removed)), 201 if new else 200)

    def drawn_all(self, wished: list[Wish]) -> Response:
        """All or nothing, in one transaction."""
        if not wished:
            return Response([], status=201)
        many = batch_of(self.request, wished)
        answer = wish(self.request, many)
        ids = drawn_ids(many, answer)
        resource = self.resource()
        rows = {row.id: row for row in resource.fetched(AnnotationRow.objects.filter(id__in=ids))}
        results = resource.shown([rows[one] for one in ids])
        return Response(results, status=201, headers=headers_of(answer))

    def drawn(self, one: Wish, part: str = "") -> Answer:
        """Draw it; the ancestor's clients may bring what is removed already."""
        command, claim, removed = one
        answer = wish(self.request, command, claim=claim, part=part)
        if removed:
            gone = RemoveAnnotation(annotation_id=answer.id)
            answer = wish(self.request, gone, claim=claim, part=f"{part}:removed", after=answer)
        return answer

    def update(self, request: Request, pk: str) -> Response:
        """Whatever of shape, type, remark, data and presence is sent."""
        annotation: Any = self.target(pk)
        fields = self.checked(partial=True)
        unchanged(fields, "image", annotation.image.number, "an annotation stays on its image.")
        unchanged(fields, "unique_identifier", annotation.unique_identifier, "an identifier never changes.")
        edit = edited(request, annotation, fields)
        return self.written(wish(request, edit, claim=claim_in(request, request.data)))

    partial_update = update

    def destroy(self, request: Request, pk: str) -> Response:
        """Take it off the image; its history stays, and it can be restored."""
        return self.gone(wish(request, RemoveAnnotation(annotation_id=self.target(pk).id)))

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=False)
    def count(self, _request: Request) -> Response:
        """How many the filters leave."""
        return Response({"count": self.filter_queryset(self.get_queryset()).count()})

    @extend_schema(parameters=[OpenApiParameter("id__in", str)], responses=OpenApiTypes.OBJECT)
    @action(detail=False, methods=["delete"])
    def multiple_delete(self, request: Request) -> Response:
        """Remove several: `?id__in=1,2,3`; numbers that are none of mine are passed over."""
        rows = list(scope.mine(AnnotationRow, asker(request)).filter(number__in=numbers_in(request)))
        counts = {"annotations.Annotation": len(rows)}
        if not rows:
            return Response(counts)
        gone = [RemoveAnnotation(annotation_id=row.id) for row in rows]
        return granted(wish(request, batch(gone, expected_version=expected_version(request))), counts)


def referred_types(request: Request, numbers: Iterable[int]) -> dict[int, AnnotationTypeRow]:
    """The types by number; withdrawn ones too, for what was drawn with them."""
    wanted = set(numbers)
    rows = scope.mine(AnnotationTypeRow, asker(request)).filter(number__in=wanted)
    found = {row.number: row for row in rows}
    if missing := sorted(wanted - set(found)):
        sentence = f"There is no {missing[0]} here, or it belongs to another team."
        raise serializers.ValidationError({"annotation_type": [sentence]})
    return found


def draw(item: Mapping[str, Any], image: ImageRow, kind: AnnotationTypeRow) -> DrawAnnotation:
    """The command of one item."""
    return DrawAnnotation(
        image_id=image.id,
        annotation_type_id=kind.id,
        vector=from_ancestor(kind.vector_type, item.get("vector")),
        description=item.get("description") or "",
        meta_data=item.get("meta_data"),
        unique_identifier=item.get("unique_identifier"),
    )


def known(command: DrawAnnotation) -> bool:
    """Whether the image has an annotation of this identifier."""
    if command.unique_identifier is None:
        return False
    twins = AnnotationRow.objects.filter(image_id=command.image_id, unique_identifier=command.unique_identifier)
    return twins.exists()


def edited(request: Request, annotation: AnnotationRow, fields: dict[str, Any]) -> EditAnnotation:
    """The command of a PATCH: what was not sent stays."""
    changes: dict[str, Any] = {name: fields[name] for name in ("meta_data", "removed") if name in fields}
    kind = annotation.annotation_type
    if "annotation_type" in fields:
        kind = referred_types(request, [fields["annotation_type"]])[fields["annotation_type"]]
        changes["annotation_type_id"] = kind.id
    if "vector" in fields:
        changes["vector"] = from_ancestor(kind.vector_type, fields["vector"])
    if "description" in fields:
        changes["description"] = fields["description"] or ""
    return EditAnnotation(annotation_id=annotation.id, **changes)


def numbers_in(request: Request) -> list[int]:
    """The numbers of `id__in`, with or without brackets; without the parameter nothing is removed."""
    text = request.query_params.get("id__in", "").strip("[]() ")
    if not text:
        raise NotFound("Say which: ?id__in=1,2,3", code="id__in_missing")
    numbers = [whole(part.strip()) for part in text.split(",")]
    if not all(numbers) or len(numbers) > LIST_MAX:
        raise Invalid(f"id__in holds at most {LIST_MAX} numbers, separated by commas.", code="id__in")
    return numbers
