"""Somebody between the application and PostgreSQL who cuts the line at the worst moment: committed, not yet told."""

import contextlib
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

NAME, ASIDE = ".s.PGSQL.5432", ".s.PGSQL.aside"
APPEND, COMMITTED = b"es.append", b"COMMIT\x00"
"""What a connection sends that is about to record a fact, and what it is told when that is durable."""
KEPT_S = 20.0
"""So long one that has committed waits for the others."""


class Between:
    """Passes on every byte, until connections that append are told that they have committed: those are kept back.

    When so many have `committed` it strikes.
    """

    def __init__(self, folder: Path, strike: Callable[[], None], committed: int = 1) -> None:
        self.folder, self.strike = folder, strike
        self.together = threading.Barrier(committed, self._strike)
        self.armed, self.struck = threading.Event(), threading.Event()
        self.server = socket.socket(socket.AF_UNIX)

    def listen(self) -> None:
        """Takes PostgreSQL's place; it listens on under another name."""
        (self.folder / NAME).rename(self.folder / ASIDE)
        self.server.bind(str(self.folder / NAME))
        self.inode = (self.folder / NAME).stat().st_ino
        (self.folder / NAME).chmod(0o777)
        self.server.listen(50)
        threading.Thread(target=self._accept, daemon=True).start()

    def is_in_place(self) -> bool:
        """Whether PostgreSQL has not started again meanwhile."""
        return (self.folder / NAME).exists() and (self.folder / NAME).stat().st_ino == self.inode

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed: the test is over
            while True:
                client, _ = self.server.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as postgres, contextlib.suppress(OSError):
            postgres.connect(str(self.folder / ASIDE))
            appends = False
            while True:
                for ready in select.select([client, postgres], [], [])[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    appends = appends or (ready is client and APPEND in data)
                    if appends and ready is postgres and COMMITTED in data and self._keeps():
                        return
                    (postgres if ready is client else client).sendall(data)

    def _keeps(self) -> bool:
        """Whether the word is never passed on: kept until all have committed, when nobody is there to hear it."""
        if not self.armed.is_set() or self.struck.is_set():
            return False
        with contextlib.suppress(threading.BrokenBarrierError):  # the test is told that it did not strike
            self.together.wait(KEPT_S)
        return True

    def _strike(self) -> None:
        self.struck.set()
        self.strike()


@contextmanager
def between(folder: Path, strike: Callable[[], None], committed: int = 1) -> Iterator[Between]:
    """While the test runs; a PostgreSQL that starts again takes its place back by itself."""
    here = Between(folder, strike, committed)
    here.listen()
    try:
        yield here
    finally:
        here.server.close()
        if here.is_in_place():
            (folder / ASIDE).rename(folder / NAME)
        (folder / ASIDE).unlink(missing_ok=True)
