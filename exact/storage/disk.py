"""A full disk is told as a sentence, not as a crash; what killed processes left on it is swept away."""

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exact.domain.errors import Busy

LEFTOVER_AGE_S = 24 * 3600
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def disk_full_refused() -> Iterator[None]:
    """Turns the errors of a full disk into a refusal; lets every other error through."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise Busy(
            "The server's disk is full: nothing was stored. Ask the administrator to make room, then try again.",
            code="disk_full",
        ) from error


def sweep_older(folder: Path, pattern: str) -> int:
    """Deletes the files of that name that nobody has written to for a day; returns how many."""
    oldest, count = time.time() - LEFTOVER_AGE_S, 0
    for file in folder.glob(pattern):
        try:
            if file.stat().st_mtime < oldest:
                file.unlink()
                count += 1
        except FileNotFoundError:  # finished, or swept by another process, meanwhile
            continue
    return count
