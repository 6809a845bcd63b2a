"""The files of one image, read by a limited process, then kept and registered together; or nothing is left of it."""

import hashlib
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import DatabaseError, transaction

from exact.commands.bus import Answer
from exact.commands.images import RegisterImage
from exact.domain.errors import Conflict, Unsupported
from exact.domain.images import Content
from exact.ingest.arrivals import Arrived, Group
from exact.projections.images import ImageRow
from exact.projections.originals import alone_with, forget
from exact.storage import originals
from exact.storage.bundles import Member, looks_like_manifest, manifest_of
from exact.storage.disk import disk_full_refused
from exact.storage.names import checked_name
from exact.storage.places import lay_out
from exact.storage.references import refer
from exact.tiles.inspect import inspect_file

PREFIX = "image-"
"""Of folders below UPLOADS that live as long as one image is looked at."""
Register = Callable[[RegisterImage], Answer]


@dataclass(frozen=True)
class Whole:
    """One image, whole: what to open, its hash, and its files with theirs."""

    name: str
    path: Path
    sha256: str
    size_bytes: int
    files: tuple[Arrived, ...]
    manifest: Path | None = None
    """Of an image of many files."""

    @property
    def parts(self) -> set[str]:
        """The hashes of everything that is kept of it."""
        return {self.sha256, *(file.sha256 for file in self.files)}


@contextmanager
def together(group: Group) -> Iterator[Whole]:
    """The image of these files, which have their hashes; of many files it can be opened while the block runs."""
    name = checked_name(group.name)
    if one := group.single:
        if looks_like_manifest(one.file):
            raise Unsupported(f"{name} is a list of files and no image; send the files.")
        yield Whole(name, one.file, one.sha256, one.size_bytes, (one,))
        return
    folder = settings.UPLOADS / f"{PREFIX}{secrets.token_hex(8)}"
    try:
        with disk_full_refused():
            yield _bundled(name, group, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sha256_of_group(group: Group) -> str:
    """By which the image is known, from the hashes of its files."""
    if one := group.single:
        return one.sha256
    return hashlib.sha256(_manifest(group)).hexdigest()


def register(image: Whole, image_set_id: UUID, granting: Register, *, name: str = "") -> Answer:
    """Read it, then keep and register it together; nothing is left of what is no image."""
    description = inspect_file(image.path, image.name, image.sha256)
    told = {**asdict(description), "frame_names": description.frame_names or ()}
    names = {"filename": image.name, "sha256": image.sha256, "size_bytes": image.size_bytes}
    content = msgspec.convert({**told, **names}, Content)
    wished = RegisterImage(image_set_id=image_set_id, name=name or image.name, content=content)
    return _kept(image, lambda: granting(wished))


def twin_of(sha256: str, image_set_id: UUID) -> ImageRow | None:
    """The image of the set that has this very content."""
    return ImageRow.objects.filter(image_set_id=image_set_id, sha256=sha256, withdrawn=False).first()


def refuse_twin(sha256: str, image_set_id: UUID) -> None:
    """The very file in the very set is refused before it is read."""
    if twin := twin_of(sha256, image_set_id):
        raise Conflict(f"The set has this very file already, as “{twin.name}”.", code="duplicate", image=twin.number)


def _kept(image: Whole, granted: Callable[[], Answer]) -> Answer:
    """Keep and register: both or neither, whoever else sends the same content at the same moment."""
    try:
        with transaction.atomic():
            alone_with(image.sha256)
            _keep(image)
            return granted()
    except BaseException:
        with suppress(DatabaseError):  # the sweeper finds it, too
            forget(*image.parts)
        raise


def _keep(image: Whole) -> None:
    for file in image.files:
        if file.source is None:
            originals.keep(file.file, file.sha256, stays=True)
        elif not originals.is_kept(file.sha256):
            refer(file.sha256, file.source)
    if image.manifest:
        originals.keep(image.manifest, image.sha256)


def _bundled(name: str, group: Group, folder: Path) -> Whole:
    content = _manifest(group)
    lay_out({path: file.file.absolute() for path, file in group.files.items()}, folder / "laid-out")
    manifest = folder / "manifest"
    manifest.write_bytes(content)
    files = tuple(group.files.values())
    sha256 = hashlib.sha256(content).hexdigest()
    return Whole(name, folder / "laid-out", sha256, group.size_bytes, files, manifest)


def _manifest(group: Group) -> bytes:
    return manifest_of(
        Member(path=path, sha256=file.sha256, size=file.size_bytes) for path, file in group.files.items()
    )
