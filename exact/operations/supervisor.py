"""Web, worker, projector and sealer under one honcho Manager, each with a keeper that starts it again when it dies.

A keeper that is killed itself, or the fork that reads what it says, is replaced, and so are those of PostgreSQL and
Redis: whatever a machine short of memory picks, nothing stays away.
"""

import errno
import multiprocessing
import os
import pickle
import queue
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from honcho import manager
from honcho.manager import Manager
from honcho.printer import Message, Printer
from honcho.process import Popen, Process

from exact.environment import environment_with
from exact.operations.keep import end_with_parent
from exact.operations.names import names_of
from exact.operations.services import keep_command

SILENT_S = 1.0
"""A fork that has ended may have said so; if nothing was heard of it for so long it was killed."""
POOL = "20"
"""PostgreSQL connections that the threads of the web process share."""


@dataclass(frozen=True)
class Program:
    """One of the processes that make the application; the words are those of its command line."""

    name: str
    words: list[str]
    changes: dict[str, str]
    stop_signal: str = "TERM"
    patience_s: float = 3.0  # honcho kills after five


def programs(host: str, port: int) -> list[Program]:
    """The four of them, as Python modules of this environment."""
    python = [sys.executable, "-m"]
    web = ["daphne", "-v", "0", "-b", host, "-p", str(port), "--no-server-name", "--application-close-timeout", "3"]
    changes = {"EXACT_POSTGRES_POOL": POOL, "EXACT_HOSTS": ",".join(names_of(host))}
    return [
        Program("web", [*python, *web, "exact.asgi:application"], changes),
        Program("worker", [*python, "workers.worker"], {}),
        Program("projector", [*python, "workers.projector"], {}),
        Program("sealer", [*python, "workers.sealer"], {}),
    ]


class KeptProcess(Process):  # type: ignore[misc]  # honcho has no types
    """honcho's process: a fork that reads what its child says. It and the child end with the supervisor."""

    def __init__(self, program: Program, hold: list[int], **options: Any) -> None:  # Any: honcho's own options
        super().__init__(program.words, **options)
        self.program, self.hold = program, hold
        # No keeper, nobody with patience: under load daphne does not end when told, and would hold the port.
        self.keeper_options = ["--death-signal", "KILL"]
        self._child_ctor = partial(Popen, shell=False, pass_fds=hold)

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:  # Any: a queue of honcho's messages
        """In the fork; its number is the keeper's parent."""
        end_with_parent(signal.SIGKILL)
        self.cmd = keep_command(self.program, self.program.words, self.hold, settings.ROOT, *self.keeper_options)
        super().run(events, ignore_signals)


class Messages:
    """What honcho's forks tell the supervisor, in place of a multiprocessing.Queue: that needs POSIX semaphores, which
    a chroot or container without a writable /dev/shm withholds from ordinary users.
    """

    MOST_BYTES = 2**16

    def __init__(self) -> None:
        self._read, self._write = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def put(self, message: Message) -> None:
        """One packet; the rest of an endless line is left out."""
        packet = pickle.dumps(message)
        if len(packet) > self.MOST_BYTES:
            kind, data, *rest = message
            packet = pickle.dumps(Message(kind, data[: self.MOST_BYTES // 2], *rest))
        self._write.sendall(packet)

    def get(self, timeout: float) -> Message:
        """The next, or queue.Empty."""
        self._read.settimeout(timeout)
        try:
            return pickle.loads(self._read.recv(2 * self.MOST_BYTES))  # noqa: S301 - from our own forks
        except TimeoutError:
            raise queue.Empty from None


class Attended:
    """The messages as honcho's loop takes them: before each, somebody looks after what died without a word."""

    def __init__(self, messages: Messages, tend: Callable[[], None], heard: Callable[[Message], Message]) -> None:
        self._messages, self._tend, self._heard = messages, tend, heard
        self.put = messages.put

    def get(self, timeout: float) -> Message:
        """The next, or queue.Empty."""
        self._tend()
        return self._heard(self._messages.get(timeout))


class Output:
    """Standard output for honcho's printer. It may go to a file on a disk that is full: that must end nothing."""

    def isatty(self) -> bool:
        """Whether colours may be used."""
        return sys.stdout.isatty()

    def write(self, text: str) -> None:
        """What there is no room for is left out."""
        self._unless_full(lambda: sys.stdout.write(text))

    def flush(self) -> None:
        """See write."""
        self._unless_full(sys.stdout.flush)

    def _unless_full(self, say: Callable[[], object]) -> None:
        try:
            say()
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise


@contextmanager
def queues_replaced() -> Iterator[None]:
    """While honcho makes its one queue."""
    kept = manager.multiprocessing.Queue
    manager.multiprocessing.Queue = Messages
    try:
        yield
    finally:
        manager.multiprocessing.Queue = kept


class Supervisor(Manager):  # type: ignore[misc]  # honcho has no types
    """Runs until it is told to stop, or until one program does not start."""

    def __init__(
        self,
        programs: list[Program],
        hold: list[int],
        when_started: Callable[[], None],
        tend_services: Callable[[], list[str]],
    ) -> None:
        with queues_replaced():
            super().__init__(Printer(Output()))
        messages: Messages = self.events
        self.events: Any = Attended(messages, self._tend, self._heard)  # Any: honcho's queue
        self.told = False
        self.when_started, self.tend_services = when_started, tend_services
        for program in programs:
            self._process_ctor = partial(self._kept, program, hold)
            self.add_process(program.name, program.words)

    @staticmethod
    def _kept(program: Program, hold: list[int], _words: list[str], **options: Any) -> KeptProcess:
        options["env"] = environment_with(EXACT_VAR=str(settings.VAR), PYTHONUNBUFFERED="1", **program.changes)
        return KeptProcess(program, hold, **options)

    def _start(self) -> None:
        super()._start()
        self.when_started()

    def terminate(self) -> None:
        """Told before all have started, honcho would not know whom to stop: then it happens when they have."""
        self.told = True
        if self._all_started():
            super().terminate()

    def _any_stopped(self) -> bool:
        return self.told or bool(super()._any_stopped())

    def _tend(self) -> None:
        """From honcho's loop, in the main thread: the kernel's death signal hangs on the thread that forks."""
        if self.told or self._terminating:
            return
        for sentence in self.tend_services():
            self._system_print(f"{sentence}\n")
        for name, process in self._processes.items():
            if self._silent(process):
                self._again(name)

    def _heard(self, message: Message) -> Message:
        """A keeper that was killed begins again; one that gave up, or was told to stop, is taken at its word."""
        killed = message.type == "stop" and message.data["returncode"] < 0
        if not killed or self.told or self._terminating:
            return message
        self._again(message.name)
        said = f"its keeper was killed (signal {-message.data['returncode']})"
        return Message(type="line", data=said, time=message.time, name=message.name, colour=message.colour)

    def _silent(self, process: dict[str, Any]) -> bool:  # Any: honcho's notes of one program
        """Whether its fork has ended, and what it may have said last has been read."""
        if process["process"].is_alive() or "returncode" in process:
            return False
        since: float = process.setdefault("silent_since", time.monotonic())
        return time.monotonic() - since > SILENT_S

    def _again(self, name: str) -> None:
        """A new fork with a new keeper, which never gives up: the program did start once, and may still be ending."""
        process = self._processes[name]
        process["obj"].keeper_options += ["--attempts", "0"]
        process.pop("silent_since", None)
        process["pid"] = None  # until it says that it has started
        process["process"] = multiprocessing.Process(name=name, target=process["obj"].run, args=(self.events, True))
        process["process"].start()


def supervise(
    programs: list[Program],
    hold: list[int],
    when_started: Callable[[], None],
    tend_services: Callable[[], list[str]],
) -> bool:
    """True when it ended because somebody asked for it. `tend_services` looks after the keepers of the servers."""
    supervisor = Supervisor(programs, hold, when_started, tend_services)
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    supervisor.loop()
    return supervisor.returncode in (130, 143)
