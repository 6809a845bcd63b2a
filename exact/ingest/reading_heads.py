"""Asks a limited process what the headers of arrived files say of belonging together."""

import json
import subprocess
import sys
from pathlib import Path, PurePosixPath

from django.conf import settings

from exact.domain.errors import Invalid
from exact.ingest.arrivals import Arrived
from exact.ingest.grouping import COMPANION
from exact.ingest.heads import Head
from exact.tiles.pool.limits import ENVIRONMENT

DEADLINE_S = 120


def read_heads(files: list[Arrived]) -> dict[str, Head]:
    """By path, for those whose headers can speak of others. A single file needs none."""
    asked = [(kind, file) for file in files if (kind := kind_of(file))] if len(files) > 1 else []
    if not asked:
        return {}
    told = _ask([(kind, str(file.file.absolute())) for kind, file in asked])
    return {file.path: head for (_, file), head in zip(asked, told, strict=True)}


def kind_of(file: Arrived) -> str:
    """Which header it has; empty where names say everything."""
    name = PurePosixPath(file.path).name.lower()
    if name.endswith((".vms", ".vmu")):
        return "key_file"
    if name.endswith(COMPANION):
        return "companion"
    if name.endswith((".ome.tif", ".ome.tiff")):
        return "ome"
    return "dicom" if _is_dicom(file.file) else ""


def _is_dicom(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def _ask(asked: list[tuple[str, str]]) -> list[Head]:
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "exact.ingest.heads"], input=json.dumps(asked).encode(), cwd=settings.ROOT,
            env=ENVIRONMENT, capture_output=True, timeout=DEADLINE_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise _unreadable() from error
    if ended.returncode != 0 or not ended.stdout:
        raise _unreadable()
    return [Head(**told) for told in json.loads(ended.stdout.rpartition(b"\n")[2])]


def _unreadable() -> Invalid:
    return Invalid(
        "The headers of these files made their reader fail: one of them is damaged or made to harm. "
        "Send fewer files at once to find which.",
        code="unreadable_image",
    )
