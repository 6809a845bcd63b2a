"""Where a kept image can be opened: its file, or for one of many files a folder of links, made when first asked for."""

import math
import os
import secrets
import shutil
import time
from pathlib import Path

import msgspec
from django.conf import settings

from exact.domain.errors import NotFound
from exact.storage.bundles import Bundle, bundle_of, is_bundle, parts_of
from exact.storage.disk import LEFTOVER_AGE_S, disk_full_refused
from exact.storage.originals import SHA256, is_kept, path_of
from exact.storage.references import Reference, reference_of, referred_place, refuse_changed, unchanged

MISSING = "The file of this image is missing on the server; ask the administrator."
UNUSED_S = 7 * 24 * 3600
"""A folder of links that nobody asked for so long is taken away; the next who asks makes it again."""
LOOK_EVERY_S = 3600


def place_of(sha256: str) -> Path:
    """The file or the folder to open; refuses what is not whole, or not what it was."""
    return _laid_out(sha256) if is_bundle(sha256) else file_of(sha256)


def ready_place(sha256: str) -> Path | None:
    """The same where nothing has to be laid out, looked at or fetched; never waits."""
    if not is_bundle(sha256):
        return path_of(sha256) if is_kept(sha256) else None
    home = _root() / sha256
    return home if _age_s(home) < LOOK_EVERY_S and not _referred(home).exists() else None


def file_of(sha256: str) -> Path:
    """One file: kept here, or where a reference says. What is neither is missing when it is opened."""
    reference = None if is_kept(sha256) else reference_of(sha256)
    return referred_place(sha256, reference) if reference else path_of(sha256)


def is_here(sha256: str) -> bool:
    """Whether the image can be opened: for one of many files, every one is there."""
    return all(_is_here(part) for part in parts_of(sha256))


def sweep_folders() -> int:
    """Takes away folders of links that nobody uses, and what a killed process left of one; answers how many."""
    count = 0
    for path in _root().glob("*"):
        if path.is_dir() and math.inf > _age_s(path) > (UNUSED_S if SHA256.fullmatch(path.name) else LEFTOVER_AGE_S):
            shutil.rmtree(path, ignore_errors=True)
            _referred(path).unlink(missing_ok=True)
            count += 1
    return count


def lay_out(files: dict[str, Path], folder: Path) -> None:
    """Links to the files, by their paths in a folder that is not there yet."""
    for path, target in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if not target.is_file():
            raise NotFound(MISSING, code="missing_file")
        place.symlink_to(os.path.relpath(target, place.parent))


def _root() -> Path:
    return Path(settings.CACHE) / "bundles"


def _is_here(sha256: str) -> bool:
    reference = None if is_kept(sha256) else reference_of(sha256)
    return unchanged(reference) if reference else is_kept(sha256)


def _laid_out(sha256: str) -> Path:
    home = _root() / sha256
    age_s = _age_s(home)
    if age_s == math.inf:
        return _made(sha256, home)
    _refuse_changed(home)
    if age_s < LOOK_EVERY_S and not _referred(home).exists():
        return home
    if _dangling(home):
        shutil.rmtree(home, ignore_errors=True)
        return _made(sha256, home)
    os.utime(home)
    return home


def _made(sha256: str, home: Path) -> Path:
    """Whole or not at all: laid out under another name, then renamed; of two at once the first stays."""
    bundle = bundle_of(sha256)
    if bundle is None:
        raise NotFound(MISSING, code="missing_file")
    growing = home.with_name(f".{sha256}.{secrets.token_hex(8)}")
    try:
        with disk_full_refused():
            lay_out({member.path: file_of(member.sha256) for member in bundle.files}, growing)
            _note_references(bundle, home)
        growing.rename(home)
    except OSError:
        if not home.is_dir():
            raise
    finally:
        shutil.rmtree(growing, ignore_errors=True)
    return home


def _note_references(bundle: Bundle, home: Path) -> None:
    """Which of the links lead out of the originals: those are looked at whenever somebody asks for the folder."""
    found = (reference_of(member.sha256) for member in bundle.files if not is_kept(member.sha256))
    referred = [reference for reference in found if reference]
    if referred:
        _referred(home).write_bytes(msgspec.json.encode(referred))


def _refuse_changed(home: Path) -> None:
    if (referred := _referred(home)).exists():
        for reference in msgspec.json.decode(referred.read_bytes(), type=list[Reference]):
            refuse_changed(reference)


def _referred(home: Path) -> Path:
    return home.with_name(f"{home.name}.references")


def _dangling(home: Path) -> bool:
    return any(not path.exists() for path in home.rglob("*") if path.is_symlink())


def _age_s(path: Path) -> float:
    """Since somebody asked for it; infinite where it is not there."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return math.inf
