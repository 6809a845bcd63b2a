"""Many annotations in one request: one command, all or nothing."""

from typing import Any
from uuid import UUID

from msgspec.structs import replace
from rest_framework.request import Request

from exact.api.people import asker
from exact.api.wishes import expected_version, idempotency_key
from exact.commands import batches
from exact.commands.annotations import DrawAnnotation, RemoveAnnotation
from exact.commands.bus import Answer
from exact.domain.identifiers import annotation_stream, derived_id, new_id

Wish = tuple[DrawAnnotation, Any, bool]
"""The command, the claim, and whether it is removed at once."""
DRAWN, REMOVED = DrawAnnotation.__name__, RemoveAnnotation.__name__


def batch_of(request: Request, wished: list[Wish]) -> batches.Batch:
    """All of them as one command."""
    made = [part for index, one in enumerate(wished) for part in parts_of(request, index, one)]
    return batches.Batch(wishes=tuple(made))


def parts_of(request: Request, index: int, one: Wish) -> list[batches.Wish]:
    """The one or two commands of an item: what is to be removed at once is drawn first."""
    command, claim, removed = one
    seen = expected_version(request)
    if not removed:
        return [batches.Wish(name=DRAWN, command=command, index=index, expected_version=seen, claim=claim)]
    identifier = command.unique_identifier or identifier_for(request, index)
    named = replace(command, unique_identifier=identifier)
    gone = RemoveAnnotation(annotation_id=annotation_stream(command.image_id, identifier))
    return [
        batches.Wish(name=DRAWN, command=named, index=index, expected_version=seen, claim=claim),
        batches.Wish(name=REMOVED, command=gone, index=index, claim=claim),
    ]


def identifier_for(request: Request, index: int) -> UUID:
    """An identifier for an item that came without; the same when the same request is repeated."""
    key = idempotency_key(request)
    return derived_id(asker(request).person_id, key, index) if key else new_id()


def drawn_ids(many: batches.Batch, answer: Answer) -> list[UUID]:
    """The annotation of each item, in the order of the items."""
    told = zip(many.wishes, answer.details["results"], strict=True)
    return [UUID(result["id"]) for one, result in told if one.name == DRAWN]
