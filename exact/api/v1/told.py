"""A page of facts as JSON: payloads go from the log to the answer without being read, but for author and time."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpResponse

from exact.accounts.models import users_by_person
from exact.domain.registry import FACTS
from exact.eventstore import history
from exact.eventstore.history import Span, Stored
from exact.eventstore.mapper import ENCODER, decode

NOBODY = "somebody"
"""Whoever was erased."""


def answer(
    thing: str, number: int, stored: Sequence[Stored], span: Span, headers: dict[str, str], status: int = 200
) -> HttpResponse:
    """`{thing, facts, next_after, next_before}`: where the next page of the same direction begins, or null."""
    page = stored[: span.limit]
    then = page[-1].position if len(stored) > span.limit else None
    body = {
        thing: number,
        "facts": told(page),
        "next_after": None if span.newest_first else then,
        "next_before": then if span.newest_first else None,
    }
    return HttpResponse(msgspec.json.encode(body), content_type="application/json", headers=headers, status=status)


class Signed(msgspec.Struct, gc=False):
    """What is read of every payload."""

    at: msgspec.Raw
    by: str
    correlation_id: str | None = None
    causation_id: str | None = None


class Told(msgspec.Struct, gc=False):
    """A fact as JSON; `data` is its payload as it is stored. The command is what `Undo` takes back."""

    position: int
    name: str
    version: int
    at: msgspec.Raw
    by: str
    by_name: str
    stream_id: str
    scope_id: str
    command_id: str
    correlation_id: str | None
    causation_id: str | None
    data: msgspec.Raw


SIGNED = msgspec.json.Decoder(Signed)


def told(page: Sequence[Stored]) -> list[Told]:
    """The facts of a page, with the names of people looked up once for all of them."""
    payloads = [payload(row) for row in page]
    signed = [SIGNED.decode(data) for data in payloads]
    people = names_of({one.by for one in signed})
    return [
        Told(row.position, row.name, row.version, one.at, one.by, people.get(one.by, NOBODY), row.stream_id,
             row.scope_id, row.command_id, one.correlation_id, one.causation_id, msgspec.Raw(data))
        for row, one, data in zip(page, signed, payloads, strict=True)
    ]  # fmt: skip


def origins(positions: Sequence[int]) -> dict[int, dict[str, str | None]]:
    """Which command recorded the fact at each position, and what that one belongs to and follows from; one query."""
    return {row.position: _origin(row, SIGNED.decode(payload(row))) for row in history.at(positions)}


def _origin(row: Stored, signed: Signed) -> dict[str, str | None]:
    return {"command_id": row.command_id, "correlation_id": signed.correlation_id, "causation_id": signed.causation_id}


def names_of(people: set[str]) -> dict[str, str]:
    """Opaque id to the name that is shown; erased people are missing."""
    users = users_by_person({UUID(person) for person in people})
    return {str(person_id): user.shown_name for person_id, user in users.items()}


def payload(row: Stored) -> bytes:
    """The payload in the newest version of its schema; what this program does not know is refused, as everywhere."""
    if row.schema == newest_schema(row.name):
        return row.data
    return ENCODER.encode(decode(row.name, row.schema, row.data))


@cache
def newest_schema(name: str) -> int | None:
    """The schema version that this program writes; None for a kind it does not know."""
    kind: Any = FACTS.get(name)
    return kind.SCHEMA if kind else None
