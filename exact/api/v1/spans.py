"""Which page of a history a query asks for."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from exact.api.positions import position_in
from exact.domain.errors import Invalid
from exact.domain.registry import FACTS
from exact.eventstore.history import MOST, NEWEST, Span

QUERY = [
    OpenApiParameter("after", int, description="Oldest first, from the fact after this position."),
    OpenApiParameter("before", str, description="Newest first, from the fact before this position, or from `newest`."),
    OpenApiParameter("limit", int, description="1 to 500; 500 where nothing is said."),
    OpenApiParameter("name", str, description="Kinds of facts, separated by commas: `AnnotationDrawn,ImageRenamed`."),
    OpenApiParameter("by", OpenApiTypes.UUID, description="The person's opaque id."),
    OpenApiParameter("since", OpenApiTypes.DATETIME, description="The server's time of the fact, or later."),
    OpenApiParameter("until", OpenApiTypes.DATETIME, description="Before this time."),
]


def span_in(request: Request) -> Span:
    """The page that the query asks for."""
    asked = request.query_params
    newest = asked.get("before") == "newest"
    before = NEWEST if newest else position_in(request, "before")
    return Span(
        after=position_in(request, "after") or 0,
        before=NEWEST if before is None else before,
        newest_first=before is not None,
        limit=limit_in(asked.get("limit")),
        names=names_in(asked.get("name")),
        by=person_in(asked.get("by")),
        since=time_in("since", asked.get("since")),
        until=time_in("until", asked.get("until")),
    )


def limit_in(text: str | None) -> int:
    """1 to 500 facts; more is served as 500."""
    if text is None:
        return MOST
    if not (text.isascii() and text.isdigit() and 0 < len(text) <= 9 and int(text)):
        raise Invalid("`limit` is a number of facts, at least 1.", code="limit")
    return min(int(text), MOST)


def names_in(text: str | None) -> tuple[str, ...]:
    """Kinds of facts by their stored names."""
    names = tuple(filter(None, (text or "").split(",")))
    if unknown := [name for name in names if name not in FACTS]:
        raise Invalid(f"There is no kind of fact called {unknown[0]!r}; docs/events.md lists them.", code="name")
    return names


def person_in(text: str | None) -> UUID | None:
    """An opaque id of a person."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Invalid("`by` is the opaque id of a person, as the facts tell it.", code="by") from None


def time_in(name: str, text: str | None) -> datetime | None:
    """A moment; without a zone it is UTC."""
    if not text:
        return None
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        raise Invalid(f"`{name}` is a time such as 2026-01-31T12:00:00Z.", code=name)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def one_more(span: Span) -> Span:
    """The same and the next fact, which only tells that there is one."""
    return msgspec.structs.replace(span, limit=span.limit + 1)
