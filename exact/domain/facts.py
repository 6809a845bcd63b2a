"""What every fact has in common: stream, version, time, author, and the stored name it keeps for ever."""

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

import msgspec

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone; RFC 3339 in the stored payload."""


class Claim(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a client says about author and time of what it brings; kept beside the server's own, never instead of it."""

    author: str | None = None
    time: str | None = None


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What happened to one stream. The class name is the stored name; a released fact's fields never change.

    `at` and `by` are the server's. `behind` is the person who acted on behalf of `by`, when somebody impersonated.
    """

    SCHEMA: ClassVar[int] = 1

    originator_id: UUID
    originator_version: int
    at: Moment
    by: UUID
    behind: UUID | None = None
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    claim: Claim | None = None


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """Who and when of one command, as every fact it records carries it."""

    at: datetime
    by: UUID
    behind: UUID | None = None
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    claim: Claim | None = None

    def fields(self) -> dict[str, Any]:  # Any: keyword arguments of a fact
        """The stamp as keyword arguments for a fact's constructor."""
        return {name: getattr(self, name) for name in self.__struct_fields__}
