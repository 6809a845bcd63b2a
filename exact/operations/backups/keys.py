"""The keys that go with a backup: the server's secret key, and the public keys of the seals."""

import os
from pathlib import Path

from django.conf import settings

from exact.operations.backups.files import File, write_whole

NAME = "secret.key"
"""Below `var`. Absent where EXACT_SECRET_KEY is set instead: then the operator keeps it."""


def write_keys(home: Path, folder: Path) -> list[File]:
    """What there is of them."""
    secret = settings.VAR / NAME
    return [write_whole(home / NAME, secret.read_bytes(), folder)] if secret.exists() else []


def place_keys(folder: Path, keys: list[File]) -> None:
    """To where the server looks for them."""
    for key in keys:
        place = settings.VAR / Path(key.path).name
        fresh = place.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write((folder / key.path).read_bytes())
        fresh.rename(place)
