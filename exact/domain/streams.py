"""What the small event-sourced things share: names that are checked, facts that follow one another."""

from typing import Any, TypeVar
from uuid import UUID

import msgspec

from exact.domain.errors import Conflict, Invalid, StaleVersion
from exact.domain.facts import Fact, Stamp

NAME_MAX = 256

F = TypeVar("F", bound=Fact)


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one stream after `version` facts."""

    id: UUID
    version: int
    number: int
    withdrawn: bool = False

    def refuse_stale(self, expected: int | None) -> None:
        """Whoever names a version must name the newest."""
        if expected is not None and expected != self.version:
            raise StaleVersion("Somebody else changed this first; reload and try again.",
                               expected=expected, version=self.version, current=self)  # fmt: skip

    def refuse_withdrawn(self) -> None:
        """What was withdrawn cannot change any more."""
        if self.withdrawn:
            raise Conflict("This was withdrawn and cannot be changed.", code="withdrawn")

    def next(self, kind: type[F], stamp: Stamp, **fields: Any) -> F:  # Any: the fact's own fields
        """The fact that follows this state."""
        return kind(originator_id=self.id, originator_version=self.version + 1, **stamp.fields(), **fields)


def first(kind: type[F], id: UUID, stamp: Stamp, **fields: Any) -> F:  # Any: the fact's own fields
    """The first fact of a stream."""
    return kind(originator_id=id, originator_version=1, **stamp.fields(), **fields)


def checked_name(name: str, *, what: str = "name", most: int = NAME_MAX) -> str:
    """The name without blanks at its ends, or a refusal: 1 to `most` characters, none of them a control character."""
    name = name.strip()
    if not name or len(name) > most or any(ord(letter) < 32 or ord(letter) == 127 for letter in name):
        raise Invalid(f"A {what} has 1 to {most} printable characters.", code="name_invalid")
    return name


def checked_text(text: str, *, what: str = "description", most: int = 4000) -> str:
    """A longer text, or a refusal when it is too long or has a NUL."""
    if len(text) > most or "\x00" in text:
        raise Invalid(f"A {what} has at most {most} characters and no NUL.", code="text_invalid")
    return text
