"""Positions of the log in queries: `?after=`, `?min_position=` and their kind."""

from rest_framework.request import Request

from exact.domain.errors import Invalid


def position_in(request: Request, name: str) -> int | None:
    """The position of that name in the query; None where it is missing."""
    text = request.query_params.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Invalid(f"`{name}` is a position of the log: a whole number.", code=name)
    return int(text)
