"""Building a read model again from the log, against only reading and decoding the same facts."""

import statistics

from tests.benchmarks import Row, at_least, at_most
from tests.benchmarks.measuring import apart
from tests.benchmarks.projector import BATCH, BATCHES, fill, seconds

NAMES = ("rebuild image_progress", "rebuild activity", "rebuild annotations", "rebuild: exchange")
ROUNDS = 4


def rows() -> list[Row]:
    """On a log of its own."""
    return apart(measure)


def measure() -> list[Row]:
    """The whole rebuild by turns with reading: filled, indexed, caught up, compared, exchanged."""
    from exact.projections.activity import Activity
    from exact.projections.annotations import ANNOTATIONS
    from exact.projections.image_progress import ImageProgress

    fill()
    found, exchanges = [], []
    for read_model in (ImageProgress(), Activity(), ANNOTATIONS):
        ratios, exchanged_ms = compared(read_model)
        exchanges += exchanged_ms
        found.append(at_least(f"rebuild {read_model.name}", statistics.median(ratios), 0.5, unit="ratio",
                              against=f"read + decode, {BATCHES * BATCH} facts"))  # fmt: skip
    slowest = max(exchanges)
    return [*found, at_most("rebuild: exchange", slowest, 100, unit="ms", against=f"the slowest of {len(exchanges)}")]


def compared(read_model) -> tuple[list[float], list[float]]:
    """Seconds to read and decode everything / seconds to rebuild, in each round but the first; milliseconds of each
    exchange.
    """
    from exact.projections.rebuilding import rebuild

    ratios, exchanged_ms = [], []
    for _ in range(ROUNDS):
        before = seconds(read_all)
        done = []
        building = seconds(lambda done=done: done.append(rebuild(read_model)))
        ratios.append((before + seconds(read_all)) / 2 / building)
        exchanged_ms.append(done[0].exchanged_ms)
    return ratios[1:], exchanged_ms


def read_all() -> None:
    """Every fact, as whoever follows the log reads and decodes it."""
    from exact.eventstore.log import read

    after = 0
    while page := read(after):
        after = page[-1].position
