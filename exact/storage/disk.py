"""A full disk is told as a sentence, not as a crash."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from exact.domain.errors import Busy

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
