"""What a worker does when it starts: finish what a killed one left, and clear away what nobody needs."""

import dramatiq
from dramatiq.middleware import Middleware

from workers.actors.exports import write_export
from workers.broker import broker

from exact.datasets.exporting import forget_old, unfinished  # isort: skip - after the broker, which sets Django up
from exact.storage.uploads import sweep_leftovers  # isort: skip


class Housekeeping(Middleware):
    """Runs in the worker's process, once, before its first message."""

    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Doing an export twice gives the same file, so that no lock is needed between workers."""
        sweep_leftovers()
        forget_old()
        for export_id in unfinished():
            write_export.send(str(export_id))


broker.add_middleware(Housekeeping())
