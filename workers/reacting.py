"""The thread in which the projector's process runs the reactors: none of them can hold up a read model."""

import logging
from collections.abc import Sequence
from threading import Event, Thread

import psycopg
from django.db import close_old_connections, connection

from exact.eventstore.errors import passing
from exact.eventstore.subscription import listening_parameters
from exact.projections.reactors import Reactor, Running, register

logger = logging.getLogger("exact.projector")
POLL_S = 0.5
"""Also the least pause after a failure."""


class Reacting:
    """LISTEN first, then do what is to be done, then wait for a hint."""

    def __init__(self, reactors: Sequence[Reactor], stopping: Event) -> None:
        self.running = [Running(reactor) for reactor in reactors]
        self.stopping = stopping

    def start(self) -> Thread:
        """In a thread of its own; it ends soon after `stopping` is set."""
        thread = Thread(target=self.run, name="reactors", daemon=True)
        thread.start()
        return thread

    def run(self) -> None:
        """Until it is told to stop; survives a restart of PostgreSQL."""
        while not self.stopping.is_set():
            try:
                self._follow()
            except Exception as error:
                if passing(error):
                    logger.warning("the database is away: %s", error)
                else:
                    logger.exception("the reactors begin again")
                connection.close()
                self.stopping.wait(POLL_S)
        connection.close()

    def _follow(self) -> None:
        for running in self.running:
            register(running.reactor)
        with psycopg.connect(**listening_parameters(), autocommit=True) as hints:
            hints.execute("listen es")
            while not self.stopping.is_set():
                close_old_connections()
                if not sum(running.turn() for running in self.running):
                    list(hints.notifies(timeout=POLL_S, stop_after=1))
