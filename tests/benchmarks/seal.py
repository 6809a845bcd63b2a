"""Sealing what eight processes have appended, against their appending."""

import statistics
import time

from tests.benchmarks import Row, at_least
from tests.benchmarks.append import PROCESSES, together, workers

NAMES = ("seal",)
ROUNDS, TURNS = 8, 10
WARM_UP = 1


def rows() -> list[Row]:
    """In every round the processes append for a while, then one sealer seals it all; the median of the ratios."""
    ratios = by_turns()
    against = f"append, {PROCESSES} processes: facts a second of each"
    return [at_least("seal", statistics.median(ratios[WARM_UP:]), 5, unit="ratio", against=against)]


def by_turns() -> list[float]:
    """Facts sealed in a second / facts appended in a second, of the same round."""
    from exact.eventstore.verification import problems

    seal_all()
    ratios = []
    with workers(PROCESSES) as pipes:
        for _ in range(WARM_UP + ROUNDS):
            appended = statistics.median(together(pipes, "ours") for _ in range(TURNS))
            ratios.append(seal_all() / appended)
    found = list(problems())
    assert not found, found
    return ratios


def seal_all() -> float:
    """Facts sealed in a second, transaction after transaction as the sealer does it."""
    from exact.eventstore import seals

    before = seals.newest()
    began, last = time.perf_counter(), before
    while made := seals.seal():
        last = made
    took_s = time.perf_counter() - began
    return ((last.tree_size if last else 0) - (before.tree_size if before else 0)) / took_s
