"""The history of an annotation, an image, an image set, a team: every fact, who made it and when, a page at a time."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from exact.api.positions import position_in
from exact.api.v1.spans import QUERY, one_more, span_in
from exact.api.v1.told import answer
from exact.api.wishes import etag
from exact.eventstore import history
from exact.eventstore.history import Span
from exact.eventstore.log import head_of
from exact.projections.activity import NAME, Where, positions
from exact.projections.models import AnnotationRow, ImageRow, ImageSetRow, TeamRow
from exact.projections.places import position_of, wait_for

RETRY_AFTER_S = "1"
MIN_POSITION = OpenApiParameter("min_position", int, description="Wait up to 2 s until this has been followed, or 202.")
described = extend_schema(parameters=QUERY, responses=OpenApiTypes.OBJECT)
described_following = extend_schema(parameters=[*QUERY, MIN_POSITION], responses=OpenApiTypes.OBJECT)


class HistoryOfAnnotation:
    """The action of annotations that tells what happened to one."""

    @described
    @action(detail=True)
    def history(self, request: Request, pk: str) -> HttpResponse:
        """Its facts, straight from the log."""
        annotation: AnnotationRow = self.found(self.get_queryset(), pk)  # type: ignore[attr-defined]
        newest = history.of_stream(annotation.id, Span(newest_first=True, limit=1))[0]
        headers = {"ETag": etag(newest.version), "Exact-Position": str(newest.position)}
        span = span_in(request)
        return answer("annotation", annotation.number, history.of_stream(annotation.id, one_more(span)), span, headers)


class HistoryOfImage:
    """The action of images that tells what happened to one and on it."""

    @described_following
    @action(detail=True)
    def history(self, request: Request, pk: str) -> HttpResponse:
        """Its facts and those of its annotations: straight from the log, unless asked for a person or a time."""
        image: ImageRow = self.found(self.get_queryset(), pk)  # type: ignore[attr-defined]
        span = span_in(request)
        if span.looks_inside:
            return followed("image", image, request, span)
        headers = {"Exact-Position": str(head_of(image.id))}
        return answer("image", image.number, history.of_scope(image.id, one_more(span)), span, headers)


class HistoryOfImageSet:
    """The action of image sets that tells what happened to one, to its images and on them."""

    @described_following
    @action(detail=True)
    def history(self, request: Request, pk: str) -> HttpResponse:
        """As far as the projector has followed the log."""
        image_set: ImageSetRow = self.found(self.get_queryset(), pk)  # type: ignore[attr-defined]
        return followed("image_set", image_set, request, span_in(request))


class HistoryOfTeam:
    """The action of teams that tells what happened in one."""

    @described_following
    @action(detail=True)
    def history(self, request: Request, pk: str) -> HttpResponse:
        """As far as the projector has followed the log."""
        team: TeamRow = self.found(self.get_queryset(), pk)  # type: ignore[attr-defined]
        return followed("team", team, request, span_in(request))


COLUMN: dict[str, Where] = {"image": "scope_id", "image_set": "image_set_id", "team": "team_id"}


def followed(noun: str, thing: ImageRow | ImageSetRow | TeamRow, request: Request, span: Span) -> HttpResponse:
    """A page whose positions the activity knows: as far as it has come, with 202 where newer was asked for."""
    wanted = position_in(request, "min_position")
    in_time = wanted is None or wait_for(NAME, wanted)
    headers = {"Exact-Position": str(position_of(NAME)), **({} if in_time else {"Retry-After": RETRY_AFTER_S})}
    stored = history.at(positions(COLUMN[noun], thing.id, one_more(span)))
    return answer(noun, thing.number, stored, span, headers, status=200 if in_time else 202)
