"""What appending, reading a history and projecting cost with ten thousand, a million, ten million facts in the log."""

import random
import statistics
from collections.abc import Callable
from typing import Any

from tests.benchmarks import Row, append, at_least, at_most, projector
from tests.soak.generated import Part, fill, prepare, team

PARTS = {"10k": (10_000, 10), "1M": (990_000, 1_000), "10M": (9_000_000, 100_000)}
"""What is added to the log each time: so many facts, and where their images are numbered from."""
WORKS = ("append", "append to an old annotation", "projector")
THINGS = ("annotation", "image", "team")
HISTORIES = tuple(f"history of {thing}" for thing in THINGS)
NAMES = tuple(f"scale {what}, {size}" for what in (*WORKS, *HISTORIES) for size in (*PARTS, "10M / 10k"))
ROUNDS, PAGES, BATCHES = 30, 200, 9
FLAT = 1.5
"""How much dearer the same work may be with a thousand times the facts."""

Costs = dict[str, float]
"""What each work costs: in units of what it is compared with, or in ms."""


def rows() -> list[Row]:
    """One log that grows; everything is measured at each size."""
    prepare()
    made: list[Row] = []
    costs: dict[str, Costs] = {}
    for size, (count, base) in PARTS.items():
        print(f"  filling to {size} facts ...", flush=True)
        part = fill(count, base)
        costs[size] = {}
        for measure in (histories, appends, projections):
            made += measure(part, size, costs[size])
    return made + flatness(costs["10k"], costs["10M"])


def flatness(small: Costs, large: Costs) -> list[Row]:
    """The cost with ten million facts in units of the cost with ten thousand."""
    against = "the same with a thousandth of the facts"
    return [
        at_most(f"scale {what}, 10M / 10k", large[what] / cost, FLAT, unit="ratio", against=against)
        for what, cost in small.items()
    ]


# --- histories --------------------------------------------------------------------------------------------------------


def histories(part: Part, size: str, costs: Costs) -> list[Row]:
    """A page of 500 facts from a random place on, each time another: database and making the JSON.

    In ms, which hold for a quiet machine only; and in units of reading 500 neighbours' payloads at the same moment.
    """
    from tests.eventstore.plans import partitions

    chance, made = random.Random(7), []
    for thing in THINGS:
        pairs = [timed(thing, part, chance) for _ in range(PAGES)]
        times = sorted(page_ms for page_ms, _ in pairs)
        p50, p95 = statistics.median(times), times[int(PAGES * 0.95)]
        costs[f"history of {thing}"] = statistics.median(page_ms / raw_ms for page_ms, raw_ms in pairs)
        name, touched = f"scale history of {thing}, {size}", len(partitions(a_page(thing, part, chance)))
        against = f"500 facts; {costs[f'history of {thing}']:.2f} x reading 500 neighbours"
        made += [
            at_most(f"{name}, p50", p50, 5, unit="ms", against=against),
            at_most(f"{name}, p95", p95, 5, unit="ms", against=against),
            at_most(f"{name}, partitions", touched, 2, unit="partitions", against="EXPLAIN ANALYZE"),
        ]
    return made


def timed(thing: str, part: Part, chance: random.Random) -> tuple[float, float]:
    """A page and, at once after it, 500 payloads that lie side by side; both in ms."""
    page, after = a_page(thing, part, chance), part.place(chance, 0.4)
    return projector.seconds(page) * 1000, projector.seconds(lambda: neighbours(after)) * 1000


def neighbours(after: int) -> None:
    """The cheapest way to read 500 facts: one place of the table, nothing but the payloads, prepared."""
    import psycopg

    from exact.eventstore.driver import driver

    sql = "select data from es.event where position > %s order by position limit 500"
    with psycopg.Cursor(driver()) as cursor:
        cursor.execute(sql, [after], binary=True).fetchall()


def a_page(thing: str, part: Part, chance: random.Random) -> Callable[[], Any]:
    """Reads one page as the API does when it knows who asks."""
    from exact.api.v1.spans import one_more
    from exact.api.v1.told import answer
    from exact.eventstore import history
    from exact.eventstore.history import Span
    from exact.projections.activity import positions

    image, span = part.image(chance), Span(after=part.place(chance, 0.4) if thing != "image" else 0)
    read = {
        "annotation": lambda: history.of_stream(part.long, one_more(span)),
        "image": lambda: history.of_scope(image, one_more(span)),
        "team": lambda: history.at(positions("team_id", team(1 + chance.randrange(8)), one_more(span))),
    }[thing]

    def page() -> None:
        stored = read()
        assert len(stored) == span.limit + 1, f"{thing}: {len(stored)} facts after {span.after}"
        answer(thing, 1, stored, span, {})

    return page


# --- appends ----------------------------------------------------------------------------------------------------------


def appends(_part: Part, size: str, costs: Costs) -> list[Row]:
    """A fact of a new stream, and one of any old stream, by turns with a bare INSERT into an empty table."""
    projector.execute(append.TABLE)
    steps = {"raw": append.raw(), "append": append.ours(), "append to an old annotation": on_old_streams()}
    rates: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(-append.WARM_UP, ROUNDS):
        for name, step in steps.items():
            rate = append.counted(step) / append.SECONDS
            if turn >= 0:
                rates[name].append(rate)
    made = []
    for name in ("append", "append to an old annotation"):
        ratio = statistics.median(ours / raw for ours, raw in zip(rates[name], rates["raw"], strict=True))
        costs[name] = 1 / ratio
        against = f"raw INSERT; p50 {1000 / statistics.median(rates[name]):.2f} ms"
        made.append(at_least(f"scale {name}, {size}", ratio, 0.5, unit="ratio", against=against))
    return made


def on_old_streams() -> append.Step:
    """A fact more for a random stream of the log, each time another."""
    from eventsourcing.persistence import StoredEvent

    from exact.domain.identifiers import new_id
    from exact.eventstore.driver import execute
    from exact.eventstore.recorder import ApplicationRecorder, Recording

    [(heads,)] = execute("select reltuples from pg_class where oid = 'es.stream'::regclass")
    sample = f"es.stream tablesample bernoulli ({min(100, 2e6 / heads)})"
    versions = dict(execute(f"select stream_id, version from {sample} where bulk is null"))
    chance, recorder = random.Random(7), ApplicationRecorder()
    streams = list(versions)

    def step() -> None:
        stream = chance.choice(streams)
        versions[stream] += 1
        event = StoredEvent(stream, versions[stream], "AnnotationReshaped", append.PAYLOAD)
        result = f'{{"id":"{stream}","number":1,"version":{versions[stream]}}}'
        recorder.insert_events([event], recording=Recording(command_id=new_id(), request=b"\x07" * 32, result=result))

    return step


# --- the projector ----------------------------------------------------------------------------------------------------


def projections(_part: Part, size: str, costs: Costs) -> list[Row]:
    """Batches at the end of the log, each read and decoded, then read, decoded and folded into tables that grow."""
    ratio = statistics.median(projector.compared(projector.fill(BATCHES), BATCHES, empty=False)[1:])
    costs["projector"] = 1 / ratio
    against = f"read + decode, {projector.BATCH} facts a batch"
    return [at_least(f"scale projector, {size}", ratio, 0.3, unit="ratio", against=against)]
