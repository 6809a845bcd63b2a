"""Projector processes are killed at random while facts arrive: no fact may be lost, none may be counted twice."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event
from typing import Self

from tests.benchmarks import Row, at_least, at_most
from tests.benchmarks.projector import Lives

NAMES = ("projector kills", "projector kills: facts lost or doubled")
KILLS, PROCESSES = 40, 3
BEHIND = 15_000
"""Facts that wait, at most: the writer keeps the projectors busy, and lets them finish."""


def rows() -> list[Row]:
    """Forty kills, each of a process that was at work."""
    found = trial(KILLS, PROCESSES)
    against = f"SIGKILL of a process at work, {PROCESSES} processes, {found.facts} facts"
    return [
        at_least("projector kills", found.kills, 30, unit="kills", against=against),
        at_most("projector kills: facts lost or doubled", found.wrong, 0, unit="facts", against=against),
    ]


@dataclass
class Found:
    """What came of it."""

    kills: int = 0
    facts: int = 0
    wrong: int = 0
    states: list[str] = field(default_factory=list)


def trial(kills: int, processes: int, seed: int = 7, within_s: float = 120.0) -> Found:
    """Kill so many projectors while a writer writes, let the others finish, and count."""
    from exact.eventstore.log import head
    from exact.projections.places import places, position_of
    from exact.projections.registry import PROJECTIONS

    start, lives, chance = head(), Lives(), random.Random(seed)
    found = Found()
    with Projectors(processes) as projectors:
        with writing(lives):
            while found.kills < kills:
                time.sleep(chance.uniform(0, 0.3))
                projectors.kill_one(chance, within_s)
                found.kills += 1
        waited = time.monotonic()
        while any(position_of(projection.name) < head() for projection in PROJECTIONS):
            assert time.monotonic() - waited < within_s, f"the projectors do not finish: {places()}"
            time.sleep(0.05)
    found.facts = head() - start
    found.wrong = doubled_or_lost(start) + miscounted(lives)
    found.states = [place.condition for place in places()]
    return found


def doubled_or_lost(start: int) -> int:
    """Activity has one row for each fact."""
    from exact.eventstore.driver import execute

    sql = (
        "select count(*) from (select position from es.event where position > %s) e full join"
        " (select id from activity where id > %s) a on a.id = e.position where a.id is null or e.position is null"
    )
    return int(execute(sql, start, start)[0][0])


def miscounted(lives: Lives) -> int:
    """The counts are those of the writer's own states, which no projection has touched."""
    from exact.projections.image_progress import ImageProgressRow
    from exact.projections.image_progress_fold import STATUSES

    images = set(lives.image_of.values())
    counted: Counter = Counter()
    for row in ImageProgressRow.objects.filter(image_id__in=images):
        for status in STATUSES:
            counted[row.image_id, row.annotation_type_id, status] += getattr(row, status)
    expected = Counter((s.image_id, s.annotation_type_id, s.status.value) for s in lives.states if not s.removed)
    return sum(abs(counted[key] - expected[key]) for key in {*counted, *expected})


@contextmanager
def writing(lives: Lives) -> Iterator[None]:
    """Facts arrive in batches of 1 to 400, as long as the block lasts."""
    enough = Event()

    def write() -> None:
        from django.db import connection

        chance = random.Random(11)
        try:
            while not enough.is_set():
                write_some(lives, chance.choice((1, 3, 50, 400)))
                while waiting() > BEHIND and not enough.is_set():
                    time.sleep(0.02)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(write)
        try:
            yield
        finally:
            enough.set()
        written.result()


def write_some(lives: Lives, count: int) -> None:
    """One batch, in one transaction."""
    from exact.eventstore.log import append
    from exact.eventstore.recorder import Recording

    facts = [lives.next() for _ in range(count)]
    append(Recording.anonymous(), facts, [lives.image_of[fact.originator_id] for fact in facts])


def waiting() -> int:
    """Facts that the slowest projection has not seen; 0 before any projector has come up."""
    from exact.eventstore.log import head
    from exact.projections.places import places

    newest = head()
    return max((place.lag(newest) for place in places()), default=0)


class Projectors:
    """Real processes, `python -m workers.projector`; one that was killed is replaced at once."""

    def __init__(self, count: int) -> None:
        self.count, self.started = count, 0
        self.alive: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        for _ in range(self.count):
            self.start_one()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.alive.values():
            process.send_signal(signal.SIGTERM)
        for process in self.alive.values():
            try:
                process.wait(20)
            finally:
                with suppress(ProcessLookupError):
                    process.kill()

    def start_one(self) -> None:
        """Known to PostgreSQL by a name of its own."""
        from django.db import connection

        self.started += 1
        name = f"projector-{self.started}"
        settings = connection.settings_dict
        url = f"postgresql://{settings['USER']}@/{settings['NAME']}?host={settings['HOST']}"
        environment = {**os.environ, "DATABASE_URL": url, "PGAPPNAME": name, "EXACT_LOG_LEVEL": "ERROR"}
        words = [sys.executable, "-m", "workers.projector"]
        self.alive[name] = subprocess.Popen(words, env=environment)

    def kill_one(self, chance: random.Random, within_s: float) -> None:
        """SIGKILL to one that is in the middle of a transaction."""
        deadline = time.monotonic() + within_s
        while not (names := self.at_work()):
            assert time.monotonic() < deadline, "no projector is at work"
            time.sleep(0.002)
        victim = self.alive.pop(chance.choice(names))
        victim.kill()
        victim.wait()
        self.start_one()

    def at_work(self) -> list[str]:
        """Those with an open transaction that has written something."""
        from exact.eventstore.driver import execute

        sql = (
            "select distinct application_name from pg_stat_activity where backend_xid is not null"
            " and application_name like 'projector-%'"
        )
        return sorted({name for (name,) in execute(sql)} & set(self.alive))
