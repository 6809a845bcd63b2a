"""Image progress: how many annotations of each type an image has, and how many are accepted, rejected, open."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection, models
from msgspec.structs import replace

from exact.domain import annotations
from exact.domain.facts import Fact
from exact.domain.identifiers import derived_id
from exact.eventstore.log import Recorded
from exact.projections.base import Row, upsert
from exact.projections.follow import Projection

STATUSES = ("accepted", "rejected", "open")


class ImageProgressItem(models.Model):
    """What the counts need to remember of one annotation."""

    id = models.UUIDField(primary_key=True)
    image_id = models.UUIDField()
    annotation_type_id = models.UUIDField()
    removed = models.BooleanField()
    content_version = models.IntegerField()
    verdicts = models.JSONField()

    class Meta:
        db_table = "image_progress_items"


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

    @property
    def status(self) -> str:
        """The same rule as the annotation's own."""
        valid = {verdict for verdict, of_version in self.verdicts.values() if of_version == self.content_version}
        return "rejected" if "rejected" in valid else "accepted" if valid else "open"


def evolve(item: Item | None, fact: Fact) -> Item | None:
    """The item after one more fact of its annotation."""
    if isinstance(fact, annotations.AnnotationDrawn):
        return Item(
            id=fact.originator_id,
            image_id=fact.image_id,
            annotation_type_id=fact.annotation_type_id,
            removed=False,
            content_version=fact.originator_version,
            verdicts={},
        )
    return None if item is None else _changed(item, fact)


def _changed(item: Item, fact: Fact) -> Item:
    version, person = fact.originator_version, str(fact.by)
    match fact:
        case annotations.AnnotationReshaped() | annotations.AnnotationDescribed():
            return replace(item, content_version=version)
        case annotations.AnnotationReclassified():
            return replace(item, content_version=version, annotation_type_id=fact.annotation_type_id)
        case annotations.AnnotationRemoved():
            return replace(item, removed=True)
        case annotations.AnnotationRestored():
            return replace(item, removed=False)
        case annotations.AnnotationVerified():
            return replace(item, verdicts={**item.verdicts, person: (fact.verdict.value, fact.of_version)})
        case annotations.VerificationWithdrawn():
            return replace(item, verdicts={key: value for key, value in item.verdicts.items() if key != person})
    return item


Counts = Counter[tuple[UUID, UUID, str]]
"""(image, type, "annotated" or a status) to a number."""


def counts(items: Iterable[Item | None]) -> Counts:
    """What these items add up to."""
    total: Counts = Counter()
    for item in items:
        if item and not item.removed:
            total[item.image_id, item.annotation_type_id, "annotated"] += 1
            total[item.image_id, item.annotation_type_id, item.status] += 1
    return total


class ImageProgress(Projection):
    """Follows the annotations; counts move by differences, so that a batch costs what it changes."""

    name = "image_progress"
    tables = (ImageProgressItem, ImageProgressRow)

    def apply(self, batch: Sequence[Recorded]) -> None:
        facts = [recorded.fact for recorded in batch if isinstance(recorded.fact, ANNOTATION_FACTS)]
        before = _items({fact.originator_id for fact in facts})
        after: dict[UUID, Item | None] = dict(before)
        for fact in facts:
            after[fact.originator_id] = evolve(after.get(fact.originator_id), fact)
        upsert(ImageProgressItem, [_item_row(item) for item in after.values() if item])
        difference = counts(after.values())
        difference.subtract(counts(before.values()))
        _move(difference)


ANNOTATION_FACTS = (
    annotations.AnnotationDrawn,
    annotations.AnnotationReshaped,
    annotations.AnnotationReclassified,
    annotations.AnnotationDescribed,
    annotations.AnnotationRemoved,
    annotations.AnnotationRestored,
    annotations.AnnotationVerified,
    annotations.VerificationWithdrawn,
)


def _items(ids: set[UUID]) -> dict[UUID, Item]:
    names = Item.__struct_fields__
    rows = ImageProgressItem.objects.filter(id__in=ids).values(*names)
    return {row["id"]: msgspec.convert(row, Item) for row in rows}


def _item_row(item: Item) -> Row:
    return {name: getattr(item, name) for name in Item.__struct_fields__}


def _move(difference: Counts) -> None:
    keys = sorted({(image, kind) for (image, kind, _), change in difference.items() if change})
    if not keys:
        return
    rows: list[tuple[Any, ...]] = [
        (derived_id(image, kind), image, kind, *(difference[image, kind, name] for name in ("annotated", *STATUSES)))
        for image, kind in keys
    ]
    with connection.cursor() as cursor:
        cursor.executemany(MOVE, rows)
        cursor.execute("delete from image_progress where annotated = 0 and id = any(%s)", [[row[0] for row in rows]])


MOVE = """insert into image_progress as t (id, image_id, annotation_type_id, annotated, accepted, rejected, open)
    values (%s, %s, %s, %s, %s, %s, %s) on conflict (id) do update set annotated = t.annotated + excluded.annotated,
    accepted = t.accepted + excluded.accepted, rejected = t.rejected + excluded.rejected,
    open = t.open + excluded.open"""
