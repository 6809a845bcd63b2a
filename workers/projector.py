"""The projector: keeps the asynchronous read models and runs the reactors, `python -m workers.projector`."""

import gc
import logging
import signal
import time
from threading import Event
from types import FrameType

import django
import psycopg

from exact.environment import set_variable

set_variable("DJANGO_SETTINGS_MODULE", "exact.settings")
django.setup()

from django import db  # noqa: E402 - needs Django's apps
from django.db import close_old_connections, connection  # noqa: E402

from exact.eventstore.driver import execute  # noqa: E402
from exact.eventstore.errors import away, passing  # noqa: E402
from exact.eventstore.subscription import listening_parameters  # noqa: E402
from exact.projections.follow import Projection  # noqa: E402
from exact.projections.poison import advance_with_care  # noqa: E402
from exact.projections.registry import PROJECTIONS  # noqa: E402
from exact.projections.runner import register  # noqa: E402
from workers.reacting import Reacting  # noqa: E402
from workers.reactors import REACTORS  # noqa: E402

logger = logging.getLogger("exact.projector")

POLL_S = 1.0
HOUSEKEEPING_S = 60.0
TROUBLE = (db.Error, psycopg.Error)


class Projector:
    """LISTEN first, then read until nothing is left, then wait for a hint, never longer than a second."""

    def __init__(self) -> None:
        self.stopping = Event()
        self._kept_house = 0.0

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        """Finish the batch and end."""
        self.stopping.set()

    def run(self) -> None:
        """Until somebody asks to stop; survives a restart of PostgreSQL."""
        reacting = Reacting(REACTORS, self.stopping).start()
        while not self.stopping.is_set():
            try:
                self._follow()
            except TROUBLE as error:
                if not passing(error):
                    raise
                logger.warning("the database is away: %s", error)
                connection.close()
                self.stopping.wait(POLL_S)
        reacting.join(POLL_S)

    def _follow(self) -> None:
        for projection in PROJECTIONS:
            register(projection)
        with psycopg.connect(**listening_parameters(), autocommit=True) as hints:
            hints.execute("listen es")
            while not self.stopping.is_set():
                self._keep_house()
                if not sum(self._advance(projection) for projection in PROJECTIONS):
                    list(hints.notifies(timeout=POLL_S, stop_after=1))

    def _advance(self, projection: Projection) -> int:
        """The next batch; one that a lock was in the way of comes again with the next round."""
        close_old_connections()
        try:
            return advance_with_care(projection)
        except TROUBLE as error:
            if away(error) or not passing(error):
                raise
            logger.warning("projection %s waits: %s", projection.name, error)
            return 0

    def _keep_house(self) -> None:
        """Room for the next facts: two partitions ahead."""
        if time.monotonic() - self._kept_house > HOUSEKEEPING_S:
            execute("select es.ensure_partitions()")
            self._kept_house = time.monotonic()


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    gc.freeze()  # what the program itself is made of never dies: the collector need not walk over it for every batch
    projector = Projector()
    signal.signal(signal.SIGTERM, projector.stop)
    signal.signal(signal.SIGINT, projector.stop)
    projector.run()


if __name__ == "__main__":
    main()
