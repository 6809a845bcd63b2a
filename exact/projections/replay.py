"""From facts to the states of one noun's streams: what comparing and rebuilding an inline read model stand on.

`fold_of` says how facts become states, `touched` which of them a few facts have changed, `leaves_out` which facts need
not be read: whoever adds a kind of fact that concerns other streams than its own looks here.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Protocol
from uuid import UUID

import msgspec

from exact.domain import annotations
from exact.domain.annotation_fold import CONCERNED, AnnotationFold
from exact.domain.facts import Fact
from exact.domain.imports import MOVES, AnnotationsImported, ImportedAnnotationsShown
from exact.domain.registry import FACTS, facts_of, fold
from exact.eventstore.log import Recorded, all_of, by_scope, head, pages
from exact.eventstore.many import load_all
from exact.projections.base import Inline

States = dict[UUID, Any]  # Any: the noun's state, by stream
PORTION = 5000
"""States that are written at a time, and those that the last scope among them has beyond that."""
WIDE: tuple[type[Fact], ...] = (ImportedAnnotationsShown, *MOVES)
"""Facts that change annotations of other streams than their own, all of them in one scope."""


class Fold(Protocol):
    """States by stream after the facts that were taken, in position order."""

    def take(self, fact: Fact) -> object:
        """One more fact, whatever it is about."""
        ...

    @property
    def states(self) -> States:
        """What has come of them."""
        ...


class Noun:
    """The streams of one noun, each by itself."""

    def __init__(self, inline: Inline) -> None:
        self._inline, self._kinds = inline, kinds(inline)
        self._all: States = {}

    def take(self, fact: Fact) -> None:
        """One more fact in position order."""
        if type(fact) in self._kinds:
            self._all[fact.originator_id] = fold(self._all.get(fact.originator_id), [fact])

    @property
    def states(self) -> States:
        """A noun may have several kinds of streams, each with a table of its own."""
        return {key: state for key, state in self._all.items() if isinstance(state, self._inline.state)}


def fold_of(inline: Inline) -> Fold:
    """How the facts become the states of that read model."""
    return AnnotationFold() if inline.state is annotations.Annotation else Noun(inline)


@cache
def kinds(inline: Inline) -> frozenset[type[Fact]]:
    """The facts that change what this read model shows."""
    if inline.state is annotations.Annotation:
        return frozenset((*CONCERNED, AnnotationsImported, *WIDE))
    return frozenset(facts_of(inline.noun))


@cache
def leaves_out(inline: Inline) -> tuple[str, ...]:
    """The stored names of all other known facts; of a name that nobody knows nobody can tell."""
    return tuple(name for name, kind in FACTS.items() if kind not in kinds(inline))


def states(inline: Inline) -> States:
    """Every stream of that noun after all its facts, all of them in memory."""
    found = fold_of(inline)
    for page in pages(head()):
        for recorded in page:
            found.take(recorded.fact)
    return found.states


def portions(inline: Inline, upto: int) -> Iterator[list[Any]]:  # Any: the noun's states
    """The same up to a position, whole scopes at a time: the memory of the largest one and of PORTION states."""
    found, taken, scope = fold_of(inline), 0, UUID(int=0)
    for recorded in by_scope(upto, leaving_out=leaves_out(inline)):
        if recorded.scope_id != scope and taken >= PORTION:
            yield list(found.states.values())
            found, taken = fold_of(inline), 0
        scope, taken = recorded.scope_id, taken + 1
        found.take(recorded.fact)
    yield list(found.states.values())


class Touched(msgspec.Struct, frozen=True):
    """What facts have changed: single streams, and scopes of which every stream may be another."""

    streams: set[UUID]
    scopes: set[UUID]


def touched(batch: Iterable[Recorded], inline: Inline) -> Touched:
    """What these facts have changed of the read model."""
    concerned = [recorded for recorded in batch if type(recorded.fact) in kinds(inline)]
    wide = WIDE if inline.state is annotations.Annotation else ()
    scopes = {recorded.scope_id for recorded in concerned if isinstance(recorded.fact, wide)}
    streams = {recorded.fact.originator_id for recorded in concerned if recorded.scope_id not in scopes}
    return Touched(streams, scopes)


def states_of(changed: Touched, inline: Inline) -> Iterator[list[Any]]:  # Any: the noun's states
    """All of that as it stands now, a scope at a time."""
    alone = load_all(changed.streams).values()
    yield [state for state in alone if isinstance(state, inline.state)]
    for scope_id in changed.scopes:
        found = fold_of(inline)
        for recorded in all_of(scope_id):
            found.take(recorded.fact)
        yield list(found.states.values())
