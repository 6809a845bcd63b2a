"""The sealer: signs the head of the log every second or 4,096 facts, `python -m workers.sealer`."""

import logging
import signal
import threading
import time
from types import FrameType

import django
import psycopg

from exact.environment import set_variable

set_variable("DJANGO_SETTINGS_MODULE", "exact.settings")
django.setup()

from django import db  # noqa: E402 - needs Django's apps
from django.db import close_old_connections, connection  # noqa: E402

from exact.domain.errors import Refusal  # noqa: E402
from exact.eventstore.heads_outside import refuse_set_back, remember  # noqa: E402
from exact.eventstore.publishing import NotPublished, places, publish  # noqa: E402
from exact.eventstore.seals import BATCH, lag, seal  # noqa: E402
from exact.eventstore.subscription import listening_parameters  # noqa: E402

logger = logging.getLogger("exact.sealer")

EVERY_S = 1.0
"""At most one seal in this time, unless 4,096 facts wait."""
TICK_S = 0.1
"""How often it looks, while facts wait, whether there are as many."""
REFUSED_S = 10.0
"""Until it tries again where something else is in the way."""
LONGEST_PAUSE_S = 60.0
"""Between two tries at a place that does not take the heads."""
LOST = (db.OperationalError, db.InterfaceError, psycopg.OperationalError)
"""The database is away: wait and come back."""


class Publisher(threading.Thread):
    """Brings heads to the places outside, in a thread of its own: a slow or dead place never keeps a seal waiting."""

    def __init__(self, stopping: threading.Event) -> None:
        super().__init__(name="publisher", daemon=True)
        self._stopping = stopping
        self._pauses_s: dict[str, float] = {}
        self._next_try: dict[str, float] = {}

    def run(self) -> None:
        """Until the sealer stops."""
        while not self._stopping.is_set():
            try:
                busy = sum(self._advance(place) for place in places())
            except LOST as error:
                logger.warning("the database is away: %s", error)
                connection.close()
                busy = 0
            if not busy:
                self._stopping.wait(EVERY_S)

    def _advance(self, place: str) -> int:
        """The next heads, unless the place failed a short while ago."""
        if time.monotonic() < self._next_try.get(place, 0.0):
            return 0
        close_old_connections()
        try:
            delivered = publish(place)
            self._pauses_s.pop(place, None)
            return delivered
        except NotPublished as error:
            pause_s = min(2 * self._pauses_s.get(place, 0.5), LONGEST_PAUSE_S)
            logger.warning("%s; it is tried again in %g s", error, pause_s)
            self._pauses_s[place], self._next_try[place] = pause_s, time.monotonic() + pause_s
            return 0


class Sealer:
    """LISTEN first, then seal until nothing is left, then wait for a hint, never longer than a second."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._sealed_at = float("-inf")
        self._publisher: Publisher | None = None

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        """Finish the seal and end."""
        self._stopping.set()

    def run(self) -> None:
        """Until somebody asks to stop; survives a restart of PostgreSQL."""
        while not self._stopping.is_set():
            try:
                self._follow()
            except LOST as error:
                logger.warning("the database is away: %s", error)
                connection.close()
                self._stopping.wait(EVERY_S)
            except (Refusal, OSError) as error:  # a person must see to it, or the disk is full
                logger.error("nothing is sealed: %s", error)
                self._stopping.wait(REFUSED_S)

    def _follow(self) -> None:
        with psycopg.connect(**listening_parameters(), autocommit=True) as hints:
            hints.execute("listen es")
            refuse_set_back()
            while not self._stopping.is_set():
                self._keep_publishing()
                waiting = self._seal_what_is_due()
                if waiting:
                    self._stopping.wait(TICK_S)
                list(hints.notifies(timeout=0 if waiting else EVERY_S, stop_after=None if waiting else 1))

    def _keep_publishing(self) -> None:
        """A publisher that has died of something unforeseen, which its traceback tells, is followed by another."""
        if self._publisher is None or not self._publisher.is_alive():
            self._publisher = Publisher(self._stopping)
            self._publisher.start()

    def _seal_what_is_due(self) -> int:
        """How many positions wait to be sealed."""
        close_old_connections()
        waiting = lag()
        while waiting >= BATCH or (waiting and time.monotonic() - self._sealed_at >= EVERY_S):
            made = seal()
            self._sealed_at = time.monotonic()
            if made is None:  # another sealer is at it
                return waiting
            remember(made)
            waiting = lag()
        return waiting


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    sealer = Sealer()
    signal.signal(signal.SIGTERM, sealer.stop)
    signal.signal(signal.SIGINT, sealer.stop)
    sealer.run()


if __name__ == "__main__":
    main()
