"""All annotations of a scope or of the whole log, one fact after the other, drawn by hand or brought in bulk."""

from uuid import UUID

from exact.domain import annotations
from exact.domain.annotations import Annotation, AnnotationDrawn
from exact.domain.facts import Fact
from exact.domain.imports import (
    MOVES,
    AnnotationsImported,
    ImportedAnnotationsShown,
    births,
    moved,
)

CONCERNED = (
    AnnotationDrawn,
    annotations.AnnotationReshaped,
    annotations.AnnotationReclassified,
    annotations.AnnotationDescribed,
    annotations.AnnotationRemoved,
    annotations.AnnotationRestored,
    annotations.AnnotationVerified,
    annotations.VerificationWithdrawn,
)


class AnnotationFold:
    """`states` after the facts that were taken, by stream; chunks of an import wait packed until they are shown."""

    def __init__(self) -> None:
        self.states: dict[UUID, Annotation] = {}
        self._hidden: dict[UUID, list[AnnotationsImported]] = {}
        self._followers: dict[UUID, set[UUID]] = {}
        self._leader: dict[UUID, UUID] = {}

    def take(self, fact: Fact) -> bool:
        """One more fact in position order; False where it does not concern annotations."""
        if isinstance(fact, CONCERNED):
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
        self.states[stream_id] = annotations.evolve(self.states.get(stream_id), fact)
        leader = self._leader.pop(stream_id, None)
        if leader is not None:
            self._followers[leader].discard(stream_id)

    def _show(self, fact: Fact) -> None:
        followers = self._followers[fact.originator_id] = set()
        for chunk in self._hidden.pop(fact.originator_id, ()):
            for birth in births(chunk):
                self.states[birth.originator_id] = annotations.evolve(None, birth)
                self._leader[birth.originator_id] = fact.originator_id
                followers.add(birth.originator_id)

    def _move(self, fact: Fact) -> None:
        for stream_id in self._followers.get(fact.originator_id, ()):
            state = self.states[stream_id]
            self.states[stream_id] = annotations.evolve(state, moved(fact, stream_id, state.version + 1))
