"""The whole application as real processes, as `make up` runs it, for tests that look at it from outside."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
ADMIN, PASSWORD = "ada", "correct-horse-battery"
ENDS_WITH_US = ["setpriv", "--pdeathsig=TERM", "--"] if shutil.which("setpriv") else []
"""Also when the tests themselves are killed."""
LEFT_OUT = (
    "EXACT_VAR",
    "DATABASE_URL",
    "REDIS_URL",
    "EXACT_POSTGRES_POOL",
    "DJANGO_SETTINGS_MODULE",
    "EXACT_TEST_DATABASE",
)


class Application:
    """One `manage.py up` on a folder and a port of its own."""

    def __init__(self, var: Path, *, words: Sequence[str] = (), before: Sequence[str] = (), **changes: str) -> None:
        self.var, self.port = var, free_port()
        self.words = ["--port", str(self.port), *(words or ("--admin", f"{ADMIN}:{PASSWORD}"))]
        self.before = before
        self.environment = {k: v for k, v in os.environ.items() if k not in LEFT_OUT} | changes
        self.process: subprocess.Popen[str] | None = None
        self.output = var.with_name(f"{var.name}.out")

    @property
    def url(self) -> str:
        """Ends with a slash."""
        return f"http://127.0.0.1:{self.port}/"

    def start(self, within_s: float = 60.0) -> float:
        """Returns when it answers; how many seconds it took."""
        began = time.monotonic()
        self.output.touch()
        said = len(self.said())
        with self.output.open("a") as output:
            command = [
                *ENDS_WITH_US,
                *self.before,
                sys.executable,
                str(ROOT / "manage.py"),
                "up",
                "--var",
                str(self.var),
                *self.words,
            ]
            self.process = subprocess.Popen(
                command, stdout=output, stderr=output, text=True, env=self.environment, start_new_session=True
            )
        while "EXACT is ready" not in self.said()[said:]:
            assert self.process.poll() is None, f"up ended: {self.said()}"
            assert time.monotonic() - began < within_s, f"up does not answer: {self.said()}"
            time.sleep(0.05)
        return time.monotonic() - began

    def answers(self) -> bool:
        """All is well, says /health/."""
        with contextlib.suppress(OSError):
            return bool(urllib.request.urlopen(f"{self.url}health/", timeout=5).status == 200)
        return False

    def said(self) -> str:
        """Everything it printed."""
        return self.output.read_text()

    def stop(self, signum: int = signal.SIGTERM) -> int:
        """Its exit code."""
        assert self.process is not None
        self.process.send_signal(signum)
        return self.process.wait(60)

    def kill(self) -> None:
        """As the kernel's memory killer would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Another management command on the same folder."""
        command = [*self.before, sys.executable, str(ROOT / "manage.py"), *words, "--var", str(self.var)]
        return subprocess.run(command, capture_output=True, text=True, env=self.environment, check=False, timeout=120)


def free_port() -> int:
    """One that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def processes_of(var: Path) -> dict[int, str]:
    """Every living process that has to do with the folder: by its words, environment, place or open files."""
    mark, found = str(var).encode(), {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if folder.name != str(os.getpid()) and state(folder) != "Z" and touches(folder, mark):
                found[int(folder.name)] = (
                    (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                )
    return found


def state(process: Path) -> str:
    """Z for one that has ended and waits for its parent to look."""
    return (process / "stat").read_text().rpartition(")")[2].split()[0]


def touches(process: Path, mark: bytes) -> bool:
    """Whether the mark stands anywhere in what the process has to do with."""
    if mark in (process / "cmdline").read_bytes() or mark in (process / "environ").read_bytes():
        return True
    links = [process / "cwd", *(process / "fd").iterdir()]
    return any(mark in bytes(link.readlink()) for link in links)


def none_left(var: Path, within_s: float = 10.0) -> dict[int, str]:
    """What still runs on the folder after the time; empty is good."""
    deadline = time.monotonic() + within_s
    while (left := processes_of(var)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left
