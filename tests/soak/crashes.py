"""`crash`: a minute of kills at random under eight writing clients, then each kind alone: how long until it is back.

EXACT_CRASH_S says how many seconds (60), EXACT_CRASH_SEED which kills (printed; random without it).
"""

import itertools
import os
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.application import Application
from tests.benchmarks import Row, at_least, at_most
from tests.crash.killer import KINDS, kill, present, victims
from tests.crash.place import Place, a_place
from tests.crash.trial import BACK_WITHIN_S, Outcome, trial

CLIENTS = 8
ROUNDS = 5
BACK_AIM_S = 10.0
COUNTS = (
    "crash: kills",
    "crash: commands acknowledged",
    "crash: acknowledged commands lost",
    "crash: commands doubled",
    "crash: rows that differ from a fresh fold",
    "crash: findings of verify_log",
    "crash: everything else that should not be",
)
BACK = "crash: back after a kill of {}, p50 of 5"
LONGEST = "crash: not well in a row, p95"
NAMES = (*COUNTS, LONGEST, *(BACK.format(kind) for kind in KINDS))
KEYS = itertools.count()


def rows() -> list[Row]:
    """The random minute, then the single kills, on an application of its own."""
    for_s = float(os.environ.get("EXACT_CRASH_S", "60"))
    seed = int(os.environ.get("EXACT_CRASH_SEED", "0")) or random.randrange(1, 10**6)
    with application() as up:
        place, kinds = a_place(up, people=CLIENTS), present(up)
        outcome = trial(up, place, kinds, seed=seed, for_s=for_s)
        print(outcome, *outcome.problems, sep="\n", flush=True)
        return [*counted(outcome, for_s), *(single(up, place, kind) for kind in kinds if kind != "queue")]


@contextmanager
def application() -> Iterator[Application]:
    """Started as `make up` does."""
    folder = Path(tempfile.mkdtemp(prefix="exact-crash-"))
    folder.chmod(0o755)
    up = Application(folder / "var")
    try:
        up.start()
        yield up
    finally:
        if up.process is not None and up.process.poll() is None:
            up.stop()
        shutil.rmtree(folder, ignore_errors=True)


def counted(outcome: Outcome, for_s: float) -> list[Row]:
    """What the minute came to."""
    against = f"{for_s:g} s of random kills, {CLIENTS} clients, seed {outcome.seed}"
    named = (outcome.lost, outcome.doubled, outcome.differing, outcome.unsealed)
    red = sorted(end - start for start, end in outcome.kills.red) or [0.0]
    return [
        at_least(COUNTS[0], len(outcome.kills.done), 1, unit="kills", against=against),
        at_least(COUNTS[1], outcome.acknowledged, 1, unit="commands", against=against),
        *(
            at_most(name, len(found), 0, unit="found", against=against)
            for name, found in zip(COUNTS[2:6], named, strict=True)
        ),
        at_most(COUNTS[6], len(outcome.problems) - sum(map(len, named)), 0, unit="found", against=against),
        at_most(LONGEST, red[int(len(red) * 0.95)], BACK_AIM_S, unit="s", against="/health/, asked all the time"),
    ]


def single(up: Application, place: Place, kind: str) -> Row:
    """One kind alone, a few times."""
    chance = random.Random(kind)
    times = [back_after(up, place, kind, chance) for _ in range(ROUNDS)]
    return at_most(BACK.format(kind), statistics.median(times), BACK_AIM_S, unit="s", against="the moment of the kill")


def back_after(up: Application, place: Place, kind: str, chance: random.Random) -> float:
    """Seconds until as many of that kind live as before, all is well, and a command is granted."""
    count = 0 if kind == "backend" else len(victims(up)[kind])  # how many backends there are is the pool's affair
    assert kill(up, kind, chance)
    began = time.monotonic()
    while len(victims(up).get(kind, [])) < count or not (up.answers() and granted(place)):
        assert time.monotonic() - began < BACK_WITHIN_S, f"{kind} does not come back"
        time.sleep(0.02)
    return time.monotonic() - began


def granted(place: Place) -> bool:
    """Whether a command is recorded just now."""
    body = {
        "command": "DrawAnnotation",
        "image_id": str(next(iter(place.images.values()))),
        "annotation_type_id": str(place.annotation_type_id),
        "vector": {"vector_type": 5, "points": [0, 0, 1000, 0, 0, 1000]},
    }
    headers = {**place.owner.headers, "Idempotency-Key": f"is it back? {next(KEYS)}"}
    try:
        return requests.post(f"{place.url}api/v1/commands/", json=body, headers=headers, timeout=10).ok
    except requests.RequestException:
        return False
