"""The pool of one process: some children, each with a thread that hands it calls, replaces it and remembers strikes."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from exact.domain.errors import Busy
from exact.tiles.errors import ReaderFailed, StruckOut, TileError
from exact.tiles.pool.messages import CALL_MAX_BYTES, PROBLEM, Call, Problem, Setup
from exact.tiles.pool.strikes import Strikes
from exact.tiles.pool.waiting import Job, Waiting
from exact.tiles.pool.worker import CHILD, Failed, Worker

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class Terms:
    """How many children there are, and how long things may take."""

    children: int = 3
    call_s: float = 10.0
    """One call for a file that the child has open."""
    open_s: float = 60.0
    """The first call of a child for a file: it may have to be unpacked."""
    idle_s: float = 300.0
    """A child that had nothing to do for so long ends, and with it all it holds."""
    child: str = CHILD


@dataclass
class Counts:
    """What has happened since the process began."""

    calls: int = 0
    started: int = 0
    failed: int = 0
    refused: int = 0


class Pool:
    """Children are started when they are first needed. Threads and children end with the process."""

    def __init__(self, setup: Setup, strikes: Strikes, terms: Terms) -> None:
        self._setup = setup
        self._terms = terms
        self._threads: list[threading.Thread] = []
        self._starting = threading.Lock()
        self._workers: dict[int, Worker] = {}
        self.strikes = strikes
        self.waiting = Waiting(terms.children)
        self.counts = Counts()

    @property
    def children(self) -> list[int]:
        """The processes that are there now."""
        return [worker.pid for worker in list(self._workers.values())]

    @property
    def held(self) -> tuple[int, int]:
        """Images that the children hold open, and their bytes, as they told with their last answers."""
        workers = list(self._workers.values())
        return sum(worker.files_open for worker in workers), sum(worker.files_bytes for worker in workers)

    def submit(self, call: Call, finish: Callable[[bytes], T]) -> "Future[T]":
        """The answer of a child, later, or a TileError. Raises StruckOut for a file that is left alone."""
        try:
            self.strikes.refuse(call.sha256)
        except StruckOut:
            self.counts.refused += 1
            raise
        encoded = msgspec.msgpack.encode(call)
        if len(encoded) > CALL_MAX_BYTES:
            raise TileError("What is asked for is described too long.")
        self._start()
        return self.waiting.add(Job(call.sha256, encoded, finish))

    def close(self) -> None:
        """Ends every child; what waits is told so."""
        for job in self.waiting.close():
            job.fail(Busy("The server is stopping. Try again in a moment."))
        for worker in list(self._workers.values()):
            worker.end()
        for thread in self._threads:
            thread.join(5)

    def forget(self) -> None:
        """Ends every child, and with it all that it holds open: those at work after their call."""
        self.waiting.wake()

    def _start(self) -> None:
        with self._starting:
            if self._threads:
                return
            for index in range(self._terms.children):
                thread = threading.Thread(target=self._serve, args=(index,), name=f"pool-{index}", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, index: int) -> None:
        """The thread of one child."""
        while not self.waiting.closed:
            job = self.waiting.take(index, self._terms.idle_s)
            if job is None:
                self._end(index)
                continue
            try:
                self._do(index, job)
            except Exception as error:
                log.exception("A child of the pool could not be asked")
                job.fail(error)
            finally:
                self.waiting.done(index)
        self._end(index)

    def _do(self, index: int, job: Job) -> None:
        self.counts.calls += 1
        try:
            worker = self._worker(index)
        except Failed as failed:
            log.error("A child of the pool %s", failed.how)
            job.fail(Busy("The server cannot read this image just now. Try again in a moment."))
            return
        deadline_s = self._terms.call_s if worker.knows(job.sha256) else self._terms.open_s
        try:
            kind, content = worker.ask(job.sha256, job.call, deadline_s)
        except Failed as failed:
            self._failed(index, job, failed)
            return
        if kind == PROBLEM:
            job.fail(self._problem(job, content))
        else:
            job.give(content)

    def _worker(self, index: int) -> Worker:
        """The child, a new one if it has ended."""
        worker = self._workers.get(index)
        if worker is None or not worker.alive:
            self._end(index)
            worker = self._workers[index] = Worker(self._setup, self._terms.child)
            self.counts.started += 1
        if self.waiting.closed:
            raise Failed("is not needed any more")
        return worker

    def _problem(self, job: Job, content: bytes) -> TileError:
        problem = msgspec.msgpack.decode(content, type=Problem)
        if problem.note:
            log.warning("The reader of %s raised what it should not: %s", job.sha256, problem.note)
        return problem.raised()

    def _failed(self, index: int, job: Job, failed: Failed) -> None:
        """One child less, one strike more."""
        self._end(index)
        if self.waiting.closed:
            job.fail(Busy("The server is stopping. Try again in a moment."))
            return
        log.warning("The reader of %s %s", job.sha256, failed.how)
        self.counts.failed += 1
        struck = self.strikes.add(job.sha256, failed.how)
        job.fail(ReaderFailed(f"Reading this file failed: its reader {failed.how}. It is damaged or made to harm."))
        if struck.out:
            for other in self.waiting.take_out(job.sha256):
                other.fail(ReaderFailed("Reading this file failed twice: it is damaged or made to harm."))

    def _end(self, index: int) -> None:
        worker = self._workers.pop(index, None)
        if worker is not None:
            worker.end()
