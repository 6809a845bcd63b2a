"""Read models are rebuilt again and again while people write and read: nobody may see an error or a wrong number."""

import itertools
import random
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock

from tests.benchmarks import Row, at_most

NAMES = ("rebuild under load",)
ROUNDS, FACTS = 8, 100_000
WRITERS, READERS = 2, 3


def rows() -> list[Row]:
    """Each round rebuilds annotations, image_progress and activity, and returns to the annotations before."""
    fill(FACTS)
    found = trial(ROUNDS)
    against = f"{len(found.exchanged_ms)} exchanges, {WRITERS} writers, {READERS} readers, {found.calls} calls"
    return [
        at_most("rebuild under load: errors and wrong rows", found.wrong, 0, unit="", against=against),
        at_most("rebuild under load: exchange, median", statistics.median(found.exchanged_ms), 100, unit="ms",
                against=against),
        at_most("rebuild under load: longest exchange", max(found.exchanged_ms), 100, unit="ms", against=against),
        at_most("rebuild under load: longest call of anybody", 1000 * found.longest_s, 1000, unit="ms",
                against=against),
    ]  # fmt: skip


@dataclass
class Found:
    """What came of it."""

    calls: int = 0
    drawn: int = 0
    longest_s: float = 0.0
    problems: list[str] = field(default_factory=list)
    exchanged_ms: list[float] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    @property
    def wrong(self) -> int:
        """Errors, and rows that are not those of the facts."""
        return len(self.problems)

    def timed(self, do: Callable[[], object]) -> None:
        """One call of somebody; what goes wrong in it is kept."""
        began = time.monotonic()
        try:
            do()
        except Exception as error:  # noqa: BLE001 - told at the end
            with self.lock:
                self.problems.append(f"{type(error).__name__}: {error}")
        with self.lock:
            self.calls += 1
            self.longest_s = max(self.longest_s, time.monotonic() - began)


def fill(facts: int) -> None:
    """A log of that length, and the rows it makes."""
    from exact.eventstore.driver import execute
    from exact.projections.annotations import ANNOTATIONS
    from exact.projections.rebuilding import rebuild
    from tests.benchmarks.projector import Lives
    from tests.soak.projector_kills import write_some

    lives = Lives()
    for _ in range(facts // 5000):
        write_some(lives, 5000)
    for noun in ("annotation", "verification"):  # the people who come next count on
        execute(f"select setval('es.number_{noun}', %s)", lives.count)
    rebuild(ANNOTATIONS)


def trial(rounds: int) -> Found:
    """Rebuild while everybody works; then compare everything with a replay."""
    from exact.projections.annotations import ANNOTATIONS, AnnotationRow
    from exact.projections.rebuilding import differences, rebuild, return_to_kept
    from exact.projections.registry import PROJECTIONS

    found = Found()
    people = People(found)
    before = AnnotationRow.objects.count()
    with people.at_work():
        for _ in range(rounds):
            done = [rebuild(read_model) for read_model in (ANNOTATIONS, *PROJECTIONS)]
            done.append(return_to_kept(ANNOTATIONS))
            found.exchanged_ms += [one.exchanged_ms or 0.0 for one in done]
            found.problems += [line for one in done if one.comparison for line in one.comparison.lines]
    if AnnotationRow.objects.count() != before + found.drawn:
        found.problems.append(f"{before} and {found.drawn} drawn are not {AnnotationRow.objects.count()}")
    found.problems += [line for read_model in (ANNOTATIONS, *PROJECTIONS) for line in differences(read_model)]
    return found


class People:
    """Writers, readers and a projector, each in a thread with a connection of its own."""

    def __init__(self, found: Found) -> None:
        from exact.projections.registry import PROJECTIONS
        from exact.projections.runner import register
        from tests.builders import a_workplace

        self.found, self.enough = found, Event()
        self.place = a_workplace()
        self.drawn = [self.place.draw().id for _ in range(3)]
        self.seen = itertools.count()
        for projection in PROJECTIONS:
            register(projection)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """As long as the block lasts."""
        jobs = [self.write] * WRITERS + [self.count, self.join, self.look] + [self.follow]
        with ThreadPoolExecutor(len(jobs)) as pool:
            running = [pool.submit(self.again, job) for job in jobs]
            try:
                yield
            finally:
                self.enough.set()
            for job in running:
                job.result()

    def again(self, make: Callable[[], Callable[[], object]]) -> None:
        """One thread."""
        from django.db import connection

        try:
            do = make()
            while not self.enough.is_set():
                self.found.timed(do)
        finally:
            connection.close()

    def write(self) -> Callable[[], object]:
        """Draws, reshapes, verifies."""
        from exact.commands.annotations import ReshapeAnnotation, VerifyAnnotation
        from exact.commands.bus import dispatch
        from exact.domain.annotations import Verdict
        from tests.builders import a_polygon

        chance = random.Random(next(self.seen))

        def one() -> None:
            what = chance.random()
            if what < 0.4:
                self.drawn.append(self.place.draw().id)
                with self.found.lock:
                    self.found.drawn += 1
            elif what < 0.7:
                vector = a_polygon(chance.randrange(1900), chance.randrange(900))
                wish = ReshapeAnnotation(annotation_id=chance.choice(self.drawn), vector=vector)
                dispatch(wish, by=self.place.owner)
            else:
                verdict = chance.choice(list(Verdict))
                dispatch(
                    VerifyAnnotation(annotation_id=chance.choice(self.drawn), verdict=verdict), by=self.place.owner
                )

        return one

    def count(self) -> Callable[[], object]:
        """Nothing is ever removed here, so there are never fewer than there were."""
        from exact.projections.annotations import AnnotationRow

        return self.never_fewer(lambda: AnnotationRow.objects.filter(image_id=self.place.image_id).count())

    def join(self) -> Callable[[], object]:
        """By a prepared statement over both tables."""
        import psycopg

        from exact.eventstore.driver import driver

        sql = (
            "select count(*) from annotations a left join verifications v on v.annotation_id = a.id"
            " where a.image_id = %s"
        )

        def ask() -> int:
            with psycopg.Cursor(driver()) as cursor:
                row = cursor.execute(sql, [self.place.image_id], prepare=True).fetchone()
                assert row is not None
                return int(row[0])

        return self.never_fewer(ask)

    def look(self) -> Callable[[], object]:
        """Rows and position of one moment: as many rows as there are births up to there."""
        from exact.eventstore.driver import execute
        from exact.projections.annotations import AnnotationRow
        from exact.projections.snapshot import one_moment

        sql = "select count(*) from es.event where scope_id = %s and type = 'AnnotationDrawn'"

        def ask() -> None:
            with one_moment(AnnotationRow):
                born = execute(sql, self.place.image_id)[0][0]
                rows = AnnotationRow.objects.filter(image_id=self.place.image_id).count()
            assert rows == born, f"{rows} rows of {born}"

        return ask

    def follow(self) -> Callable[[], object]:
        """As the projector does."""
        from exact.projections.poison import advance_with_care
        from exact.projections.registry import PROJECTIONS

        def one() -> None:
            if not sum(advance_with_care(projection) for projection in PROJECTIONS):
                time.sleep(0.01)

        return one

    def never_fewer(self, ask: Callable[[], int]) -> Callable[[], object]:
        """A number that only grows."""
        most = 0

        def one() -> None:
            nonlocal most
            number = ask()
            assert number >= most, f"{number} after {most}"
            most = number

        return one
