"""Large images are prepared before they are read for the first time: unpacked, or made a pyramid, with progress."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from exact.tiles.pool.limits import ENVIRONMENT

FROM_BYTES = 8 * 2**20
"""Smaller ones are opened quickly enough."""
DEADLINE_S = 3600.0


def prepare(path: Path, sha256: str, size_bytes: int, watch: Callable[[float], None]) -> None:
    """Tells `watch` from 0 to 1. Where it fails nothing is made, and whoever opens the image says what is wrong."""
    if size_bytes < FROM_BYTES:
        return
    settings.CACHE.mkdir(parents=True, exist_ok=True)
    words = [str(path.absolute()), str(settings.CACHE), sha256, str(settings.PICTURE_MAX_PIXELS)]
    child = subprocess.Popen(  # noqa: S603 - our own module, arguments are not interpreted
        [sys.executable, "-m", "exact.ingest.prepare_child", *words], cwd=settings.ROOT, env=ENVIRONMENT,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    deadline = threading.Timer(DEADLINE_S, child.kill)
    deadline.start()
    try:
        assert child.stdout is not None, "it is a pipe"
        for line in child.stdout:
            watch(float(line))
    finally:
        deadline.cancel()
        child.kill()
        child.communicate()
