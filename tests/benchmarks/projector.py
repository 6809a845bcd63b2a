"""Folding facts into image_progress, against only reading and decoding them."""

import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from tests.benchmarks import Row, at_least

NAMES = ("projector", "projector against one-by-one ORM")
BATCHES, BATCH = 16, 5000
ONE_BY_ONE = 80
"""Facts of a batch that are folded one by one as well."""
IMAGES, TYPES, PEOPLE = 40, 5, 6
DRAWN = 0.5
"""How many of the facts are new annotations; the others happen to old ones."""


def rows() -> list[Row]:
    """Each batch is read and decoded, then read, decoded and folded: the ratio of each pair, and its median. Then the
    same against a program that takes one fact at a time.
    """
    start = fill()
    against = f"read + decode, {BATCH} facts a batch"
    one_by_one = "get, save and update by Django's ORM in a transaction for each fact"
    return [
        at_least("projector", statistics.median(compared(start)[1:]), 0.30, unit="ratio", against=against),
        at_least("projector against one-by-one ORM", statistics.median(times_faster(start)[1:]), 25, unit="times",
                 against=one_by_one),
    ]  # fmt: skip


def measured_from(start: int, name: str, *, empty: bool = True):
    """A projection of that name that stands before the facts, with empty tables or with what is in them."""
    from exact.projections.generations import LIVE, clear
    from exact.projections.image_progress import ImageProgress
    from exact.projections.runner import register

    projection = ImageProgress()
    projection.name = name
    register(projection)
    execute("update es.projection set position = %s where name = %s", start, name)
    if empty:
        clear(projection.tables, LIVE)
    return projection


def times_faster(start: int) -> list[float]:
    """For each batch: seconds for one fact alone / seconds for one fact of the batch, which comes first."""
    from exact.eventstore.log import read
    from exact.projections.runner import advance

    projection, ratios = measured_from(start, f"one by one from {start}"), []
    for turn in range(BATCHES // 2):
        some = read(after=start + turn * BATCH, limit=ONE_BY_ONE)
        folding = seconds(lambda: advance(projection, BATCH)) / BATCH
        alone = seconds(lambda some=some: [by_orm(recorded) for recorded in some]) / ONE_BY_ONE
        ratios.append(alone / folding)
    return ratios


def by_orm(recorded) -> None:
    """What one would write first: a fact, its rows and its position in one transaction, by Django's ORM."""
    from django.db import transaction
    from django.db.models import F

    from exact.projections.image_progress import FIELDS, ImageProgressItem, ImageProgressRow
    from exact.projections.image_progress_fold import STATUSES, Item, differences, evolve

    key = recorded.fact.originator_id
    with transaction.atomic():
        row = ImageProgressItem.objects.filter(id=key).first()
        before = Item(**{name: getattr(row, name) for name in FIELDS}) if row else None
        after = evolve(before, recorded.fact)
        assert after is not None
        ImageProgressItem(**{name: getattr(after, name) for name in FIELDS}).save()
        for (image, kind), numbers in differences({key: before} if before else {}, {key: after}).items():
            moved = {name: F(name) + number for name, number in zip(("annotated", *STATUSES), numbers, strict=True)}
            ImageProgressRow.objects.filter(image_id=image, annotation_type_id=kind).update(**moved)
        execute("update es.projection set position = position where name = 'image_progress'")


def compared(start: int, batches: int = BATCHES, *, empty: bool = True) -> list[float]:
    """For each batch: seconds to read and decode it / seconds to fold it, with its position, in one transaction."""
    from exact.eventstore.log import read
    from exact.projections.runner import advance

    projection, ratios = measured_from(start, f"measured from {start}", empty=empty), []
    for turn in range(batches):
        after = start + turn * BATCH
        before = seconds(lambda after=after: read(after=after, limit=BATCH))
        folding = seconds(lambda: advance(projection, BATCH))
        again = seconds(lambda after=after: read(after=after, limit=BATCH))
        ratios.append((before + again) / 2 / folding)
    return ratios


def seconds(do: Callable[[], object]) -> float:
    """How long it took."""
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def fill(batches: int = BATCHES) -> int:
    """Facts as people make them; answers the position before the first."""
    from exact.eventstore.log import append, head
    from exact.eventstore.recorder import Recording

    start, lives = head(), Lives()
    for _ in range(batches):
        facts = [lives.next() for _ in range(BATCH)]
        append(Recording.anonymous(), facts, [lives.image_of[fact.originator_id] for fact in facts])
    execute("analyze es.event")
    return start


def execute(sql: str, *params: object) -> None:
    """One statement without an answer."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, params)


class Lives:
    """Annotations that are drawn, verified, edited, removed and restored in a random order that is always the same."""

    def __init__(self) -> None:
        self.chance = random.Random(7)
        self.states: list = []
        self.image_of: dict[UUID, UUID] = {}
        self.count = 0

    def next(self):
        """One more fact."""
        from exact.domain.registry import fold

        if not self.states or self.chance.random() < DRAWN:
            fact = self.drawn()
            self.states.append(fold(None, [fact]))
            self.image_of[fact.originator_id] = fact.image_id
            return fact
        place = self.chance.randrange(len(self.states))
        fact = self.changed(self.states[place])
        self.states[place] = fold(self.states[place], [fact])
        return fact

    def drawn(self):
        """A polygon of thirty points."""
        from exact.domain import annotations
        from exact.domain.identifiers import new_id

        self.count += 1
        return annotations.draw(
            id=new_id(),
            number=self.count,
            image_id=self.one_of(IMAGES),
            unique_identifier=new_id(),
            annotation_type_id=self.one_of(TYPES),
            vector=self.vector(),
            description="",
            meta_data=None,
            stamp=self.stamp(),
        )

    def changed(self, annotation):
        """What happens next to one that is there."""
        from exact.domain.annotations import Verdict

        stamp = self.stamp()
        if annotation.removed:
            return annotation.restore(stamp)[0]
        what = self.chance.random()
        if what < 0.2:
            return annotation.reshape(self.vector(), stamp)[0]
        if what < 0.3:
            return annotation.remove("", stamp)[0]
        verdict = Verdict.REJECTED if what > 0.9 else Verdict.ACCEPTED
        self.count += 1
        facts = annotation.verify(verdict, annotation.version, self.count, stamp)
        return facts[0] if facts else annotation.withdraw_verification(stamp.by, stamp)[0]

    def vector(self):
        """Anywhere on the image; nobody checks here whether its outline crosses itself."""
        from exact.domain.vectors import Vector, VectorType

        points = tuple(self.chance.randrange(2_000_000) for _ in range(60))
        return Vector(vector_type=VectorType.POLYGON, points=points)

    def one_of(self, count: int) -> UUID:
        return UUID(int=self.chance.randrange(count) + 1)

    def stamp(self):
        from exact.domain.facts import Stamp

        return Stamp(at=datetime(2026, 1, 1, tzinfo=UTC), by=self.one_of(PEOPLE))
