"""Image progress: how many annotations of each type an image has, and how many are accepted, rejected, open."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection, models

from exact.domain.facts import Fact
from exact.domain.identifiers import derived_id
from exact.domain.imports import AnnotationsImported, ImportedAnnotationsRemoved, ImportedAnnotationsShown, births
from exact.domain.registry import FACTS
from exact.eventstore.bulk import chunks_of
from exact.eventstore.driver import execute_binary
from exact.eventstore.log import Recorded, by_scope
from exact.projections.base import Row, copy, insert, upsert
from exact.projections.follow import OnPoison, Projection
from exact.projections.image_progress_fold import (
    ANNOTATION_FACTS,
    IMPORT_FACTS,
    STATUSES,
    Counts,
    Item,
    ItemFold,
    Items,
    differences,
    drawn,
)

FOLDED = (*ANNOTATION_FACTS, *IMPORT_FACTS, AnnotationsImported)
APPLIED = frozenset((*ANNOTATION_FACTS, *IMPORT_FACTS))
OTHERS = tuple(name for name, kind in FACTS.items() if kind not in FOLDED)
"""What is left out where only annotations are read; a name that nobody knows is not."""
PORTION = 5000
"""Items that are written at a time, and those that the last image among them has beyond that."""


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


FIELDS = Item.__struct_fields__
DECODER = msgspec.json.Decoder(dict[str, tuple[str, int]])


class ImageProgress(Projection):
    """Follows the annotations; counts move by differences, so that a batch costs what it changes.

    It decides nothing, and an annotation that cannot be counted is one in the counts of one image: it is parked, the
    read model is called degraded, and the counts of every other team go on.
    """

    on_poison = OnPoison.PARK
    name = "image_progress"
    tables = (ImageProgressItem, ImageProgressRow)

    def apply(self, batch: Sequence[Recorded]) -> None:
        wanted = [recorded.fact for recorded in batch if type(recorded.fact) in APPLIED]
        for of_imports, facts in groupby(wanted, lambda fact: isinstance(fact, IMPORT_FACTS)):
            if of_imports:
                for fact in facts:
                    _follow(fact)
            else:
                _apply(list(facts))

    def parts(self, upto: int) -> Iterator[Items]:
        """The items of whole images: an image is a scope, so its counts are complete when it is left."""
        found, scope_id = ItemFold(), UUID(int=0)
        for recorded in by_scope(upto, leaving_out=OTHERS):
            if recorded.scope_id != scope_id and len(found.items) >= PORTION:
                yield found.items
                found = ItemFold()
            scope_id = recorded.scope_id
            found.take(recorded.fact)
        yield found.items

    def fill(self, part: Items) -> None:
        copy(ImageProgressItem, map(_item_row, part.values()))
        counts = differences({}, part)
        copy(ImageProgressRow, [_row(key, counts[key]) for key in sorted(counts)])


def _apply(facts: list[Fact]) -> None:
    """Facts of single annotations."""
    before = _items({fact.originator_id for fact in facts})
    found = ItemFold()
    found.items |= before
    found.take_own(facts)
    _keep(before, found.items)


def _follow(fact: Fact) -> None:
    """What happens to everything that an import brought to an image: shown, removed, restored."""
    if isinstance(fact, ImportedAnnotationsShown):
        for chunk in chunks_of(fact.originator_id):
            born = {birth.originator_id: drawn(birth, leader=fact.originator_id) for birth in births(chunk)}
            _keep(_items(set(born)), born)
    else:
        _move_followers(fact.originator_id, removed=isinstance(fact, ImportedAnnotationsRemoved))


def _keep(before: Items, after: Items) -> None:
    insert(ImageProgressItem, [_item_row(item) for key, item in after.items() if key not in before])
    upsert(ImageProgressItem, [_item_row(item) for key, item in after.items() if before.get(key, item) != item])
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


def _items(ids: set[UUID]) -> Items:
    """The items of these annotations; their verdicts come as text, which we read three times as fast as the driver."""
    names = ", ".join("verdicts::text" if name == "verdicts" else name for name in FIELDS)
    sql = f"select {names} from image_progress_items where id = any(%s)"  # noqa: S608
    return {row[0]: _item(row) for row in execute_binary(sql, [list(ids)])}


def _item(row: tuple[Any, ...]) -> Item:  # Any: columns in the order of FIELDS
    key, image_id, kind, removed, content_version, verdicts, leader = row
    return Item(
        id=key,
        image_id=image_id,
        annotation_type_id=kind,
        removed=removed,
        content_version=content_version,
        verdicts=DECODER.decode(verdicts),
        leader=leader,
    )


@lru_cache(maxsize=10_000)
def _row_id(image_id: UUID, annotation_type_id: UUID) -> UUID:
    return derived_id(image_id, annotation_type_id)


def _item_row(item: Item) -> Row:
    return {
        "id": item.id,
        "image_id": item.image_id,
        "annotation_type_id": item.annotation_type_id,
        "removed": item.removed,
        "content_version": item.content_version,
        "verdicts": item.verdicts,
        "leader": item.leader,
    }


def _row(key: tuple[UUID, UUID], numbers: Sequence[int]) -> Row:
    """In the order of the table's columns."""
    return dict(zip(COUNTED, (_row_id(*key), *key, *numbers), strict=True))


COUNTED = ("id", "image_id", "annotation_type_id", "annotated", *STATUSES)


def _move(difference: Counts) -> None:
    """Always in one order, so that two who move the same counts cannot wait for each other in a ring."""
    if difference:
        rows = [tuple(_row(key, difference[key]).values()) for key in sorted(difference)]
        by_column = [list(column) for column in zip(*rows, strict=True)]
        execute_binary(MOVE, by_column)
        execute_binary("delete from image_progress where annotated = 0 and id = any(%s)", by_column[:1])


MOVE = """insert into image_progress as t (id, image_id, annotation_type_id, annotated, accepted, rejected, open)
    select * from unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::int[], %s::int[], %s::int[], %s::int[])
    on conflict (id) do update set annotated = t.annotated + excluded.annotated,
    accepted = t.accepted + excluded.accepted, rejected = t.rejected + excluded.rejected,
    open = t.open + excluded.open"""
