"""A read model again from the facts, while people read and write: built beside the live one, compared, exchanged."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import msgspec
from django import db
from django.db import transaction

from exact.eventstore.alone import alone
from exact.eventstore.driver import execute
from exact.eventstore.errors import away, passing
from exact.eventstore.log import head
from exact.projections import generations
from exact.projections.base import Inline
from exact.projections.building import Build, ReadModel, build_of, cannot
from exact.projections.comparing import Comparison, compared
from exact.projections.follow import Projection
from exact.projections.generations import look_in, schema_of
from exact.projections.poison import advance_with_care
from exact.projections.runner import register

FIRST = 1
"""The generation of the tables that migrations make."""
PATIENCE_S = 120.0
"""How long the exchange waits for a moment in which nobody is in the middle of reading or writing the tables."""
PAUSE_S = 0.1
LOCK_MS = 50
"""How long one attempt waits for the tables; whoever comes meanwhile waits behind it."""


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """What a rebuild did; `kept` is the generation one can return to, if there is one."""

    name: str
    generation: int
    position: int
    seconds: float
    comparison: Comparison | None
    exchanged_ms: float | None = None
    kept: int | None = None


def rebuild(read_model: ReadModel, *, only_if_equal: bool = False) -> Rebuilt:
    """Build a new generation and make it the live one; the one before is kept for return.

    Rows that differ are no reason to stay: most rebuilds are made because the old rows are wrong. With `only_if_equal`
    the new generation is thrown away instead (exchanged_ms None). Raises CannotBuild.
    """
    began = time.monotonic()
    with undisturbed(read_model), a_new(read_model) as build:
        build.fill(head())
        generations.index(build.tables, build.schema)
        build.catch_up()
        let_live_catch_up(read_model, build)
        found = patiently(build, lambda: compared(build))
        done = Rebuilt(name=build.name, generation=build.generation, position=build.position, comparison=found,
                       seconds=time.monotonic() - began)  # fmt: skip
        if only_if_equal and (found is None or found.count):
            return done
        return exchanged(done, build)


def differences(read_model: ReadModel) -> list[str]:
    """A line for each of the first rows that are not what a replay makes of the log; leaves everything as it was."""
    found = comparison(read_model)
    rest = found.count - len(found.lines)
    return [*found.lines, *([f"... and {rest} more"] if rest else [])]


def comparison(read_model: ReadModel) -> Comparison:
    """The live tables against a replay up to where they stand."""
    with undisturbed(read_model), a_new(read_model) as build:
        build.fill(build.live_position())
        let_live_catch_up(read_model, build)  # it was passed only where a fact is parked
        found = patiently(build, lambda: compared(build))
        if found is None:
            raise cannot(read_model.name, "it stands still before a fact that can be folded now; rebuild it.")
        return found


def return_to_kept(read_model: ReadModel) -> Rebuilt:
    """Make the generation before the live one again, after it has caught up; the live one is kept in its place."""
    began = time.monotonic()
    with undisturbed(read_model):
        generation = kept(read_model.name)
        if generation is None:
            raise cannot(read_model.name, "no generation before it is kept.")
        forget(read_model.name, "retired", but=generation)
        build = build_of(read_model, generation, state="retired")
        if not generations.same_shape(build.tables, build.schema):
            raise cannot(read_model.name, f"generation {generation} has other columns than the tables have now.")
        build.catch_up()
        done = Rebuilt(name=build.name, generation=generation, position=build.position, comparison=None,
                       seconds=time.monotonic() - began)  # fmt: skip
        return exchanged(done, build)


def drop_kept(read_model: ReadModel) -> int | None:
    """Give up the generation that is kept for return; answers its number."""
    with undisturbed(read_model):
        generation = kept(read_model.name)
        if generation is not None:
            forget(read_model.name, "retired")
        return generation


def kept(name: str) -> int | None:
    """The generation one can return to."""
    sql = "select generation from es.projection where name = %s and state = 'retired' order by updated desc limit 1"
    rows = execute(sql, name)
    return rows[0][0] if rows else None


@contextmanager
def undisturbed(read_model: ReadModel) -> Iterator[None]:
    """One at a time for each read model, in whatever process."""
    with alone(f"rebuild of {read_model.name}") as mine:
        if not mine:
            raise cannot(read_model.name, "another process is rebuilding or comparing it just now.")
        yield


@contextmanager
def a_new(read_model: ReadModel) -> Iterator[Build]:
    """Empty tables of the next generation; what has not become live when the block ends is thrown away."""
    forget(read_model.name, "building")  # what a killed process has left
    build = build_of(read_model, next_generation(read_model))
    with transaction.atomic():
        sql = "insert into es.projection (name, generation, kind, state) values (%s, %s, %s, 'building')"
        execute(sql, build.name, build.generation, build.kind)
        generations.make(build.tables, build.schema)
    try:
        yield build
    finally:
        forget(read_model.name, "building")


def next_generation(read_model: ReadModel) -> int:
    """One more than there ever was."""
    if isinstance(read_model, Projection):
        register(read_model)
    sql = "select coalesce(max(generation), %s) + 1 from es.projection where name = %s"
    return int(execute(sql, FIRST, read_model.name)[0][0])


def forget(name: str, state: str, but: int | None = None) -> None:
    """Drop the generations of a read model that are in a state, all but one."""
    with transaction.atomic():
        sql = (
            "delete from es.projection where name = %s and state = %s and generation is distinct from %s"
            " returning generation"
        )
        for (generation,) in execute(sql, name, state, but):
            generations.drop(schema_of(name, generation))


def let_live_catch_up(read_model: ReadModel, build: Build) -> None:
    """Bring the live generation as far as the built one, unless it is stopped: only then can they be compared."""
    if isinstance(read_model, Inline):
        return
    deadline = time.monotonic() + PATIENCE_S
    while build.live_position() < build.position and lives(read_model.name) and time.monotonic() < deadline:
        if not advance_with_care(read_model):
            time.sleep(PAUSE_S)  # a projector has the lease


def lives(name: str) -> bool:
    """Whether somebody may move it."""
    return bool(execute("select 1 from es.projection where name = %s and state = 'live'", name))


class NotYet(Exception):
    """Too many facts have come meanwhile to make others wait for them."""


T = TypeVar("T")


def patiently(build: Build, do: Callable[[], T]) -> T:
    """Try until no lock and no other transaction is in the way; the facts that come meanwhile are folded."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return do()
        except (db.OperationalError, NotYet) as error:
            if away(error) or not (passing(error) or isinstance(error, NotYet)):
                raise
            if time.monotonic() > deadline:
                problem = f"its tables were never free within {PATIENCE_S:.0f} s; is a long transaction open on them?"
                raise cannot(build.name, problem) from error
        time.sleep(PAUSE_S)
        build.catch_up()


def exchanged(done: Rebuilt, build: Build) -> Rebuilt:
    """The built generation becomes the live one, the live one is kept; nothing is kept of tables that were empty."""
    before = live_generation(build.name)
    worth_keeping = not generations.empty(build.tables, generations.LIVE)
    exchanged_ms = patiently(build, lambda: exchange(build, before))
    forget(build.name, "retired", but=before if worth_keeping else None)
    return msgspec.structs.replace(done, position=build.position, exchanged_ms=exchanged_ms, kept=kept(build.name))


def exchange(build: Build, before: int) -> float:
    """In one transaction; answers the milliseconds for which others may have waited."""
    with transaction.atomic():
        build.hold_writers()
        look_in(build.schema)
        build.bring_to(head())
        execute(f"set local lock_timeout = '{LOCK_MS}ms'")
        began = time.perf_counter()
        generations.hold(build.tables)
        if not build.is_near():
            raise NotYet
        build.bring_to(head())
        generations.exchange(build.tables, schema_of(build.name, before), build.schema)
        change_places(build, before)
    return (time.perf_counter() - began) * 1000


def change_places(build: Build, before: int) -> None:
    """The rows of es.projection say what the tables are now."""
    retire = (
        "insert into es.projection as p (name, generation, kind, state, position) values (%s, %s, %s, 'retired', %s)"
        " on conflict (name, generation) do update set state = 'retired', updated = now(),"
        " position = case p.kind when 'inline' then excluded.position else p.position end"
    )
    execute(retire, build.name, before, build.kind, build.position)
    revive = "update es.projection set state = 'live', error = null where name = %s and generation = %s"
    execute(revive, build.name, build.generation)


def live_generation(name: str) -> int:
    """The one that people read."""
    rows = execute("select generation from es.projection where name = %s and state in ('live', 'stopped')", name)
    return rows[0][0] if rows else FIRST
