"""Refusals: what is wrong, with a code for programs and a sentence for people; one table maps them to HTTP."""

from typing import Any


class Refusal(Exception):
    """A wish that is not granted. The sentence tells a person what to do about it."""

    code = "refused"

    def __init__(self, sentence: str, *, code: str | None = None, **details: Any) -> None:  # Any: details are JSON
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code or type(self).code
        self.details = details


class Invalid(Refusal):
    """The wish itself is malformed or breaks a rule."""

    code = "invalid"


class NoVersion(Invalid):
    """A version was named where nothing has one: what is new, what is done to a command, an account."""

    code = "no_version"

    def __init__(self) -> None:
        super().__init__("Nothing this is about has a version that you can have seen; leave it out.")


class NotFound(Refusal):
    """No such thing, or one of another team: the answer is the same."""

    code = "not_found"


class NotSignedIn(Refusal):
    """Nobody is signed in."""

    code = "not_signed_in"


class Forbidden(Refusal):
    """A member of the team, but without the right."""

    code = "forbidden"


class Conflict(Refusal):
    """True when the wish was made, not any more."""

    code = "conflict"


class StaleVersion(Conflict):
    """Somebody else changed it first; details hold both versions."""

    code = "stale_version"


class KeyReused(Refusal):
    """The idempotency key belongs to another request."""

    code = "idempotency_key_reused"


class TooLarge(Refusal):
    """More than this server takes."""

    code = "too_large"


class Unsupported(Refusal):
    """No reader for this file."""

    code = "unsupported_format"


class Busy(Refusal):
    """Not now; trying again later helps."""

    code = "busy"


STATUS: dict[type[Refusal], int] = {
    Invalid: 400,
    NotSignedIn: 403,  # not 401: the ancestor's client maps 403 to its own access error
    Forbidden: 403,
    NotFound: 404,
    StaleVersion: 409,
    Conflict: 409,
    TooLarge: 413,
    Unsupported: 415,
    KeyReused: 422,
    Busy: 503,
    Refusal: 422,
}


def status_of(refusal: Refusal) -> int:
    """The HTTP status of the nearest kind in the table."""
    return next(STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS)
