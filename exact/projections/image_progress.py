"""Image progress: how many annotations of each type an image has, and how many are accepted, rejected, open."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from django.db import connection, models
from msgspec.structs import replace

from exact.domain import annotations
from exact.domain.facts import Fact
from exact.domain.identifiers import derived_id
from exact.domain.imports import MOVES, ImportedAnnotationsRemoved, ImportedAnnotationsShown, births
from exact.eventstore.bulk import chunks_of
from exact.eventstore.driver import driver
from exact.eventstore.log import Recorded
from exact.projections.base import Row, upsert
from exact.projections.follow import OnPoison, Projection

STATUSES = ("accepted", "rejected", "open")
COLUMN = {status: place for place, status in enumerate(STATUSES, 1)}
"""Where a status is counted; 0 counts them all."""


class ImageProgressItem(models.Model):
    """What the counts need to remember of one annotation."""

    id = models.UUIDField(primary_key=True)
    image_id = models.UUIDField()
    annotation_type_id = models.UUIDField()
    removed = models.BooleanField()
    content_version = models.IntegerField()
    verdicts = models.JSONField()
    leader = models.UUIDField(null=True)
    """The import on this image that it came with, while nothing has happened to it by itself."""

    class Meta:
        db_table = "image_progress_items"
        indexes = [
            models.Index(fields=["leader"], name="image_progress_followers", condition=models.Q(leader__isnull=False))
        ]


class ImageProgressRow(models.Model):
    """The counts of one type on one image; removed annotations do not count."""

    id = models.UUIDField(primary_key=True)
    image_id = models.UUIDField(db_index=True)
    annotation_type_id = models.UUIDField()
    annotated = models.IntegerField()
    accepted = models.IntegerField()
    rejected = models.IntegerField()
    open = models.IntegerField()

    class Meta:
        db_table = "image_progress"


class Item(msgspec.Struct, frozen=True, kw_only=True):
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
        valid = {verdict for verdict, of_version in self.verdicts.values() if of_version == self.content_version}
        return "rejected" if "rejected" in valid else "accepted" if valid else "open"


FIELDS = Item.__struct_fields__


def evolve(item: Item | None, fact: Fact) -> Item | None:
    """The item after one more fact of its annotation."""
    if isinstance(fact, annotations.AnnotationDrawn):
        return _drawn(fact)
    change = CHANGES.get(type(fact))
    return item if item is None or change is None else replace(change(item, fact), leader=None)


def _drawn(fact: annotations.AnnotationDrawn, leader: UUID | None = None) -> Item:
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


def differences(before: Mapping[UUID, Item], after: Mapping[UUID, Item | None]) -> Counts:
    """How the counts move when these items become those."""
    moved: Counts = defaultdict(lambda: [0, 0, 0, 0])
    for key, item in after.items():
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


class ImageProgress(Projection):
    """Follows the annotations; counts move by differences, so that a batch costs what it changes.

    It decides nothing, and an annotation that cannot be counted is one in the counts of one image: it is parked, the
    read model is called degraded, and the counts of every other team go on.
    """

    on_poison = OnPoison.PARK
    name = "image_progress"
    tables = (ImageProgressItem, ImageProgressRow)

    def apply(self, batch: Sequence[Recorded]) -> None:
        wanted = [recorded.fact for recorded in batch if isinstance(recorded.fact, ANNOTATION_FACTS + IMPORT_FACTS)]
        for of_imports, facts in groupby(wanted, lambda fact: isinstance(fact, IMPORT_FACTS)):
            if of_imports:
                for fact in facts:
                    _follow(fact)
            else:
                _apply(list(facts))


def _apply(facts: list[Fact]) -> None:
    """Facts of single annotations."""
    before = _items({fact.originator_id for fact in facts})
    after: dict[UUID, Item | None] = dict(before)
    for fact in facts:
        after[fact.originator_id] = evolve(after.get(fact.originator_id), fact)
    _keep(before, after)


def _follow(fact: Fact) -> None:
    """What happens to everything that an import brought to an image: shown, removed, restored."""
    if isinstance(fact, ImportedAnnotationsShown):
        for chunk in chunks_of(fact.originator_id):
            born = [_drawn(birth, leader=fact.originator_id) for birth in births(chunk)]
            _keep({}, {item.id: item for item in born})
    else:
        _move_followers(fact.originator_id, removed=isinstance(fact, ImportedAnnotationsRemoved))


def _keep(before: Mapping[UUID, Item], after: Mapping[UUID, Item | None]) -> None:
    upsert(ImageProgressItem, [_item_row(item) for item in after.values() if item])
    _move(differences(before, after))


def _move_followers(leader: UUID, *, removed: bool) -> None:
    """Nobody has verified what follows, so that all of it counts as open, or no more."""
    sql = (
        "with moved as (update image_progress_items set removed = %s where leader = %s and removed <> %s"
        " returning image_id, annotation_type_id)"
        " select image_id, annotation_type_id, count(*) from moved group by image_id, annotation_type_id"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [removed, leader, removed])
        rows = cursor.fetchall()
    sign = -1 if removed else 1
    _move({(image, kind): [sign * count, 0, 0, sign * count] for image, kind, count in rows})


def _items(ids: set[UUID]) -> dict[UUID, Item]:
    sql = f"select {', '.join(FIELDS)} from image_progress_items where id = any(%s)"  # noqa: S608
    with connection.wrap_database_errors, psycopg.Cursor(driver()) as cursor:
        rows = cursor.execute(sql, [list(ids)], binary=True).fetchall()
    return {row[0]: Item(**dict(zip(FIELDS, row, strict=True))) for row in rows}


@lru_cache(maxsize=10_000)
def _row_id(image_id: UUID, annotation_type_id: UUID) -> UUID:
    return derived_id(image_id, annotation_type_id)


def _item_row(item: Item) -> Row:
    return {name: getattr(item, name) for name in FIELDS}


def _move(difference: Counts) -> None:
    if not difference:
        return
    rows: list[tuple[Any, ...]] = [(_row_id(*key), *key, *difference[key]) for key in sorted(difference)]
    ids = [row[0] for row in rows]
    places = ", ".join(["(%s, %s, %s, %s, %s, %s, %s)"] * len(rows))
    with connection.cursor() as cursor:
        cursor.execute(MOVE.format(places), [value for row in rows for value in row])
        cursor.execute("delete from image_progress where annotated = 0 and id = any(%s)", [ids])


MOVE = """insert into image_progress as t (id, image_id, annotation_type_id, annotated, accepted, rejected, open)
    values {} on conflict (id) do update set annotated = t.annotated + excluded.annotated,
    accepted = t.accepted + excluded.accepted, rejected = t.rejected + excluded.rejected,
    open = t.open + excluded.open"""
