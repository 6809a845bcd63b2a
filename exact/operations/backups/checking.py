"""`manage.py backup FOLDER --check`: whether every file of a backup is what it was when the backup was made."""

from collections.abc import Iterator
from pathlib import Path

from exact.operations.backups.files import File
from exact.operations.backups.manifest import ORIGINALS, DamagedBackup, Manifest
from exact.operations.backups.progress import Progress
from exact.storage.copies import content_is
from exact.storage.originals import SHA256, path_of

MOST_NAMED = 10


def refuse_damage(folder: Path, manifest: Manifest, progress: Progress) -> None:
    """Reads every file of the backup; a refusal names those that are damaged or missing."""
    found = list(problems(folder, manifest, progress))
    if found:
        more = [f"... and {len(found) - MOST_NAMED} more"] if len(found) > MOST_NAMED else []
        raise DamagedBackup("\n".join([f"The backup {manifest.name} is damaged:", *found[:MOST_NAMED], *more]))


def problems(folder: Path, manifest: Manifest, progress: Progress) -> Iterator[str]:
    """A sentence for each file that is not what the manifest says."""
    for file in manifest.files:
        progress.show(f"checked {file.path}, bytes", file.size_bytes)
        yield from _problem(folder / file.path, file)
    if (folder / manifest.originals.listed.path).is_file():
        yield from _of_originals(folder, manifest, progress)


def _problem(path: Path, file: File) -> Iterator[str]:
    if not path.is_file():
        yield f"{path} is missing."
    elif path.stat().st_size != file.size_bytes:
        yield f"{path} has {path.stat().st_size:,} bytes instead of {file.size_bytes:,}."
    elif not content_is(file.sha256, path):
        yield f"{path} is damaged: its content has another hash."


def originals_of(folder: Path, manifest: Manifest) -> Iterator[str]:
    """The content hashes of the backup's originals, one after the other."""
    with (folder / manifest.originals.listed.path).open("rb") as lines:
        for line in lines:
            yield line[:64].decode("ascii", "replace")


def _of_originals(folder: Path, manifest: Manifest, progress: Progress) -> Iterator[str]:
    for count, sha256 in enumerate(originals_of(folder, manifest), 1):
        if not SHA256.fullmatch(sha256):
            return  # the list itself is damaged, and that was said
        path = path_of(sha256, folder / ORIGINALS)
        progress.show("originals checked", count, manifest.originals.count)
        if not path.is_file():
            yield f"{path} is missing."
        elif not content_is(sha256, path):
            yield f"{path} is damaged: its content has another hash."
