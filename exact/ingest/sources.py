"""Files that lie somewhere: below folders of this machine or at addresses that fsspec knows, read without copying."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from hashlib import sha256 as new_sha256
from pathlib import Path
from typing import BinaryIO

from exact.domain.errors import Invalid
from exact.ingest.arrivals import Arrived
from exact.ingest.models import SeenFile
from exact.storage.disk import disk_full_refused
from exact.storage.references import Reference, reference_to

BLOCK_BYTES = 2**20
Watch = Callable[[int], None]
"""Told how many more bytes were read."""


def is_remote(url: str) -> bool:
    """Whether it is an address and no path."""
    return "://" in url


def walked(places: Iterable[str]) -> Iterator[Arrived]:
    """Every file of these places, under its path from beside the place; links are not followed."""
    for place in places:
        yield from _remote(place) if is_remote(place) else _local(Path(place).absolute())


def hashed(file: Arrived, watch: Watch, copy: Path | None = None) -> Arrived:
    """With its hash, known from before or by one reading; copied on the way when `copy` is where."""
    assert file.source is not None, "files that lie somewhere say where"
    known = seen(file.source)
    if known and copy is None:
        watch(file.size_bytes)
        return replace(file, sha256=known)
    if copy:
        copy.parent.mkdir(parents=True, exist_ok=True)
    sha256 = _read(file.source, watch, copy)
    if reference_to(file.source.url) != file.source:
        raise Invalid(f"{file.path} was changed while it was read: it is still being written.", code="growing_file")
    remember(file.source, sha256)
    return replace(file, sha256=sha256, file=copy or file.file)


def seen(source: Reference) -> str:
    """The hash of the file when it is as it was; else nothing."""
    found = SeenFile.objects.filter(url=source.url, size_bytes=source.size_bytes, stamp=source.stamp).first()
    return found.sha256 if found and source.stamp else ""


def remember(source: Reference, sha256: str, problem: str = "") -> None:
    """So that it is not read again while it is as it is."""
    told = {"size_bytes": source.size_bytes, "stamp": source.stamp, "sha256": sha256, "problem": problem}
    SeenFile.objects.update_or_create(url=source.url, defaults=told)


def _local(place: Path) -> Iterator[Arrived]:
    if not place.exists():
        raise Invalid(f"There is no {place}.", code="no_such_place")
    if place.is_file():
        yield _arrived(place, place.name)
    for folder, folders, names in os.walk(place):
        folders.sort()
        for path in (Path(folder) / name for name in sorted(names)):
            if path.is_file() and not path.is_symlink():
                yield _arrived(path, str(path.relative_to(place.parent)))


def _arrived(path: Path, name: str) -> Arrived:
    source = reference_to(str(path))
    return Arrived(name, path, "", source.size_bytes, source)


def _remote(place: str) -> Iterator[Arrived]:
    from fsspec.core import url_to_fs  # without it where all files are here

    files, root = url_to_fs(place)
    found = sorted(files.find(root))
    if not found:
        raise Invalid(f"There is no file at {place}.", code="no_such_place")
    above = root.rstrip("/").rpartition("/")[0]
    for path in found:
        source = reference_to(files.unstrip_protocol(path))
        name = path[len(above) :].lstrip("/")
        yield Arrived(name, Path(path), "", source.size_bytes, source)


def _read(source: Reference, watch: Watch, copy: Path | None) -> str:
    digest = new_sha256()
    with disk_full_refused(), closing(_opened(source)) as file:
        target = None if copy is None else copy.open("xb")
        try:
            while block := file.read(BLOCK_BYTES):
                digest.update(block)
                if target:
                    target.write(block)
                watch(len(block))
        finally:
            if target:
                target.close()
    return digest.hexdigest()


def _opened(source: Reference) -> BinaryIO:
    if source.local:
        return source.local.open("rb")
    import fsspec

    opened: BinaryIO = fsspec.open(source.url, "rb").open()
    return opened
