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
from exact.eventstore.seals import BATCH, lag, seal  # noqa: E402
from exact.eventstore.subscription import listening_parameters  # noqa: E402

logger = logging.getLogger("exact.sealer")

EVERY_S = 1.0
"""At most one seal in this time, unless 4,096 facts wait."""
TICK_S = 0.1
"""How often it looks, while facts wait, whether there are as many."""
REFUSED_S = 10.0
"""Until it tries again where something else is in the way."""
LOST = (db.OperationalError, db.InterfaceError, psycopg.OperationalError)
"""The database is away: wait and come back."""


class Sealer:
    """LISTEN first, then seal until nothing is left, then wait for a hint, never longer than a second."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._sealed_at = float("-inf")

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
                waiting = self._seal_what_is_due()
                if waiting:
                    self._stopping.wait(TICK_S)
                list(hints.notifies(timeout=0 if waiting else EVERY_S, stop_after=None if waiting else 1))

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
