"""All annotations of a scope or of the whole log, one fact after the other, drawn by hand or brought in bulk."""

from collections.abc import Collection
from uuid import UUID

from exact.domain import annotations
from exact.domain.annotations import Annotation, AnnotationDrawn, evolve
from exact.domain.facts import Fact
from exact.domain.imports import (
    MOVES,
    AnnotationsImported,
    ImportedAnnotationsShown,
    births,
    moved,
)

CONCERNED: frozenset[type[Fact]] = frozenset(
    (
        AnnotationDrawn,
        annotations.AnnotationReshaped,
        annotations.AnnotationReclassified,
        annotations.AnnotationDescribed,
        annotations.AnnotationRemoved,
        annotations.AnnotationRestored,
        annotations.AnnotationVerified,
        annotations.VerificationWithdrawn,
    )
)


class AnnotationFold:
    """The annotations after the facts that were taken; chunks of an import wait packed until they are shown."""

    def __init__(self) -> None:
        self._states: dict[int, Annotation] = {}  # by the stream's number: a UUID is hashed and compared in Python
        self._hidden: dict[UUID, list[AnnotationsImported]] = {}
        self._followers: dict[UUID, set[UUID]] = {}
        self._leader: dict[UUID, UUID] = {}

    @property
    def annotations(self) -> Collection[Annotation]:
        """All of them, removed ones included, in the order in which they came."""
        return self._states.values()

    @property
    def states(self) -> dict[UUID, Annotation]:
        """The same by stream."""
        return {annotation.id: annotation for annotation in self._states.values()}

    def take(self, fact: Fact) -> bool:
        """One more fact in position order; False where it does not concern annotations."""
        if type(fact) in CONCERNED:
            self._evolve(fact)
        elif isinstance(fact, AnnotationsImported):
            self._hidden.setdefault(fact.originator_id, []).append(fact)
        elif isinstance(fact, ImportedAnnotationsShown):
            self._show(fact)
        elif isinstance(fact, MOVES):
            self._move(fact)
        else:
            return False
        return True

    def _evolve(self, fact: Fact) -> None:
        stream_id = fact.originator_id
        key = stream_id.int
        self._states[key] = evolve(self._states.get(key), fact)
        if self._leader and (leader := self._leader.pop(stream_id, None)):
            self._followers[leader].discard(stream_id)

    def _show(self, fact: Fact) -> None:
        followers = self._followers[fact.originator_id] = set()
        for chunk in self._hidden.pop(fact.originator_id, ()):
            for birth in births(chunk):
                self._states[birth.originator_id.int] = evolve(None, birth)
                self._leader[birth.originator_id] = fact.originator_id
                followers.add(birth.originator_id)

    def _move(self, fact: Fact) -> None:
        for stream_id in self._followers.get(fact.originator_id, ()):
            state = self._states[stream_id.int]
            self._states[stream_id.int] = evolve(state, moved(fact, stream_id, state.version + 1))
