"""Thumbnails by content: made once, kept below the cache folder, thrown away with it at any time."""

import os
import tempfile
from pathlib import Path

from django.conf import settings

from exact.tiles.encoders import MEDIA_TYPES
from exact.tiles.render import RENDERER_VERSION
from exact.tiles.service import tile_service
from exact.tiles.slide_cache import Original

SIDE_PX = 256


def thumbnail(file: Original, side_px: int = SIDE_PX, tile_format: str = "jpeg") -> bytes:
    """JPEG or PNG bytes of the whole image inside a square; upright, the middle slice of a volume."""
    kept = kept_at(settings.CACHE, file.sha256, side_px, tile_format)
    if kept.exists():
        return kept.read_bytes()
    made = tile_service().thumbnail(file, side_px, tile_format)
    write_whole(kept, made)
    return made


def media_type(tile_format: str = "jpeg") -> str:
    """For the answer's Content-Type."""
    return MEDIA_TYPES[tile_format]


def kept_at(cache: Path, sha256: str, side_px: int, tile_format: str) -> Path:
    """The version stands in the name, so that a better renderer makes new ones."""
    return cache / "thumbnails" / sha256[:2] / f"{sha256}-{side_px}-v{RENDERER_VERSION}.{tile_format}"


def write_whole(path: Path, content: bytes) -> None:
    """Whole or not at all, also when two write the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".")
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    Path(name).rename(path)
