"""Eight clients write, a page listens, files come and go, and something is killed all the time; then the verdict."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.application import Application
from tests.crash import verdict
from tests.crash.curator import Curator
from tests.crash.killer import Killer, Kills, Watch, well_again
from tests.crash.listener import Listener
from tests.crash.place import Place
from tests.crash.writers import Told, Writer

BACK_WITHIN_S = 60.0
"""A machine with other work takes its time; the figures tell how long it really was."""


@dataclass
class Outcome:
    """What came of it; every list is empty when all is well."""

    seed: int
    kills: Kills
    told: list[Told]
    came_back_s: float
    lost: list[str]
    doubled: list[str]
    broken: list[str]
    differing: list[str]
    unheard: list[str]
    unkept: list[str]
    unwritten: list[str]
    unimported: list[str]
    unsealed: list[str]
    faults: list[str]

    @property
    def acknowledged(self) -> int:
        """Commands that were granted."""
        return sum(len(told.acknowledged) for told in self.told)

    @property
    def problems(self) -> list[str]:
        """All that should not be."""
        unanswered = [f"{told.unanswered} were never answered" for told in self.told if told.unanswered]
        return [*unanswered, *self.lost, *self.doubled, *self.broken, *self.differing, *self.unheard, *self.unkept,
                *self.unwritten, *self.unimported, *self.unsealed, *self.faults]  # fmt: skip

    def __str__(self) -> str:
        """For whoever wants to see it again."""
        kinds = Counter(kind for _, kind in self.kills.done)
        away, busy = (sum(getattr(told, name) for told in self.told) for name in ("away", "busy"))
        retried = sum(said.attempts > 1 for told in self.told for said in told.acknowledged)
        return (
            f"seed {self.seed}: {len(self.kills.done)} kills {dict(kinds)}; {self.acknowledged} commands acknowledged, "
            f"{retried} of them after a repetition; {away} requests without answer, {busy} told to wait"
        )


def trial(up: Application, place: Place, kinds: Sequence[str], *, seed: int, for_s: float) -> Outcome:
    """Runs it. The application is well at the end, and nothing of ours runs any more."""
    until = threading.Event()
    writers = [Writer(place, who, seed, until) for who in place.people]
    curator, listener = Curator(place, seed, until), Listener(place)
    killer = Killer(up, kinds, seed, for_s)
    watch = Watch(up, killer.kills)
    clients = [*writers, curator]
    for thread in (*clients, listener, watch, killer):
        thread.start()
    killer.join()
    until.set()
    deadline = time.monotonic() + BACK_WITHIN_S
    for client in clients:
        client.deadline = deadline
    came_back_s = well_again(up, BACK_WITHIN_S)
    for client in clients:
        client.join()
    outcome = judged(up, seed, killer.kills, came_back_s, writers, curator, listener)
    for ending in (listener, watch):
        ending.ended.set()
        ending.join()
    return outcome


def judged(
    up: Application,
    seed: int,
    kills: Kills,
    came_back_s: float,
    writers: Sequence[Writer],
    curator: Curator,
    listener: Listener,
) -> Outcome:
    """Looks at the database and the files from outside."""
    told = [writer.told for writer in writers]
    with verdict.database(up) as connection:
        return Outcome(
            seed=seed,
            kills=kills,
            told=told,
            came_back_s=came_back_s,
            lost=verdict.lost(connection, told),
            doubled=verdict.doubled(connection, told),
            broken=verdict.broken(connection),
            unheard=verdict.unheard(connection, listener),
            unkept=verdict.unkept(up, connection),
            unwritten=verdict.unwritten(up, connection, curator.promised, BACK_WITHIN_S),
            unimported=verdict.unimported(connection, curator.imports, BACK_WITHIN_S),
            unsealed=verdict.unsealed(up),
            differing=verdict.differing(up),
            faults=[*curator.faults, *(fault for one in told for fault in one.faults)],
        )
