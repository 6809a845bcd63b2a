"""annotations/verifications: what people said of annotations; one verdict of each person counts, for one version."""

from collections.abc import Mapping
from typing import Any

from django.db.models import F, Q
from django.db.models.expressions import ExpressionWrapper
from django.db.models.fields import BooleanField
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exact.accounts.models import User
from exact.api.filters import Time, TimeRange, WholeNumber
from exact.api.people import asker
from exact.api.references import referred
from exact.api.resources import NUMBER_MAX, Computed, NaiveTime, Person, Ref, Resource, Rows
from exact.api.v1.users import PersonShown
from exact.api.views import Resources, unchanged
from exact.api.wishes import already_made, etag, granted, wish
from exact.commands.annotations import VerifyAnnotation, WithdrawVerification
from exact.commands.bus import Answer
from exact.domain.annotations import Verdict
from exact.domain.errors import Forbidden
from exact.projections.models import AnnotationRow, VerificationRow


class Verified(serializers.BooleanField):
    """True for accepted, false for rejected."""

    def get_attribute(self, instance: VerificationRow) -> bool:
        return instance.verdict == Verdict.ACCEPTED


def is_valid(_context: Mapping[str, Any]) -> Any:
    """Whether the annotation's content is still what was verified."""
    return ExpressionWrapper(Q(of_version=F("annotation__content_version")), BooleanField())


class VerificationResource(Resource):
    """A verdict; `user` is always whoever gives it."""

    model = VerificationRow
    id = serializers.IntegerField(source="number", read_only=True)
    uuid = serializers.UUIDField(source="id", read_only=True)
    annotation = Ref("annotation")
    user = Person(source="person_id")
    time = NaiveTime(source="at")
    verified = Verified(default=True)
    verdict = serializers.CharField(read_only=True)
    of_version = serializers.IntegerField(min_value=1, max_value=NUMBER_MAX, required=False)
    valid = Computed(is_valid, OpenApiTypes.BOOL)
    expandable_fields = {
        "annotation": ("exact.api.v1.annotations.AnnotationResource", {}),
        "user": (PersonShown, {"source": "person_id"}),
    }


class VerificationFilter(filters.FilterSet):
    """The ancestor's filters."""

    id = WholeNumber("number")
    annotation = WholeNumber("annotation__number")
    user = WholeNumber(method="of_user")
    time = Time("at")
    time__lte = Time("at", "lte")
    time__gte = Time("at", "gte")
    time__range = TimeRange("at")
    verified = filters.BooleanFilter(method="with_verdict")

    def of_user(self, rows: Rows, _name: str, number: int) -> Rows:
        """Given by that user."""
        return rows.filter(person_id__in=User.objects.filter(pk=number).values("person_id"))

    def with_verdict(self, rows: Rows, _name: str, wanted: bool) -> Rows:
        """Accepted ones, or rejected ones."""
        return rows.filter(verdict=verdict(wanted).value)


class Verifications(Resources):
    """The own verdict is given, changed and withdrawn; ETag and If-Match speak of the annotation's version."""

    serializer_class = VerificationResource
    filterset_class = VerificationFilter
    noun = "verification"

    def headers_for(self, row: VerificationRow) -> dict[str, str]:
        """The annotation's version."""
        return {"ETag": etag(row.annotation.version)}

    def create(self, request: Request) -> Response:
        """201 for the first verdict of a person, 200 for another one."""
        fields = self.checked()
        annotation = referred(request, AnnotationRow, fields["annotation"], "annotation")
        made = already_made(request)
        mine = VerificationRow.objects.filter(annotation=annotation, person_id=asker(request).person_id)
        new = not mine.exists() if made is None else True
        return self.said(annotation, fields, 201 if new else 200)

    def update(self, request: Request, pk: str) -> Response:
        """Another verdict, or the same about the newest version."""
        row = self.own(pk)
        fields = {"verified": row.verdict == Verdict.ACCEPTED, **self.checked(partial=True)}
        unchanged(fields, "annotation", row.annotation.number, "a verification stays with its annotation.")
        return self.said(row.annotation, fields)

    partial_update = update

    def destroy(self, request: Request, pk: str) -> Response:
        """Take the own verdict back."""
        if before := self.gone_before(pk):
            return before
        return self.gone(wish(request, WithdrawVerification(annotation_id=self.own(pk).annotation_id)))

    def own(self, pk: str) -> VerificationRow:
        """One of the asker's own."""
        row: VerificationRow = self.target(pk)
        if row.person_id != asker(self.request).person_id:
            raise Forbidden("This is somebody else's verification; give your own.", code="not_yours")
        return row

    def said(self, annotation: AnnotationRow, fields: dict[str, Any], status: int = 200) -> Response:
        """Give the verdict and show it."""
        wished = VerifyAnnotation(
            annotation_id=annotation.id, verdict=verdict(fields["verified"]), of_version=fields.get("of_version")
        )
        return self.shown(wish(self.request, wished), status)

    def shown(self, answer: Answer, status: int) -> Response:
        """The asker's verdict as it is now; empty when it was withdrawn since."""
        mine = VerificationRow.objects.filter(annotation=answer.id, person_id=asker(self.request).person_id)
        row = self.resource().fetched(mine).first()
        return granted(answer, self.one(row) if row else {}, status)


def verdict(verified: bool) -> Verdict:
    """The ancestor's boolean in our words."""
    return Verdict.ACCEPTED if verified else Verdict.REJECTED
