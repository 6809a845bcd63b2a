"""The embedded servers: PostgreSQL and Redis, started and stopped by us, each kept alive by a keeper of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from django.conf import settings

from exact.operations.errors import CannotRun

KEEP = Path(__file__).with_name("keep.py")
POLL_S = 0.03


class Keepable(Protocol):
    """How a program is called in our words, and how it is stopped."""

    @property
    def name(self) -> str:
        """As people know it."""
        ...

    @property
    def stop_signal(self) -> str:
        """Without SIG."""
        ...

    @property
    def patience_s(self) -> float:
        """How long it may take to stop."""
        ...


class Service(Keepable, Protocol):
    """What a server must tell besides."""

    def command(self) -> list[str]:
        """The program and its arguments."""
        ...

    def prepare(self) -> None:
        """What must be there before the first start."""
        ...

    def answers(self) -> bool:
        """Whether it takes connections now."""
        ...


class Kept:
    """One server under a keeper, started from the main thread (the kernel's death signal hangs on the thread)."""

    def __init__(self, service: Service, hold: Iterable[int] = ()) -> None:
        self.service = service
        self.hold = list(hold)
        self.keeper: subprocess.Popen[bytes] | None = None
        self.log = settings.VAR / "log" / f"{service.name}.log"

    def start(self, *, within_s: float = 60.0) -> None:
        """Returns when the server answers."""
        self.service.prepare()
        keep_short(self.log)
        self._keep()
        self._wait(time.monotonic() + within_s)

    def tend(self) -> str | None:
        """A keeper that died is replaced by one that never gives up: the server did start once. Answers a sentence."""
        if self.keeper is None or self.keeper.poll() is None:
            return None
        self._keep("--attempts", "0")
        return f"The keeper of {self.service.name} had ended; there is a new one"

    def _keep(self, *options: str) -> None:
        with self.log.open("ab") as log:
            self.keeper = subprocess.Popen(
                keep_command(self.service, self.service.command(), self.hold, settings.VAR, *options),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=self.hold,
            )

    def _wait(self, deadline: float) -> None:
        while not self.service.answers():
            if self.keeper is None or self.keeper.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise CannotRun(
                    f"{self.service.name} does not start: {last_complaint(self.log)} (all of it in {self.log})"
                )
            time.sleep(POLL_S)

    def stop(self) -> None:
        """Returns when the server has ended."""
        if self.keeper is None:
            return
        self.keeper.send_signal(signal.SIGTERM)
        self.keeper.wait()
        self.keeper = None


def keep_command(service: Keepable, command: Sequence[str], hold: Iterable[int], cwd: Path, *options: str) -> list[str]:
    """The keeper's words; its parent is this process."""
    words = [*options, "--parent", str(os.getpid()), "--name", service.name, "--cwd", str(cwd)]
    words += ["--stop-signal", service.stop_signal, "--patience", str(service.patience_s)]
    for descriptor in hold:
        words += ["--hold", str(descriptor)]
    return [sys.executable, "-I", "-S", str(KEEP), *words, "--", *command]


LOG_BYTES = 10 * 2**20


def keep_short(log: Path) -> None:
    """One older log is kept."""
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.rename(log.with_suffix(".log.1"))


def last_complaint(log: Path) -> str:
    """The last line of a log that tells of an error, else its last line."""
    lines = log.read_text(errors="replace").splitlines()[-40:] if log.exists() else []
    complaints = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "ERROR", "rror:"))]
    return (complaints or lines or ["it says nothing"])[-1].strip()


class Services:
    """Those of the two that no URL replaces."""

    def __init__(self, hold: Iterable[int] = (), *, durable: bool = True) -> None:
        from exact.operations.postgres import Postgres
        from exact.operations.redis import Redis

        self.postgres = Kept(Postgres(durable=durable), hold) if settings.EMBEDDED_POSTGRES else None
        self.redis = Kept(Redis(), hold) if settings.EMBEDDED_REDIS else None

    def start(self) -> None:
        """Both, PostgreSQL first."""
        for kept in self._embedded():
            kept.start()

    def stop(self) -> None:
        """The other way round."""
        for kept in reversed(self._embedded()):
            kept.stop()

    def tend(self) -> list[str]:
        """Replaces keepers that died; from the main thread, since the kernel's death signal hangs on the thread."""
        return [sentence for kept in self._embedded() if (sentence := kept.tend())]

    def _embedded(self) -> list[Kept]:
        return [kept for kept in (self.postgres, self.redis) if kept is not None]
