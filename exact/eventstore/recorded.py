"""A fact with its place in the log."""

from uuid import UUID

import msgspec

from exact.domain.facts import Fact


class Recorded(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A fact with its place in the log."""

    position: int
    scope_id: UUID
    fact: Fact
