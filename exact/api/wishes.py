"""From a request to the bus: idempotency key, the version the client has seen, and the answer's headers."""

import re
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from exact.api.people import asker
from exact.commands.bus import Answer, Command, dispatch
from exact.domain.errors import Invalid
from exact.domain.facts import Claim

VERSION = re.compile(r'\s*(?:W/)?"?v?(\d+)"?\s*')
KEY_MAX = 255


def wish(request: Request, command: Command, *, claim: Claim | None = None, part: str = "") -> Answer:
    """Dispatch a command for whoever asks. `part` tells the several commands of one request apart under its key."""
    key = idempotency_key(request)
    return dispatch(
        command,
        by=asker(request),
        key=f"{key}{part}" if key else None,
        expected_version=expected_version(request),
        claim=claim,
    )


def idempotency_key(request: Request) -> str | None:
    """The Idempotency-Key header, any text of at most 255 characters."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 0 < len(key) <= KEY_MAX:
        raise Invalid(f"An Idempotency-Key has 1 to {KEY_MAX} characters.", code="idempotency_key")
    return key


def expected_version(request: Request) -> int | None:
    """The version in If-Match: `"v7"`, as the ETag says it; `*` and a missing header name none."""
    value = request.headers.get("If-Match")
    if value is None or value.strip() == "*":
        return None
    found = VERSION.fullmatch(value)
    if not found:
        raise Invalid('If-Match holds one ETag of this thing, such as "v7".', code="if_match")
    return int(found[1])


def headers_of(answer: Answer) -> dict[str, str]:
    """What every granted wish tells: its version and the position that shows it."""
    return {"ETag": f'"v{answer.version}"', "Exact-Position": str(answer.position)}


def granted(answer: Answer, body: Any = None, status: int = 200) -> Response:  # Any: JSON
    """The response to a granted wish: a resource where there is one, else the bare answer."""
    plain = {"id": str(answer.id), "number": answer.number, "version": answer.version, "position": answer.position}
    return Response(plain if body is None else body, status=status, headers=headers_of(answer))
