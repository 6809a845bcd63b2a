"""How facts become what image_progress counts: one item for each annotation, and the counts as differences of items."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from exact.domain import annotations
from exact.domain.facts import Fact
from exact.domain.imports import (
    MOVES,
    AnnotationsImported,
    ImportedAnnotationsRemoved,
    ImportedAnnotationsShown,
    births,
)

STATUSES = ("accepted", "rejected", "open")
COLUMN = {status: place for place, status in enumerate(STATUSES, 1)}
"""Where a status is counted; 0 counts them all."""


class Item(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One annotation as the counts see it; verdicts by person: (verdict, of_version)."""

    id: UUID
    image_id: UUID
    annotation_type_id: UUID
    removed: bool
    content_version: int
    verdicts: dict[str, tuple[str, int]]
    leader: UUID | None = None

    @property
    def status(self) -> str:
        """The same rule as the annotation's own."""
        if not self.verdicts:
            return "open"
        valid = {verdict for verdict, of_version in self.verdicts.values() if of_version == self.content_version}
        return "rejected" if "rejected" in valid else "accepted" if valid else "open"


Items = dict[UUID, Item]


def evolve(item: Item | None, fact: Fact) -> Item | None:
    """The item after one more fact of its annotation."""
    if isinstance(fact, annotations.AnnotationDrawn):
        return drawn(fact)
    change = CHANGES.get(type(fact))
    if item is None or change is None:
        return item
    after = change(item, fact)
    return replace(after, leader=None) if after.leader else after


def drawn(fact: annotations.AnnotationDrawn, leader: UUID | None = None) -> Item:
    """A new item; the leader is the import on this image that brought it."""
    return Item(
        leader=leader,
        id=fact.originator_id,
        image_id=fact.image_id,
        annotation_type_id=fact.annotation_type_id,
        removed=False,
        content_version=fact.originator_version,
        verdicts={},
    )


def _edited(item: Item, fact: Fact) -> Item:
    return replace(item, content_version=fact.originator_version)


def _reclassified(item: Item, fact: annotations.AnnotationReclassified) -> Item:
    return replace(item, content_version=fact.originator_version, annotation_type_id=fact.annotation_type_id)


def _removed(item: Item, _: Fact) -> Item:
    return replace(item, removed=True)


def _restored(item: Item, _: Fact) -> Item:
    return replace(item, removed=False)


def _verified(item: Item, fact: annotations.AnnotationVerified) -> Item:
    return replace(item, verdicts=item.verdicts | {str(fact.by): (fact.verdict.value, fact.of_version)})


def _withdrawn(item: Item, fact: annotations.VerificationWithdrawn) -> Item:
    person = str(fact.person_id)
    return replace(item, verdicts={key: value for key, value in item.verdicts.items() if key != person})


CHANGES: dict[type[Fact], Callable[[Item, Any], Item]] = {  # Any: each takes its own fact
    annotations.AnnotationReshaped: _edited,
    annotations.AnnotationDescribed: _edited,
    annotations.AnnotationReclassified: _reclassified,
    annotations.AnnotationRemoved: _removed,
    annotations.AnnotationRestored: _restored,
    annotations.AnnotationVerified: _verified,
    annotations.VerificationWithdrawn: _withdrawn,
}
ANNOTATION_FACTS: tuple[type[Fact], ...] = (annotations.AnnotationDrawn, *CHANGES)
IMPORT_FACTS: tuple[type[Fact], ...] = (ImportedAnnotationsShown, *MOVES)


Counts = dict[tuple[UUID, UUID], list[int]]
"""(image, type) to how many more are annotated, accepted, rejected, open."""


def differences(before: Items, after: Items) -> Counts:
    """How the counts move when these items become those."""
    moved: Counts = defaultdict(lambda: [0, 0, 0, 0])
    for key, item in after.items():
        if item is before.get(key):
            continue
        was, now = _place(before.get(key)), _place(item)
        if was != now:
            _count(moved, was, -1)
            _count(moved, now, +1)
    return {key: numbers for key, numbers in moved.items() if any(numbers)}


Place = tuple[UUID, UUID, int]
"""Image, type, and the column of the status; a removed annotation has none."""


def _place(item: Item | None) -> Place | None:
    if item is None or item.removed:
        return None
    return item.image_id, item.annotation_type_id, COLUMN[item.status]


def _count(moved: Counts, place: Place | None, by: int) -> None:
    if place:
        numbers = moved[place[:2]]
        numbers[0] += by
        numbers[place[2]] += by


class ItemFold:
    """The items after the facts that were taken, in position order; chunks of an import wait until they are shown."""

    def __init__(self) -> None:
        self.items: Items = {}
        self._hidden: dict[UUID, list[AnnotationsImported]] = defaultdict(list)
        self._followers: dict[UUID, set[UUID]] = defaultdict(set)

    def take(self, fact: Fact) -> None:
        """One more fact, whatever it is about."""
        if isinstance(fact, ANNOTATION_FACTS):
            self.take_own([fact])
        elif isinstance(fact, AnnotationsImported):
            self._hidden[fact.originator_id].append(fact)
        elif isinstance(fact, ImportedAnnotationsShown):
            self._show(fact.originator_id)
        elif isinstance(fact, MOVES):
            self._move(fact.originator_id, removed=isinstance(fact, ImportedAnnotationsRemoved))

    def take_own(self, facts: Iterable[Fact]) -> None:
        """Facts of single annotations; of one that was never drawn nothing is known."""
        for fact in facts:
            item = evolve(self.items.get(fact.originator_id), fact)
            if item:
                self.items[item.id] = item

    def _show(self, leader: UUID) -> None:
        for chunk in self._hidden.pop(leader, ()):
            for birth in births(chunk):
                self.items[birth.originator_id] = drawn(birth, leader)
                self._followers[leader].add(birth.originator_id)

    def _move(self, leader: UUID, *, removed: bool) -> None:
        for key in self._followers[leader]:
            item = self.items[key]
            if item.leader == leader:
                self.items[key] = replace(item, removed=removed)
