"""The keys that go with a backup: the server's secret key and the keys of the seals, each as a file of its own."""

import os
from pathlib import Path

from django.conf import settings

from exact.eventstore import seal_keys
from exact.operations.backups.files import File, write_whole

SERVER, PUBLIC, PRIVATE = "secret.key", "seal.pub", "seal.key"


def place_of(name: str) -> Path:
    """Where the server looks for it. Where EXACT_SECRET_KEY is set the operator has it, and there may be no file."""
    places = {PUBLIC: seal_keys.public_file(), PRIVATE: seal_keys.secret_file(), SERVER: settings.VAR / SERVER}
    return places[name]


def write_keys(home: Path, folder: Path, *, with_private_key: bool) -> list[File]:
    """What there is of them; the key that signs the seals only if it is asked for."""
    wanted = [SERVER, PUBLIC, *([PRIVATE] if with_private_key else [])]
    return [write_whole(home / name, place_of(name).read_bytes(), folder) for name in wanted if place_of(name).exists()]


def place_keys(folder: Path, keys: list[File]) -> str:
    """To where the server looks for them; answers what is to be known of the key that signs.

    Keys of seals that are here already were not lost with the server: they stay.
    """
    found = {Path(key.path).name: (folder / key.path).read_bytes() for key in keys}
    if SERVER in found:
        _write(place_of(SERVER), found[SERVER], 0o600)
    if PUBLIC not in found:
        return "The log was not sealed yet."
    here = seal_keys.public_file()
    _write(here, _united(found[PUBLIC], here.read_bytes() if here.exists() else b""), 0o644)
    return _signing(found.get(PRIVATE))


def _signing(private: bytes | None) -> str:
    if seal_keys.secret_file().exists():
        return f"The seals go on with the key that is in {seal_keys.secret_file()}."
    if private is not None:
        _write(seal_keys.secret_file(), private, 0o600)
        return "The seals go on with the key of the lost server."
    _, fresh = seal_keys.rotate(seal_keys.public_keys()[-1].name)
    return f"The key that signed the seals is not in the backup; a new one signs from now on, publish it: {fresh}"


def _united(kept: bytes, here: bytes) -> bytes:
    """Lines of both, each once."""
    return b"".join(dict.fromkeys([*kept.splitlines(keepends=True), *here.splitlines(keepends=True)]))


def _write(place: Path, content: bytes, mode: int) -> None:
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = place.with_name(f"{place.name}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)
    fresh.rename(place)


def told(*, with_private_key: bool) -> str:
    """What a backup says of the key that signs the seals."""
    if with_private_key:
        return "It holds the key that signs the seals: whoever gets this folder can forge them."
    return "It holds no key that signs seals (--with-private-key would add it); after a restore a new one signs."
