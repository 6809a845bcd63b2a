"""The projector: follows the log and keeps the asynchronous read models, `python -m workers.projector`."""

import logging
import signal
import time
from collections.abc import Callable
from types import FrameType

import django
import psycopg

from exact.environment import set_variable

set_variable("DJANGO_SETTINGS_MODULE", "exact.settings")
django.setup()

from django import db  # noqa: E402 - needs Django's apps
from django.db import close_old_connections, connection  # noqa: E402
from eventsourcing.persistence import PersistenceError  # noqa: E402

from exact.eventstore.subscription import listening_parameters  # noqa: E402
from exact.projections.follow import Projection  # noqa: E402
from exact.projections.registry import PROJECTIONS  # noqa: E402
from exact.projections.runner import advance, register, stop  # noqa: E402

logger = logging.getLogger("exact.projector")

POLL_S = 1.0
RETRIES_S = (0.25, 0.5, 1.0)
HOUSEKEEPING_S = 60.0
LOST = (db.OperationalError, db.InterfaceError, psycopg.OperationalError)
"""The database is away: wait and come back."""


class Projector:
    """LISTEN first, then read until nothing is left, then wait for a hint, never longer than a second."""

    def __init__(self) -> None:
        self.stopping = False
        self._kept_house = 0.0

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        """Finish the batch and end."""
        self.stopping = True

    def run(self) -> None:
        """Until somebody asks to stop; survives a restart of PostgreSQL."""
        while not self.stopping:
            try:
                self._follow()
            except LOST as error:
                logger.warning("the database is away: %s", error)
                connection.close()
                time.sleep(POLL_S)

    def _follow(self) -> None:
        for projection in PROJECTIONS:
            register(projection)
        with psycopg.connect(**listening_parameters(), autocommit=True) as hints:
            hints.execute("listen es")
            while not self.stopping:
                self._keep_house()
                if not sum(self._advance(projection) for projection in PROJECTIONS):
                    list(hints.notifies(timeout=POLL_S, stop_after=1))

    def _advance(self, projection: Projection) -> int:
        """The next batch; a fact that cannot be folded is tried again, then stops the projection, never skipped."""
        close_old_connections()
        try:
            return retried(lambda: advance(projection))
        except LOST:
            raise
        except Exception as error:
            logger.exception("projection %s stops", projection.name)
            stop(projection, f"{type(error).__name__}: {error}")
            return 0

    def _keep_house(self) -> None:
        """Room for the next facts: two partitions ahead."""
        if time.monotonic() - self._kept_house > HOUSEKEEPING_S:
            with connection.cursor() as cursor:
                cursor.execute("select es.ensure_partitions()")
            self._kept_house = time.monotonic()


def retried(do: Callable[[], int]) -> int:
    """A deadlock or a lock that was held too long passes by itself; what fails four times is real."""
    for pause_s in RETRIES_S:
        try:
            return do()
        except (db.DatabaseError, PersistenceError) as error:
            if isinstance(error, LOST):
                raise
            time.sleep(pause_s)
    return do()


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    projector = Projector()
    signal.signal(signal.SIGTERM, projector.stop)
    signal.signal(signal.SIGINT, projector.stop)
    projector.run()


if __name__ == "__main__":
    main()
