"""Originals from one folder to another, such as a backup: hashed on the way, whole or not at all."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from exact.domain.errors import Refusal
from exact.storage.originals import is_kept, keep, open_original, path_of
from exact.storage.uploads import receiving

PIECE_BYTES = 2**20
NO_LIMIT = 2**63


class Damaged(Refusal):
    """A kept file whose content is not what its name says."""

    code = "damaged_original"


def copy_original(sha256: str, *, source: Path, target: Path, by_way_of: Path) -> bool:
    """Copies the content unless the target has it already; answers whether it had to.

    `by_way_of` is a folder on the target's disk for the unfinished file. Raises Damaged and keeps nothing when the
    content is not what its name says, NotFound when the source has no such content.
    """
    if _has(sha256, source, target):
        return False
    with receiving(_pieces(sha256, source), sha256, max_bytes=NO_LIMIT, folder=by_way_of) as received:
        if received.sha256 != sha256:
            raise Damaged(f"The original {path_of(sha256, source)} is damaged: its content has another hash.")
        path_of(sha256, target).unlink(missing_ok=True)  # cut off or damaged, if it is there
        keep(received.path, sha256, target)
    return True


def content_is(sha256: str, path: Path) -> bool:
    """Whether the file's content has that hash; it is read to the end."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _has(sha256: str, source: Path, target: Path) -> bool:
    """An equal length is believed; where they differ, one of the two is damaged."""
    if not is_kept(sha256, target):
        return False
    kept, here = path_of(sha256, target), path_of(sha256, source)
    return (here.is_file() and here.stat().st_size == kept.stat().st_size) or content_is(sha256, kept)


def _pieces(sha256: str, source: Path) -> Iterator[bytes]:
    with open_original(sha256, source) as file:
        while piece := file.read(PIECE_BYTES):
            yield piece
