"""What a worker does when it starts: finish what a killed one left, and clear away what nobody needs."""

import dramatiq
from dramatiq.middleware import Middleware

from workers.actors.exports import write_export
from workers.actors.imports import run_import
from workers.broker import broker

from exact.datasets.exporting import forget_old, unfinished  # isort: skip - after the broker, which sets Django up
from exact.exchange import imports  # isort: skip
from exact.exchange.folders import sweep_imports  # isort: skip
from exact.storage.uploads import sweep_leftovers  # isort: skip


class Housekeeping(Middleware):
    """Runs in the worker's process, once, before its first message."""

    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Doing an export twice gives the same file, so that it needs no lock between workers; an import has one."""
        sweep_leftovers()
        sweep_imports()
        forget_old()
        for export_id in unfinished():
            write_export.send(str(export_id))
        for import_id in imports.unfinished():
            run_import.send(str(import_id))


broker.add_middleware(Housekeeping())
