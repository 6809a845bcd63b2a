"""One child as its parent sees it: started fresh, asked one call at a time, killed when it is late."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections import OrderedDict
from pathlib import Path

import msgspec

from exact.tiles.pool import messages
from exact.tiles.pool.limits import ENVIRONMENT
from exact.tiles.pool.messages import ANSWER_MAX_BYTES, EXHAUSTED, READY, Closed, Setup

CHILD = "exact.tiles.pool.child"
ROOT = Path(__file__).parents[3]
START_S = 60.0
"""A child that has not loaded its libraries by then will not; the machine may be busy."""
KNOWN_FILES = 1024


class Failed(Exception):
    """The child did not answer; the sentence says how it failed."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class Worker:
    """Made and used by one thread only: the kernel ends the child together with that thread."""

    def __init__(self, setup: Setup, child: str = CHILD) -> None:
        self._pipe, theirs = socket.socketpair()
        with theirs:
            words = [str(theirs.fileno()), str(os.getpid()), msgspec.json.encode(setup).decode()]
            self._process = subprocess.Popen(  # noqa: S603 - our own module, arguments are not interpreted
                [sys.executable, "-m", child, *words],
                cwd=ROOT,
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._answered: OrderedDict[str, None] = OrderedDict()
        self.files_open = self.files_bytes = 0
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        try:
            kind = messages.receive(self._pipe, 0, time.monotonic() + START_S).kind
        except (Closed, OSError) as error:
            self.end()
            raise Failed("does not start") from error
        if kind != READY:
            self.end()
            raise Failed("does not start")

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended since the last call."""
        return self._process.poll() is None

    def knows(self, sha256: str) -> bool:
        """Whether it has answered for this file before, so that it need not be opened."""
        return sha256 in self._answered

    def ask(self, sha256: str, call: bytes, deadline_s: float) -> tuple[bytes, bytes]:
        """Kind and content of the answer. After Failed it is of no more use."""
        try:
            self._pipe.settimeout(deadline_s)
            messages.send(self._pipe, b"C", call)
            told = messages.receive(self._pipe, ANSWER_MAX_BYTES, time.monotonic() + deadline_s)
        except TimeoutError as error:
            raise Failed(f"took more than {deadline_s:g} s") from error
        except (Closed, OSError) as error:
            raise Failed(self._end_told()) from error
        if told.kind == EXHAUSTED:
            raise Failed("took more memory than allowed")
        self._remember(sha256)
        self.files_open, self.files_bytes = told.files_open, told.files_bytes
        return told.kind, told.content

    def _remember(self, sha256: str) -> None:
        self._answered[sha256] = None
        self._answered.move_to_end(sha256)
        if len(self._answered) > KNOWN_FILES:
            self._answered.popitem(last=False)

    def _end_told(self) -> str:
        """How it came to its end."""
        try:
            code = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return "said what cannot be understood"
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"

    def end(self) -> None:
        """At once, with whatever it has started; a thread that waits for its answer hears of it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended, or another thread was first
            if self.alive:
                os.killpg(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            self._pipe.shutdown(socket.SHUT_RDWR)
        self._process.wait()
        self._pipe.close()
