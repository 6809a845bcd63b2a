"""Ends processes of a running application by SIGKILL, at random, and watches how long it takes to come back."""

import contextlib
import os
import random
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import redis

from exact.settings import run_folder
from tests.application import Application, processes_of

PAUSE_S = (0.5, 2.5)
MARKS = {
    "web": "daphne",
    "worker": "workers.worker",
    "projector": "workers.projector",
    "sealer": "workers.sealer",
    "postgres": "/postgres -D",
    "backend": "postgres: exact: exact exact",
    "redis": "redis-server",
}
"""What stands in the words of each kind of process."""
KINDS = (*MARKS, "keeper", "reader", "queue")
"""What can be taken away: processes, their keepers, the supervisor's forks that read, and all that Redis holds."""


def kind_of(words: str) -> str | None:
    """What a process is for, by its words; None for what is not to be killed."""
    if "keep.py" in words:
        return "keeper"
    if "manage.py up" in words:
        return "reader"
    return next((kind for kind, mark in MARKS.items() if mark in words), None)


def victims(up: Application) -> dict[str, list[int]]:
    """Numbers of the living processes, by kind; the supervisor itself is spared."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    spared = up.process.pid if up.process else 0
    for pid, words in processes_of(up.var).items():
        if pid != spared and (kind := kind_of(words)):
            found[kind].append(pid)
    return found


def present(up: Application) -> list[str]:
    """The kinds that this application has."""
    living = victims(up)
    return [kind for kind in KINDS if kind == "queue" or living.get(kind)]


@dataclass
class Kills:
    """What was done, and when /health/ did not say that all is well (from, to)."""

    done: list[tuple[float, str]] = field(default_factory=list)
    red: list[tuple[float, float]] = field(default_factory=list)


def kill(up: Application, kind: str, chance: random.Random) -> bool:
    """One of that kind; False when none lives just now."""
    if kind == "queue":
        return emptied(up)
    living = sorted(victims(up).get(kind, []))
    if not living:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(chance.choice(living), signal.SIGKILL)
    return True


def emptied(up: Application) -> bool:
    """Redis forgets everything, as after the loss of its file."""
    client = redis.Redis(unix_socket_path=str(run_folder(up.var) / "redis.sock"), socket_timeout=2)
    try:
        return bool(client.flushall())
    except redis.RedisError:
        return False
    finally:
        client.close()


class Killer(threading.Thread):
    """Somebody with bad luck: every kind has its turn, in random order, for so many seconds and at least once."""

    def __init__(self, up: Application, kinds: Sequence[str], seed: int, for_s: float) -> None:
        super().__init__(name="killer", daemon=True)
        self.up, self.kinds, self.chance, self.for_s = up, kinds, random.Random(seed), for_s
        self.kills = Kills()

    def run(self) -> None:
        """One kill in 1.5 s or so; what does not live just now comes later."""
        end = time.monotonic() + self.for_s
        bag = self.shuffled()
        while time.monotonic() < end or len(self.kills.done) < len(self.kinds):
            kind = bag.pop()
            if kill(self.up, kind, self.chance):
                self.kills.done.append((time.monotonic(), kind))
            else:
                bag.insert(0, kind)
            bag = bag or self.shuffled()
            time.sleep(self.chance.uniform(*PAUSE_S))

    def shuffled(self) -> list[str]:
        """Each kind once."""
        return self.chance.sample(self.kinds, len(self.kinds))


class Watch(threading.Thread):
    """Asks /health/ all the time."""

    def __init__(self, up: Application, kills: Kills) -> None:
        super().__init__(name="watch", daemon=True)
        self.up, self.kills = up, kills
        self.ended = threading.Event()

    def run(self) -> None:
        """Notes from when to when it was not well."""
        since: float | None = None
        while not self.ended.is_set():
            well, now = self.up.answers(), time.monotonic()
            if not well and since is None:
                since = now
            if well and since is not None:
                self.kills.red.append((since, now))
                since = None
            time.sleep(0.05)


def well_again(up: Application, within_s: float) -> float:
    """Seconds until all is well, and stays so for a second; fails when it takes longer than it may."""
    began = time.monotonic()
    since: float | None = None
    while since is None or time.monotonic() - since < 1.0:
        assert time.monotonic() - began < within_s, f"it does not come back: {up.said()[-5000:]}"
        since = (since or time.monotonic()) if up.answers() else None
        time.sleep(0.05)
    return since - began
