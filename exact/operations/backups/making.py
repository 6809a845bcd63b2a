"""`manage.py backup FOLDER`: while people work, one moment of the database, then the originals; the manifest last."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import msgspec
from django.conf import settings

import exact
from exact.domain.errors import NotFound
from exact.operations.backups.files import File, described, disk_told, sync_folder, written
from exact.operations.backups.keys import write_keys
from exact.operations.backups.manifest import (
    BACKUPS,
    FACTS,
    KEYS,
    MANIFEST,
    ORIGINALS,
    ORIGINALS_LIST,
    REFERENCES,
    TABLES,
    Manifest,
    Originals,
    write,
)
from exact.operations.backups.progress import Progress
from exact.operations.backups.snapshot import Lost, snapshot
from exact.operations.errors import CannotRun
from exact.storage.bundles import parts_of
from exact.storage.copies import Damaged, copy_original
from exact.storage.originals import all_kept, is_kept, path_of
from exact.storage.references import all_referred

UNFINISHED = "unfinished"
"""A folder in a backup that is being made, where the original lies that is being copied."""
OTHERWISE = "give another folder (no backup was made; images that were copied stay for the next attempt)"


def make_backup(folder: Path, progress: Progress, *, with_private_key: bool = False) -> Manifest:
    """A new backup in the folder; until its manifest is written there is none."""
    with disk_told(folder, OTHERWISE), alone_in(folder), new_home(folder) as home:
        began = datetime.now(UTC)
        with snapshot(progress) as moment:
            database, lost = moment.write(home, folder), moment.lost_originals()
        references, referred = write_references(home / REFERENCES, folder)
        manifest = Manifest(
            name=home.name,
            exact_version=exact.__version__,
            made_at=began,
            database=database,
            originals=Copying(folder, home, progress).all(lost),
            keys=write_keys(home / KEYS, folder, with_private_key=with_private_key),
            references=references,
            referred=referred,
        )
        for path in (home / TABLES, home / KEYS, folder / FACTS, folder / BACKUPS):
            sync_folder(path)
        write(manifest, home, folder)
    return manifest


def write_references(path: Path, folder: Path) -> tuple[File, int]:
    """Where originals lie that stay elsewhere, and how many; their content is in no backup."""
    count = 0
    with written(path) as (out, hashing):
        for sha256, reference in all_referred():
            count += 1
            out.write(msgspec.json.encode({"sha256": sha256, "reference": reference}) + b"\n")
    return described(path, folder, hashing), count


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """One backup at a time; what lies in the folder holds hashes of passwords and is closed to others."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in (BACKUPS, ORIGINALS, FACTS):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(folder / BACKUPS / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise CannotRun(f"Another backup into {folder} is being made; wait until it has ended.") from None
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def new_home(folder: Path) -> Iterator[Path]:
    """Where the next backup grows, named by the moment; what an interrupted one left is cleared away first."""
    for left in (folder / BACKUPS).glob(f"*/{UNFINISHED}"):
        if not (left.parent / MANIFEST).exists():
            shutil.rmtree(left.parent)
    home = folder / BACKUPS / free_name(folder)
    for part in (home, home / UNFINISHED, home / TABLES, home / KEYS):
        part.mkdir(mode=0o700)
    try:
        yield home
    except BaseException:
        shutil.rmtree(home)
        raise
    (home / UNFINISHED).rmdir()


def free_name(folder: Path) -> str:
    """Of the next backup: the second in which it begins, or the next free one."""
    moment = datetime.now(UTC)
    while (folder / BACKUPS / (name := f"{moment:%Y-%m-%dT%H-%M-%SZ}")).exists():
        moment += timedelta(seconds=1)
    return name


class Copying:
    """The originals of one backup: those the folder has are not copied again."""

    def __init__(self, folder: Path, home: Path, progress: Progress) -> None:
        self.folder, self.home, self.progress = folder, home, progress
        self.place = folder / ORIGINALS
        self.count = self.size_bytes = 0
        self.damaged: list[str] = []

    def all(self, lost: list[Lost]) -> Originals:
        """What is on the server, and what only an older backup still has of the images that lost their file."""
        path = self.home / ORIGINALS_LIST
        rescued = {part for sha256, _ in lost for part in parts_of(sha256, self.place) if is_kept(part, self.place)}
        with written(path) as (out, hashing):
            for sha256 in all_kept():
                if self._copied(sha256):
                    self._note(sha256, out)
            for sha256 in sorted(part for part in rescued if not is_kept(part)):
                self._note(sha256, out)
        return Originals(
            listed=described(path, self.folder, hashing),
            count=self.count,
            size_bytes=self.size_bytes,
            missing=sorted({number for sha256, number in lost if not self._whole(sha256)}),
            damaged=self.damaged,
        )

    def _whole(self, sha256: str) -> bool:
        """Whether the backup has the content; of one that lists an image's files, those too."""
        return all(is_kept(part, self.place) for part in parts_of(sha256, self.place))

    def _copied(self, sha256: str) -> bool:
        try:
            copy_original(sha256, source=settings.ORIGINALS, target=self.place, by_way_of=self.home / UNFINISHED)
        except Damaged:
            self.damaged.append(sha256)
            return False
        except NotFound:  # an upload that was taken back meanwhile: no fact speaks of it
            return False
        return True

    def _note(self, sha256: str, out: BinaryIO) -> None:
        path = path_of(sha256, self.place)
        self.count += 1
        self.size_bytes += path.stat().st_size
        out.write(f"{sha256}  {path.relative_to(self.folder)}\n".encode())
        self.progress.show("originals", self.count)
