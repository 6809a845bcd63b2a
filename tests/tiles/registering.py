"""Registers content as images without anybody having looked into it: `python -m tests.tiles.registering SET FILE...`.

Run with the environment of a server; prints the numbers. An upload would refuse such files: this stands for what was
kept before a reader learned to refuse it, and for bytes that went bad on the disk.
"""

import hashlib
import sys
from pathlib import Path

import django

django.setup()

from exact.accounts.authentication import person_of  # noqa: E402 - needs Django's apps
from exact.accounts.models import User  # noqa: E402
from exact.projections.models import ImageSetRow  # noqa: E402
from exact.storage import originals  # noqa: E402
from tests.builders import register  # noqa: E402


def main(number: str, *names: str) -> None:
    """One image for each different content."""
    image_set = ImageSetRow.objects.get(number=int(number))
    owner = person_of(User.objects.get(is_staff=True))
    seen: set[str] = set()
    for path in map(Path, names):
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        if sha256 in seen or not path.stat().st_size:
            continue
        seen.add(sha256)
        copy = originals.path_of(sha256).with_suffix(".copy")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
        originals.keep(copy, sha256)
        image = register(image_set.id, owner, f"{sha256[:8]} {path.name}", sha256=sha256)
        print(image.number, path.name, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
