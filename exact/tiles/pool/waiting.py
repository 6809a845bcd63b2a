"""Calls that wait for a child, and which child may take which: caches stay warm, and nobody waits behind a bad file."""

import threading
import time
import zlib
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from exact.domain.errors import Busy

MOST_WAITING = 512
MOST_OF_ONE_FILE = 128
"""When more than these wait, the oldest are told to come again: what was asked last is what is looked at."""
HELP_AFTER_S = 1.0
"""A file whose calls wait so long behind each other gets a second child, if one is idle."""
LOOK_AGAIN_S = 0.25


@dataclass
class Job:
    """One call, for everybody who asked for the very same thing."""

    sha256: str
    call: bytes
    finish: Callable[[bytes], Any]  # Any: the answer's own type
    askers: list["Future[Any]"] = field(default_factory=list)
    asked_at: float = field(default_factory=time.monotonic)
    _answered: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def join(self, asker: "Future[Any]") -> bool:
        """One more who is answered with the others; False when the others have been answered already."""
        with self._lock:
            if not self._answered:
                self.askers.append(asker)
            return not self._answered

    @property
    def dropped(self) -> bool:
        """Whether nobody waits for it any more."""
        return all(asker.cancelled() for asker in self.askers)

    def give(self, content: bytes) -> None:
        """The answer to everybody who still waits."""
        try:
            answer = self.finish(content)
        except Exception as error:  # noqa: BLE001 - whatever it is, the askers must hear of it
            self.fail(error)
            return
        for asker in self._still_there():
            asker.set_result(answer)

    def fail(self, error: Exception) -> None:
        """The error to everybody who still waits."""
        for asker in self._still_there():
            asker.set_exception(error)

    def _still_there(self) -> list["Future[Any]"]:
        with self._lock:
            self._answered = True
        return [asker for asker in self.askers if asker.set_running_or_notify_cancel()]


class Waiting:
    """Newest first. A file has a home among the children; another one helps when the home is busy with other files."""

    def __init__(self, children: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._children = children
        self._at_once = max(1, children // 2)
        self._clock = clock
        self._changed = threading.Condition()
        self._jobs: list[Job] = []
        self._running: dict[int, Job] = {}
        self._woken: set[int] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._jobs)

    @property
    def running(self) -> int:
        """Children at work."""
        return len(self._running)

    def home(self, sha256: str) -> int:
        """The child that has the file open, if one has."""
        return zlib.crc32(sha256.encode()) % self._children

    def add(self, job: Job) -> "Future[Any]":
        """Waits in line, or joins the same call that waits or runs already."""
        asker: Future[Any] = Future()
        with self._changed:
            if not self._joined(job, asker):
                job.join(asker)
                self._jobs.append(job)
            too_old = self._too_many(job.sha256)
            self._changed.notify_all()
        for old in too_old:
            old.fail(Busy("Too many parts of images are asked for at once. Try again in a moment."))
        return asker

    def _joined(self, job: Job, asker: "Future[Any]") -> bool:
        """Whether the same call waits or runs, and the asker will hear of it."""
        others = (*self._jobs, *self._running.values())
        return any(other.call == job.call and other.join(asker) for other in others)

    def _too_many(self, sha256: str) -> list[Job]:
        """Takes out those that nobody waits for, then the oldest until the rest fits."""
        self._jobs = [job for job in self._jobs if not job.dropped]
        of_file = [job for job in self._jobs if job.sha256 == sha256]
        given_up = of_file[:-MOST_OF_ONE_FILE] or self._jobs[:-MOST_WAITING]
        self._jobs = [job for job in self._jobs if job not in given_up]
        return given_up

    def take(self, child: int, idle_s: float) -> Job | None:
        """The newest call that this child may take; None when there was none for so long, or it was woken."""
        until = self._clock() + idle_s
        with self._changed:
            while not self._closed and self._clock() < until:
                if child in self._woken:
                    self._woken.remove(child)
                    return None
                job = self._newest_for(child)
                if job is not None:
                    self._jobs.remove(job)
                    self._running[child] = job
                    self._changed.notify_all()
                    return job
                self._changed.wait(LOOK_AGAIN_S if self._jobs else until - self._clock())
        return None

    def _newest_for(self, child: int) -> Job | None:
        self._jobs = [job for job in self._jobs if not job.dropped]
        return next((job for job in reversed(self._jobs) if self._may_take(child, job)), None)

    def _may_take(self, child: int, job: Job) -> bool:
        at_work = sum(running.sha256 == job.sha256 for running in self._running.values())
        if at_work:
            return at_work < self._at_once and self._clock() - job.asked_at > HELP_AFTER_S
        home = self.home(job.sha256)
        return child == home or home in self._running

    def done(self, child: int) -> None:
        """The child may take another."""
        with self._changed:
            self._running.pop(child, None)
            self._changed.notify_all()

    def wake(self) -> None:
        """Makes each child's next look for a call come back with none."""
        with self._changed:
            self._woken = set(range(self._children))
            self._changed.notify_all()

    def take_out(self, sha256: str) -> list[Job]:
        """All waiting calls of a file that will not be read."""
        with self._changed:
            given_up = [job for job in self._jobs if job.sha256 == sha256]
            self._jobs = [job for job in self._jobs if job.sha256 != sha256]
            return given_up

    def close(self) -> list[Job]:
        """Nobody takes anything any more; what still waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            given_up, self._jobs = self._jobs, []
            return given_up

    @property
    def closed(self) -> bool:
        """Whether all is over."""
        return self._closed
