"""What the compensations of all nouns have in common: how one is described, and why a fact may stay."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from exact.domain.errors import Conflict
from exact.domain.facts import Fact, Stamp
from exact.domain.streams import Stream

UNDONE = "Undone."
"""The reason in what is removed or withdrawn by an undo."""


class CannotUndo(Conflict):
    """This fact stays: somebody has built on it, or nothing takes it back."""

    code = "cannot_undo"


Decide = Callable[[Any, Any, Any, Stamp], list[Fact]]
"""(state now, the fact, the state before it or None, stamp) to the facts that bring back what the fact changed.

Any: each takes the state and the fact of its own noun. Raises CannotUndo and other refusals.
"""


class Compensation(msgspec.Struct, frozen=True, kw_only=True):
    """What takes facts of one kind back: by which facts, and how that is decided."""

    of: type[Fact]
    by: tuple[type[Fact], ...]
    decide: Decide


def changed() -> CannotUndo:
    """The fact is in force no more: something else has taken its place."""
    return CannotUndo("Somebody changed it since.")


def refuse_changed(now: Stream, then: Stream) -> None:
    """Where it is not as the fact left it, somebody has built on it; how often it went to and fro does not count."""
    if _content(now) != _content(then):
        raise changed()


def _content(state: Stream) -> Stream:
    return replace(state, version=0)
