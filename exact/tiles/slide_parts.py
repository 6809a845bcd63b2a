"""Slides of many files name the others in a file of settings: no name may lead out of the slide's own folder."""

from collections.abc import Iterator
from pathlib import Path

from exact.tiles.errors import DamagedFile, UnsupportedContent

SETTINGS = "Slidedat.ini"
SETTINGS_MAX_BYTES = 2**20
"""OpenSlide reads no more."""
PART_KEYS = (b"ImageFile", b"MapFile", b"OptimisationFile", b"MacroImage", b"INDEXFILE", b"FILE_")
"""What the keys begin with whose values OpenSlide opens: of Hamamatsu's VMS and VMU, and of MRXS."""


def check_parts(main: Path, vendor: str | None, *, in_folder: bool) -> None:
    """Refuses a slide that would have files of others shown: it is uploaded by anybody, and read by the server.

    A VMS that was uploaded alone has no parts, only neighbours that belong to others.
    """
    if vendor == "hamamatsu" and not in_folder:
        raise UnsupportedContent("This slide is one of many files: upload its folder, or a zip of it.")
    settings = {"hamamatsu": main, "mirax": main.with_suffix("") / SETTINGS}.get(vendor or "")
    if settings is not None and settings.exists() and any(map(_leads_out, names(settings))):
        raise DamagedFile("The slide names files outside of its own folder: it is damaged or made to harm.")


def names(settings: Path) -> Iterator[bytes]:
    """The names of the other files, line by line as GLib reads them."""
    with settings.open("rb") as file:
        content = file.read(SETTINGS_MAX_BYTES)
    for line in content.split(b"\n"):
        key, _, value = line.partition(b"=")
        if key.strip().startswith(PART_KEYS):
            yield value.strip()


def _leads_out(name: bytes) -> bool:
    """Backslashes are GLib's way to write any other character."""
    return b"/" in name or b"\\" in name or name in (b".", b"..")
