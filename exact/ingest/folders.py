"""Where files lie while they are on their way: below UPLOADS, and gone when they are images."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

PREFIX = "unpacked-"


@contextmanager
def unpacking() -> Iterator[Path]:
    """A folder that is not there yet, gone when the block ends."""
    folder = settings.UPLOADS / f"{PREFIX}{secrets.token_hex(8)}"
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
