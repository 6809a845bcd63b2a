"""The files of the seal's keys, outside the database: one secret key, and every public key there ever was."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from exact.domain.errors import Refusal
from exact.eventstore.notes import PublicKey, SecretKey, public_key, secret_key


class NoSealKey(Refusal):
    """The file is not where it should be."""

    code = "no_seal_key"


def secret_file() -> Path:
    """Of the key that signs; mode 0600."""
    return Path(settings.SEAL_KEY)


def public_file() -> Path:
    """Of all public keys, a line each, the newest last; nothing in it is secret."""
    return secret_file().with_suffix(".pub")


def current_key() -> SecretKey:
    """The key that signs; read each time, so that a rotation counts at once. Raises NoSealKey."""
    try:
        return secret_key(secret_file().read_text())
    except FileNotFoundError:
        raise NoSealKey(f"{secret_file()} is missing; the sealer makes it when it seals for the first time.") from None


def public_keys(file: Path | None = None) -> list[PublicKey]:
    """Every key that ever signed, or those of another file; none where there is no file."""
    file = file or public_file()
    lines = file.read_text().splitlines() if file.exists() else []
    return [public_key(line) for line in lines if line.strip()]


def made_key() -> SecretKey:
    """The key that signs; the first time it is made."""
    with _locked():
        return current_key() if secret_file().exists() else _renewed(settings.SEAL_ORIGIN or made_up_origin())


def rotate(origin: str) -> tuple[PublicKey | None, PublicKey]:
    """A new key for the same log, and the old secret forgotten. Answers the public keys, old and new."""
    with _locked():
        old = current_key() if secret_file().exists() else None
        return (old.public if old else None), _renewed(origin).public


def made_up_origin() -> str:
    """A name that no other log has."""
    return f"exact/{secrets.token_hex(8)}"


def _renewed(origin: str) -> SecretKey:
    """The public key is kept first: a crash in between leaves one too many, never one too few."""
    key = SecretKey.new(origin)
    keys = [*public_keys(), key.public]
    _write(public_file(), "".join(f"{one}\n" for one in keys), 0o644)
    _write(secret_file(), f"{key.written()}\n", 0o600)
    return key


def _write(file: Path, text: str, mode: int) -> None:
    """Whole or not at all, and still there after a power cut; of the owner that it had."""
    fresh = file.with_name(f"{file.name}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    if file.exists() and os.geteuid() == 0:
        os.chown(fresh, file.stat().st_uid, file.stat().st_gid)
    fresh.replace(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """The names in it survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _locked() -> Iterator[None]:
    """One at a time, also with another sealer."""
    folder = secret_file().parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
