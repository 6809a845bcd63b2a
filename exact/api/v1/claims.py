"""What a client says about author and time: kept beside the server's own word, never in its place."""

from collections.abc import Mapping
from typing import Any

from rest_framework.request import Request

from exact.domain.facts import Claim

TEXT_MAX = 200
AUTHORS = ("last_editor", "user")
TIMES = ("last_edit_time", "time")


def claim_in(request: Request, said: Any) -> Claim | None:  # Any: a client's JSON
    """The claim in a body; none where it names only the asker."""
    if not isinstance(said, Mapping):
        return None
    author, time = _first(said, AUTHORS), _first(said, TIMES)
    if author == str(request.user.pk):
        author = None
    return Claim(author=author, time=time) if author or time else None


def _first(said: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """The first of these that the client gave, as text without NUL."""
    given = (said[name] for name in names if said.get(name) is not None)
    value = next(given, None)
    return None if value is None else str(value)[:TEXT_MAX].replace("\x00", "")
