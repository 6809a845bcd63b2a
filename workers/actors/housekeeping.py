"""What a worker does beside its messages: finish what was lost on the way, and clear away what nobody needs.

The queue only makes things quick. What is to be done stands in tables, and a look at them every few seconds finds what
a killed worker, or a Redis that lost its queue, has left undone. Whoever works on something holds its lock, so that a
look and a message never do the same at the same time.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import dramatiq
from django.conf import settings
from django.db import close_old_connections
from dramatiq.middleware import Middleware

from workers.broker import broker

from exact.datasets import exporting  # isort: skip - after the broker, which sets Django up
from exact.domain.errors import Busy  # isort: skip
from exact.eventstore.errors import UNAVAILABLE  # isort: skip
from exact.exchange import imports  # isort: skip
from exact.exchange.folders import sweep_imports  # isort: skip
from exact.ingest import performing, watching  # isort: skip
from exact.ingest.deliveries import sweep_deliveries  # isort: skip
from exact.ingest.deliveries import unfinished as unfinished_deliveries  # isort: skip
from exact.projections.originals import sweep_unnamed  # isort: skip
from exact.storage.disk import sweep_older  # isort: skip
from exact.storage.places import sweep_folders  # isort: skip
from exact.storage.uploads import sweep_leftovers  # isort: skip

logger = logging.getLogger("exact.housekeeping")

LOOK_EVERY_S = 5.0
SWEEP_EVERY_S = 3600.0


class Round(threading.Thread):
    """Does one thing at once, since this worker may follow a killed one, and then again and again."""

    def __init__(self, do: Callable[[], None], every_s: float) -> None:
        super().__init__(name=do.__name__, daemon=True)
        self.do, self.every_s = do, every_s
        self.stopping = threading.Event()

    def run(self) -> None:
        """Until the worker stops; a database that is away is asked again soon."""
        pause_s = 0.0
        while not self.stopping.wait(pause_s):
            pause_s = self.every_s
            close_old_connections()
            try:
                self.do()
            except UNAVAILABLE as error:
                logger.warning("%s: the database is away: %s", self.name, error)
                pause_s = LOOK_EVERY_S
            finally:
                close_old_connections()


def finish_exports() -> None:
    """Write the files that were asked for."""
    for export_id in exporting.unfinished():
        tried(exporting.perform, export_id)


def finish_imports() -> None:
    """Bring imports to their ends."""
    for import_id in imports.unfinished():
        tried(imports.perform, import_id)


def finish_deliveries() -> None:
    """Make images of what has arrived."""
    for delivery_id in unfinished_deliveries():
        tried(performing.perform, delivery_id)


def look_at_watched_folders() -> None:
    """Take what has come to rest there."""
    watching.look()


def tried(perform: Callable[[UUID], object], one: UUID) -> None:
    """A mistake of ours ends this one only: it is counted in its row, and told."""
    try:
        perform(one)
    except UNAVAILABLE:
        raise
    except Busy as refusal:
        logger.warning("%s waits: %s", one, refusal.sentence)
    except Exception:
        logger.exception("%s failed", one)


def sweep() -> None:
    """Clear away; what the disk says against one kind of leftovers is told, and the next kind goes on."""
    for kind in SWEEPS:
        try:
            if count := kind():
                logger.warning("%s: %d removed", kind.__name__, count)
        except OSError as error:
            logger.warning("%s: %s", kind.__name__, error)


def sweep_parts() -> int:
    """Delete what a killed process left half-unpacked more than a day ago; answers how many files."""
    return sweep_older(Path(settings.CACHE) / "unpacked", ".*.part")


SWEEPS: tuple[Callable[[], int], ...] = (
    sweep_leftovers,
    sweep_imports,
    sweep_deliveries,
    exporting.forget_old,
    exporting.sweep_drafts,
    sweep_parts,
    sweep_folders,
    sweep_unnamed,
)


class Housekeeping(Middleware):
    """Runs the rounds in the worker's process, each in a thread: a long import holds up no export."""

    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Beside the threads that take messages."""
        self.rounds = [
            Round(finish_exports, LOOK_EVERY_S),
            Round(finish_imports, LOOK_EVERY_S),
            Round(finish_deliveries, LOOK_EVERY_S),
            Round(look_at_watched_folders, LOOK_EVERY_S),
            Round(sweep, SWEEP_EVERY_S),
        ]
        for one in self.rounds:
            one.start()

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """What is being done just now is left for the next worker."""
        for one in self.rounds:
            one.stopping.set()


broker.add_middleware(Housekeeping())
