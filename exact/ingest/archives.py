"""Zip files: everything that they claim is checked before a byte is unpacked, and nothing is ever written over."""

import errno
import hashlib
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from django.conf import settings

from exact.domain.errors import Invalid, Refusal, TooLarge
from exact.ingest.arrivals import Arrived, Aside
from exact.ingest.grouping import is_junk
from exact.storage.bundles import MEMBERS_MAX, checked_path
from exact.storage.disk import disk_full_refused
from exact.storage.uploads import in_words

BEGINS = (b"PK\x03\x04", b"PK\x05\x06")
BLOCK_BYTES = 2**20
RATIO_MAX = 100
"""How much smaller than its content an archive may be, beyond the first RATIO_FROM_BYTES: images are packed already."""
RATIO_FROM_BYTES = 256 * 2**20
KNOWN_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
DAMAGED = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error),
    *(EOFError, NotImplementedError, UnicodeError),  # NotImplementedError: a method or version that zipfile lacks
)
"""What zipfile raises on archives that are broken, or of an unusual kind."""
Watch = Callable[[int], None]
"""Told how many bytes have been unpacked."""


def is_zip(path: Path) -> bool:
    """By its first bytes."""
    with path.open("rb") as file:
        return file.read(4) in BEGINS


def unpacked(path: Path, name: str, folder: Path, watch: Watch = lambda _: None) -> tuple[list[Arrived], list[Aside]]:
    """The files of an archive below a folder that is empty or not there, hashed; and what is set aside.

    They count as lying in a folder that is called like the archive. Raises a Refusal and leaves the rest to whoever
    clears the folder away.
    """
    below = PurePosixPath(name).stem
    with opened(path, name) as archive:
        entries, aside = checked(archive, name)
        done, files = 0, []
        for count, (inside, entry) in enumerate(entries):
            target = folder / str(count)
            sha256 = _unpack(archive, entry, target)
            files.append(Arrived(f"{below}/{inside}", target, sha256, entry.file_size))
            done += entry.file_size
            watch(done)
    return files, aside


@contextmanager
def opened(path: Path, name: str) -> Iterator[zipfile.ZipFile]:
    """The archive; what is wrong with it is said in a sentence."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except DAMAGED as error:
        raise _damaged(name, error) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # which a place before the beginning of the file gives
            raise
        raise _damaged(name, error) from error


def checked(archive: zipfile.ZipFile, name: str) -> tuple[list[tuple[str, zipfile.ZipInfo]], list[Aside]]:
    """What is to be unpacked, each with its path, and what is set aside."""
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > MEMBERS_MAX:
        raise TooLarge(f"{name} holds {len(infos):,} files; {MEMBERS_MAX:,} are taken.", code="bad_archive")
    entries, aside, taken = [], [], set()
    for info in infos:
        path = info.filename.replace("\\", "/")
        if junk := is_junk(path):
            aside.append(junk)
            continue
        path = _checked(info, path, name)
        if path.casefold() in taken:
            raise _bad(name, f"holds {path} twice")
        taken.add(path.casefold())
        entries.append((path, info))
    _refuse_bomb([info for _, info in entries], name)
    return entries, aside


def _checked(info: zipfile.ZipInfo, path: str, name: str) -> str:
    """The member's path, when it can be unpacked without harm."""
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise _bad(name, f"holds {path[:80]}, a link and no file")
    if info.flag_bits & 0x1:
        raise _bad(name, "is encrypted: send it without a password")
    if info.compress_type not in KNOWN_METHODS:
        raise _bad(name, f"packs {path[:80]} by a method that is not read here: pack it the usual way")
    try:
        return checked_path(path)
    except Refusal as refusal:
        raise _bad(name, f"holds the path {path[:80]!r}: {refusal.sentence}") from refusal


def _refuse_bomb(infos: list[zipfile.ZipInfo], name: str) -> None:
    size, packed = sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
    if size > settings.UPLOAD_MAX_BYTES:
        raise TooLarge(
            f"{name} unpacks to {in_words(size)}; {in_words(settings.UPLOAD_MAX_BYTES)} are taken.", code="bad_archive"
        )
    if size > RATIO_FROM_BYTES and size > RATIO_MAX * max(packed, 1):
        raise _bad(name, f"unpacks to {in_words(size)}, more than {RATIO_MAX} times its own size, as no images do")


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> str:
    """One file, never over another; its hash."""
    digest = hashlib.sha256()
    with disk_full_refused():
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(entry) as source, target.open("xb") as file:
            while block := source.read(BLOCK_BYTES):
                digest.update(block)
                file.write(block)
    return digest.hexdigest()


def _damaged(name: str, error: Exception) -> Invalid:
    return Invalid(f"{name} is damaged or is no zip of the usual kind: pack it again ({error}).", code="bad_archive")


def _bad(name: str, what: str) -> Invalid:
    return Invalid(f"{name} {what}.", code="bad_archive")
