"""Is this upload an image, and what is in it? Asked of a separate process, so that a hostile file harms no server."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings

from exact.domain.errors import Busy, Invalid, NotFound, Refusal, TooLarge, Unsupported
from exact.tiles.pool.limits import ENVIRONMENT
from exact.tiles.source import Description

READER = "exact.tiles.examine"
DEADLINE_S = 120

KINDS: dict[str, type[Refusal]] = {
    "empty_file": Invalid,
    "unsupported_format": Unsupported,
    "damaged_image": Invalid,
    "too_many_pixels": TooLarge,
    "disk_full": Busy,
    "missing_file": NotFound,
    "no_such_tile": Invalid,
}


def inspect_file(path: Path, filename: str, sha256: str | None = None) -> Description:
    """What is in the file, after pixels were really read; a Refusal with a sentence when it cannot be shown.

    With the content's hash, unpacked pixels stay in the cache for the first viewer.
    """
    if path.stat().st_size == 0:
        raise Invalid(f"{filename} is empty: perhaps the copy was interrupted.", code="empty_file")
    settings.CACHE.mkdir(parents=True, exist_ok=True)
    if sha256 is not None:
        return _inspect(path, filename, settings.CACHE, sha256)
    with tempfile.TemporaryDirectory(dir=settings.CACHE, prefix="inspect-") as folder:
        return _inspect(path, filename, Path(folder), "inspected")


def _inspect(path: Path, filename: str, cache: Path, identity: str) -> Description:
    told = ask([str(path.absolute()), str(cache.absolute()), identity, str(settings.PICTURE_MAX_PIXELS)], filename)
    if "problem" in told:
        problem = told["problem"]
        raise KINDS.get(problem["code"], Invalid)(f"{filename}: {problem['sentence']}", code=problem["code"])
    return Description.from_json(told["description"])


def ask(arguments: list[str], filename: str) -> dict[str, Any]:  # Any: JSON
    """One answer of a fresh process; a crash or a timeout of it is a refusal."""
    command = [sys.executable, "-m", READER, *arguments]
    try:
        ended = subprocess.run(  # noqa: S603 - our own module, arguments are not interpreted
            command, cwd=settings.ROOT, env=ENVIRONMENT, capture_output=True, timeout=DEADLINE_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Invalid(
            f"{filename} took more than {DEADLINE_S} s to read: it is damaged or made to harm.",
            code="unreadable_image",
        ) from error
    if ended.returncode != 0 or not ended.stdout:
        raise Invalid(f"{filename} made its reader fail: it is damaged or made to harm.", code="unreadable_image")
    told: dict[str, Any] = json.loads(ended.stdout.rpartition(b"\n")[2])
    return told
