"""Where files lie while they are on their way: below UPLOADS, and gone when they are images."""

import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from django.conf import settings

from exact.storage.disk import LEFTOVER_AGE_S

PREFIX = "unpacked-"
DELIVERY = re.compile(r"delivery-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


@contextmanager
def unpacking() -> Iterator[Path]:
    """A folder that is not there yet, gone when the block ends."""
    folder = settings.UPLOADS / f"{PREFIX}{secrets.token_hex(8)}"
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def delivery_folder(delivery_id: UUID) -> Path:
    """Of the files of one delivery."""
    return Path(settings.UPLOADS) / f"delivery-{delivery_id}"


def delivery_folders() -> Iterator[UUID]:
    """Whose folder is there."""
    for path in Path(settings.UPLOADS).glob("delivery-*"):
        if found := DELIVERY.fullmatch(path.name):
            yield UUID(found[1])


def sweep_unpacked() -> int:
    """Takes away what a killed process was unpacking, or looking at, more than a day ago; answers how many."""
    oldest, count = time.time() - LEFTOVER_AGE_S, 0
    for pattern in (f"{PREFIX}*", "image-*"):
        for folder in Path(settings.UPLOADS).glob(pattern):
            if folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)
                count += 1
    return count
