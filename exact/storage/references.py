"""Originals that stay where they are: a note beside the place of a kept file says where, and how it looked then."""

import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings

from exact.domain.errors import Busy, NotFound
from exact.storage.disk import disk_full_refused
from exact.storage.oldest import give_up_oldest
from exact.storage.originals import SHA256, path_of

SUFFIX = ".reference"
BLOCK_BYTES = 2**20
AT_ONCE_BYTES = 64 * 2**20
"""A file that is larger is fetched in the background; whoever asks meanwhile is told to come again."""


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """An absolute path, or an address that fsspec opens (s3://bucket/slide.svs)."""

    form: int = msgspec.field(default=1, name="exact-reference")
    url: str
    size_bytes: int
    stamp: str
    """What would be another if the content were: time of the last change, or the store's own mark."""

    @property
    def local(self) -> Path | None:
        """The path, for a file of this machine."""
        return None if "://" in self.url else Path(self.url)

    @property
    def filename(self) -> str:
        """The last part of it: whoever sees an image need not know where on the server it lies."""
        return self.url.rstrip("/").rpartition("/")[2]


class Gone(NotFound):
    """The file that an image refers to is not there any more, or is another one."""

    code = "changed_original"


def reference_to(url: str) -> Reference:
    """As the file is now."""
    if "://" not in url:
        found = Path(url).stat()
        return Reference(url=str(Path(url).absolute()), size_bytes=found.st_size, stamp=str(found.st_mtime_ns))
    from fsspec.core import url_to_fs  # the web process needs it for images in stores only

    files, path = url_to_fs(url)
    told: dict[str, Any] = files.info(path)  # Any: whatever the store tells
    mark = next((str(told[name]) for name in ("ETag", "etag", "mtime", "LastModified", "created") if name in told), "")
    return Reference(url=url, size_bytes=int(told["size"]), stamp=mark)


def reference_of(sha256: str, folder: Path | None = None) -> Reference | None:
    """Where the content lies, when it is not kept here."""
    try:
        return msgspec.json.decode(noted_at(sha256, folder).read_bytes(), type=Reference)
    except FileNotFoundError:
        return None


def refer(sha256: str, reference: Reference, folder: Path | None = None) -> None:
    """Remember where the content lies; whole or not at all. The newest note counts."""
    note = noted_at(sha256, folder)
    with disk_full_refused():
        note.parent.mkdir(parents=True, exist_ok=True)
        fresh = note.with_name(f".{note.name}.{os.getpid()}.{threading.get_ident()}")
        fresh.write_bytes(msgspec.json.encode(reference))
        fresh.rename(note)


def forget_reference(sha256: str) -> None:
    """The note goes; the file stays whose it is."""
    noted_at(sha256).unlink(missing_ok=True)


def all_referred(folder: Path | None = None) -> Iterator[tuple[str, Reference]]:
    """Every note that is here, in the order of the hashes."""
    for note in sorted((folder or settings.ORIGINALS).glob(f"[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*{SUFFIX}")):
        sha256 = note.name.removesuffix(SUFFIX)
        if SHA256.fullmatch(sha256) and (reference := reference_of(sha256, folder)):
            yield sha256, reference


def unchanged(reference: Reference) -> bool:
    """Whether a file of this machine is there as it was; others are compared by content when they are fetched."""
    if reference.local is None:
        return True
    try:
        found = reference.local.stat()
    except OSError:
        return False
    return found.st_size == reference.size_bytes and str(found.st_mtime_ns) == reference.stamp


def refuse_changed(reference: Reference) -> None:
    """Nothing is shown of a file that is another one than was registered."""
    if not unchanged(reference):
        raise Gone(
            f"The file {reference.filename} was changed, moved or removed where it lies, after it was imported by "
            "reference. Put the same file back, or import it anew; ask the administrator."
        )


def referred_place(sha256: str, reference: Reference) -> Path:
    """The file itself, or its copy in the cache, fetched now if it has to be."""
    refuse_changed(reference)
    if reference.local is not None:
        return reference.local
    cached = cached_at(sha256)
    if cached.exists():
        os.utime(cached)
        return cached
    if reference.size_bytes > AT_ONCE_BYTES:
        threading.Thread(target=_fetch_quietly, args=(sha256, reference), name=f"fetch {sha256}", daemon=True).start()
        raise Busy(
            f"{reference.filename} is being fetched from where it lies; look again in a minute.", code="fetching"
        )
    fetch(sha256, reference)
    return cached


def cached_at(sha256: str) -> Path:
    """Where the copy of a file from elsewhere lies, or would lie."""
    return Path(settings.CACHE) / "remote" / sha256


def fetch(sha256: str, reference: Reference) -> bool:
    """Copies it into the cache, compared by content; False where another process is at it."""
    cached = cached_at(sha256)
    with disk_full_refused():
        cached.parent.mkdir(parents=True, exist_ok=True)
        with _alone(cached.with_name(f".{sha256}.part")) as growing:
            if growing is None or cached.exists():
                return cached.exists()
            if _copied(reference, growing) != sha256:
                raise Gone(
                    f"The file {reference.filename} has another content than when it was imported by reference: "
                    "import it anew; ask the administrator."
                )
            growing.rename(cached)
    trim_cache(cached)
    return True


def _copied(reference: Reference, target: Path) -> str:
    """Its hash. Whatever the store says against it is told as a refusal."""
    import fsspec

    digest = hashlib.sha256()
    try:
        with fsspec.open(reference.url, "rb") as source, target.open("wb") as file:
            while block := source.read(BLOCK_BYTES):
                digest.update(block)
                file.write(block)
    except FileNotFoundError as error:
        raise Gone(f"The file {reference.filename} is not there any more from which the image was imported.") from error
    return digest.hexdigest()


def _fetch_quietly(sha256: str, reference: Reference) -> None:
    """In a thread of its own; a refusal is found again by whoever asks next."""
    try:
        fetch(sha256, reference)
    except (Busy, NotFound):
        return


@contextmanager
def _alone(growing: Path) -> Iterator[Path | None]:
    """The path to write to, or None while another one writes there."""
    descriptor = os.open(growing, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        yield None
        return
    try:
        yield growing
    finally:
        growing.unlink(missing_ok=True)
        os.close(descriptor)


def trim_cache(newest: Path | None = None) -> None:
    """Removes copies that nobody asked for the longest; whoever has one open keeps reading it."""
    files = (Path(settings.CACHE) / "remote").glob("[0-9a-f]*")
    give_up_oldest(files, settings.REMOTE_CACHE_BYTES, spared=newest)


def noted_at(sha256: str, folder: Path | None = None) -> Path:
    """Where the note about this content lies, or would lie."""
    place = path_of(sha256, folder)
    return place.with_name(f"{place.name}{SUFFIX}")
