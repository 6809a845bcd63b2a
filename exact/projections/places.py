"""Where the readers of the log stand: a row for each generation of a read model and for each reactor."""

import time
from collections.abc import Callable
from typing import Any

import msgspec

from exact.eventstore.driver import execute


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One row of es.place.

    `state` is live, stopped, building or retired; `parked` counts the facts laid aside; `waiting_s` is how long ago the
    oldest fact that it has not read was recorded, None where nothing waits.
    """

    name: str
    generation: int
    kind: str
    state: str
    position: int
    error: str | None
    parked: int
    waiting_s: float | None

    @property
    def condition(self) -> str:
        """The state as people are told it: what lives with parked facts is degraded."""
        return "degraded" if self.state == "live" and self.parked else self.state

    def lag(self, newest: int) -> int:
        """How many positions it is behind; what the commands write themselves, or what is kept for return, never is."""
        follows = self.kind != "inline" and self.state != "retired"
        return max(newest - self.position, 0) if follows else 0

    @property
    def lag_s(self) -> float:
        """How many seconds it is behind."""
        follows = self.kind != "inline" and self.state != "retired"
        return round(max(self.waiting_s or 0.0, 0.0), 3) if follows else 0.0


def places() -> list[Place]:
    """Where every reader of the log stands."""
    fields = Place.__struct_fields__
    rows = execute(f"select {', '.join(fields)} from es.place order by name, generation")  # noqa: S608
    return [Place(**dict(zip(fields, row, strict=True))) for row in rows]


def position_of(name: str) -> int:
    """How far the generation has come that people read; 0 where there is none."""
    rows = execute("select position from es.projection where name = %s and state in ('live', 'stopped')", name)
    return int(rows[0][0]) if rows else 0


def wait_for(name: str, position: int, timeout_s: float = 2.0, sleep: Callable[[float], Any] = time.sleep) -> bool:
    """Read your writes: wait until the projection has reached the position; False when it did not in time."""
    deadline = time.monotonic() + timeout_s
    while position_of(name) < position:
        if time.monotonic() > deadline:
            return False
        sleep(0.02)
    return True


def stop(name: str, problem: str) -> None:
    """A fact that cannot be folded stops the projection; it is never skipped."""
    sql = "update es.projection set state = 'stopped', error = %s, updated = now() where name = %s and state = 'live'"
    execute(sql, problem, name)


def start(name: str) -> bool:
    """Let a stopped one go on from where it stands, for instance after the program was renewed; False if none was."""
    sql = (
        "update es.projection set state = 'live', error = null, updated = now()"
        " where name = %s and state = 'stopped' returning 1"
    )
    return bool(execute(sql, name))
