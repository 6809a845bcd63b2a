"""The folders below `var`, the secret key, and the lock that lets one `up` at a time use them."""

import contextlib
import errno
import fcntl
import os
import secrets
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from exact.operations.errors import CannotRun

ROOM_BYTES = 256 * 2**20
"""Less free disk than this and PostgreSQL could stop in the middle of making its files."""
PATIENCE_S = 30.0
"""How long the processes of a killed predecessor may take to end."""


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG)


@contextlib.contextmanager
def disk_refusals(folder: Path, otherwise: str = "choose another folder with --var") -> Iterator[None]:
    """What the disk says against writing, as a sentence that ends with what to do otherwise."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise CannotRun(f"The disk of {folder} is full; free some room or {otherwise}.") from error
        if error.errno in CLOSED:
            raise CannotRun(f"Cannot write to {folder} ({error.strerror}); {otherwise}.") from error
        raise


def make_folders() -> None:
    """All folders, closed to others; `var` itself may be passed through, so that PostgreSQL's user reaches its own."""
    with disk_refusals(settings.VAR):
        settings.VAR.mkdir(mode=0o711, parents=True, exist_ok=True)
        for folder in (
            settings.RUN,
            settings.ORIGINALS,
            settings.UPLOADS,
            settings.EXPORTS,
            settings.IMPORTS,
            settings.CACHE,
            settings.VAR / "log",
        ):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        refuse_foreign(settings.RUN)
        probe = settings.VAR / ".probe"
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    if shutil.disk_usage(settings.VAR).free < ROOM_BYTES:
        raise CannotRun(f"The disk of {settings.VAR} is full: EXACT needs {ROOM_BYTES // 2**20} MB free to start.")


def refuse_foreign(run: Path) -> None:
    """The folder of the sockets may lie in /tmp: nobody else may have made it."""
    about = run.lstat()
    if run.is_symlink() or (os.geteuid() != 0 and about.st_uid != os.geteuid()):
        raise CannotRun(f"{run} belongs to somebody else; remove it or choose another folder with --var.")


def make_secret_key() -> None:
    """Once, readable by us alone."""
    path = settings.VAR / "secret.key"
    with disk_refusals(settings.VAR):
        if not path.exists():
            fresh = path.with_suffix(".new")
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
            fresh.rename(path)
        if not os.access(path, os.R_OK):
            raise CannotRun(
                f"{path} belongs to another user; start EXACT as that user or choose another folder with --var."
            )


class AlreadyRuns(CannotRun):
    """Another process has the folder."""


class Lock:
    """`var/up.lock`, held by `up` and by every process it starts: it is free only when all of them have ended."""

    def __init__(self) -> None:
        self.path = settings.VAR / "up.lock"
        with disk_refusals(settings.VAR):
            self.descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)

    def take(self) -> None:
        """Ours, or a refusal when another `up` lives; what a killed one left is waited for, then ended."""
        deadline = time.monotonic() + PATIENCE_S
        while not self._try():
            if self._owner_lives():
                raise AlreadyRuns(
                    f"EXACT already runs on {settings.VAR} (process {self._owner()}); "
                    "stop it first or choose another --var."
                )
            if time.monotonic() > deadline:
                self._end_holders()
                deadline = time.monotonic() + PATIENCE_S
            time.sleep(0.1)
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Free for the next."""
        os.close(self.descriptor)

    def _try(self) -> bool:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    def _owner(self) -> int:
        text = os.pread(self.descriptor, 20, 0).decode(errors="replace").strip()
        return int(text) if text.isdigit() else 0

    def _owner_lives(self) -> bool:
        # A number is given again after a while: it is the owner only if it holds the file.
        return self._owner() in holders(self.path)

    def _end_holders(self) -> None:
        for pid in holders(self.path) - {os.getpid()}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def holders(path: Path) -> set[int]:
    """Numbers of the processes that have the file open, as far as we may see."""
    real, found = path.resolve(), set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if link.readlink() == real:
                found.add(int(link.parts[2]))
    return found
