"""Telling how far an import is: the table for whoever asks, a NOTIFY for whoever listens; at most twice a second."""

import time
from collections.abc import Callable
from typing import Any

import msgspec
from django.db import connection
from django.utils import timezone

from exact.exchange.models import UNFINISHED, ImportRun, State

CHANNEL = "exact_imports"
TELL_EVERY_S = 0.5
WEIGHT = {State.QUEUED: (0.0, 0.0), State.CHECKING: (0.0, 0.4), State.IMPORTING: (0.4, 0.5), State.SHOWING: (0.9, 0.1)}
"""Where each state begins on the way from 0 to 1, and how much of it is its own."""
Watch = Callable[[ImportRun], None]


class Stopped(Exception):
    """The run is not in the state any more in which it was to go on."""


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a run over the database's own channel, below its limit of 8000 bytes."""

    id: str
    image_set_id: str
    state: str
    progress: float
    rows_seen: int
    rows_good: int
    rows_bad: int
    rows_done: int


def progress_of(run: ImportRun) -> float:
    """How far the whole of it is, from 0 to 1."""
    begin, length = WEIGHT.get(State(run.state), (1.0, 0.0))
    return round(begin + length * min(run.share, 1.0), 4)


def news_of(run: ImportRun) -> News:
    """The run as it is told."""
    counts = {name: getattr(run, name) for name in News.__struct_fields__ if name.startswith("rows_")}
    return News(
        id=str(run.id), image_set_id=str(run.image_set_id), state=run.state, progress=progress_of(run), **counts
    )


def tell(run: ImportRun) -> None:
    """Wake whoever listens; those who do not, ask."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_notify(%s, %s)", [CHANNEL, msgspec.json.encode(news_of(run)).decode()])


class Teller:
    """Keeps the row of one run true; it writes only while the run is in the state it should be in, else Stopped."""

    def __init__(self, run: ImportRun, watch: Watch = lambda _: None) -> None:
        self.run, self.watch = run, watch
        self._told = 0.0

    def write(self, **fields: Any) -> None:  # Any: the row's columns
        """Fields that must not be lost; told when it is time."""
        self._update(self.run.state, fields)
        if time.monotonic() - self._told >= TELL_EVERY_S:
            self._tell()

    def maybe(self, **fields: Any) -> None:  # Any: the row's columns
        """Fields that only tell how far it is."""
        if time.monotonic() - self._told >= TELL_EVERY_S:
            self.write(**fields)

    def move(self, state: State, **fields: Any) -> None:  # Any: the row's columns
        """Into another state, told at once."""
        if state not in UNFINISHED:
            fields["ended_at"] = timezone.now()
        self._update(self.run.state, {"share": 0.0, **fields, "state": state.value})
        self._tell()

    def _update(self, state: str, fields: dict[str, Any]) -> None:
        if not ImportRun.objects.filter(id=self.run.id, state=state).update(**fields):
            raise Stopped
        for name, value in fields.items():
            setattr(self.run, name, value)

    def _tell(self) -> None:
        self._told = time.monotonic()
        tell(self.run)
        self.watch(self.run)
