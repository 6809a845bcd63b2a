"""From a request to the bus: idempotency key, the version the client has seen, and the answer's headers."""

import re
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from exact.api.people import asker
from exact.commands.bus import Answer, Command, dispatch, told
from exact.domain.errors import Invalid, NoVersion
from exact.domain.facts import Claim
from exact.domain.identifiers import derived_id
from exact.eventstore import log

VERSION = re.compile(r'\s*(?:W/)?"?v?(\d{1,18})"?\s*')
KEY_MAX = 255


def wish(
    request: Request,
    command: Command,
    *,
    claim: Claim | None = None,
    part: str = "",
    after: Answer | None = None,
    any_version: bool = False,
    correlation_id: UUID | None = None,
) -> Answer:
    """Dispatch a command for whoever asks.

    `part` tells the several commands of one request apart under its key; `after` is the answer to the one before
    about the same thing, whose version counts as seen when the client named a version at all; `any_version` is for
    commands about another thing than If-Match speaks of.
    """
    key, seen = idempotency_key(request), expected_version(request)
    if after and seen is not None:
        seen = after.version
    return dispatch(
        command,
        by=asker(request),
        key=f"{key}{part}" if key else None,
        expected_version=None if any_version else seen,
        claim=claim,
        correlation_id=correlation_id or correlation(request),
    )


def first_answer(request: Request) -> Answer | None:
    """What was answered when this key was used before, for things that are gone since; None for a new key."""
    key = idempotency_key(request)
    command_id = derived_id(asker(request).person_id, key) if key else None
    done = log.done(command_id) if command_id else None
    return told(command_id, done) if command_id and done else None


def already_made(request: Request, part: str = "") -> bool | None:
    """Whether this very wish made something new when it was granted before; None when it was not yet."""
    key = idempotency_key(request)
    done = log.done(derived_id(asker(request).person_id, f"{key}{part}")) if key else None
    return None if done is None else done[1]["version"] == 1 and done[3] > 0


def idempotency_key(request: Request) -> str | None:
    """The Idempotency-Key header, any text of at most 255 characters."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 0 < len(key) <= KEY_MAX:
        raise Invalid(f"An Idempotency-Key has 1 to {KEY_MAX} characters.", code="idempotency_key")
    return key


def expected_version(request: Request) -> int | None:
    """The version in If-Match: `"v7"`, as the ETag says it; a missing header names none.

    Nor does `*`, which only asks that there is such a thing: every wish about one asks that anyway, and what begins
    is asked of a list, which always is.
    """
    value = request.headers.get("If-Match")
    if value is None or value.strip() == "*":
        return None
    found = VERSION.fullmatch(value)
    if not found:
        raise Invalid('If-Match holds one ETag of this thing, such as "v7".', code="if_match")
    return int(found[1])


def refuse_version(request: Request) -> None:
    """For what has no version to be seen, before anything is done: If-Match is never passed over in silence."""
    if expected_version(request) is not None:
        raise NoVersion


def correlation(request: Request) -> UUID | None:
    """The Exact-Correlation header: a UUID of the client's own, the same for wishes that belong together."""
    value = request.headers.get("Exact-Correlation")
    try:
        return UUID(value) if value else None
    except ValueError:
        raise Invalid("Exact-Correlation is a UUID that the client chooses.", code="correlation") from None


def headers_of(answer: Answer) -> dict[str, str]:
    """What every granted wish tells: its version, the position that shows it, and the id to undo it by."""
    return {
        "ETag": etag(answer.version),
        "Exact-Position": str(answer.position),
        "Exact-Command": str(answer.command_id),
    }


def etag(version: int) -> str:
    """A version as the ETag says it."""
    return f'"v{version}"'


def granted(answer: Answer, body: Any = None, status: int = 200) -> Response:  # Any: JSON
    """The response to a granted wish: a resource where there is one, else the bare answer."""
    return Response(said(answer) if body is None else body, status=status, headers=headers_of(answer))


def said(answer: Answer) -> dict[str, Any]:  # Any: JSON
    """The bare answer as JSON; what a command says of several things stands beside the rest."""
    plain = {
        "id": str(answer.id),
        "number": answer.number,
        "version": answer.version,
        "position": answer.position,
        "command_id": str(answer.command_id),
    }
    return plain | {"first_position": answer.first_position, **answer.details} if answer.details else plain
