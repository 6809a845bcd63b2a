"""Tiles, descriptors, regions and thumbnails of kept originals: the caches and limits of one process put together."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings

from exact.tiles.encoders import ENCODERS
from exact.tiles.errors import NoSuchTile
from exact.tiles.formats import open_image
from exact.tiles.looks import PLAIN, Look
from exact.tiles.metadata import Metadata, metadata_of
from exact.tiles.render import RENDERER_VERSION, render_tile
from exact.tiles.slide_cache import Grid, Original, SlideCache
from exact.tiles.source import Description, OpenOptions, Size
from exact.tiles.tile_cache import TileCache

MAX_REGION_PIXELS = 64 * 2**20


@dataclass(frozen=True)
class TileAddress:
    """One tile of one image."""

    plane: int
    frame: int
    level: int
    column: int
    row: int
    tile_format: str
    look: Look = PLAIN

    def etag(self, sha256: str) -> str:
        """Quoted; the same pixels always have the same tag, on every host."""
        place = (self.plane, self.frame, self.level, self.column, self.row)
        parts = (sha256, RENDERER_VERSION, *place, self.tile_format, *self.look.parameters().items())
        return '"' + hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest() + '"'


class TileService:
    """Pixels for whoever was let in before: no method here asks for permission."""

    def __init__(self, slides: SlideCache, tiles: TileCache) -> None:
        self.slides = slides
        self.tiles = tiles

    def known_tile(self, file: Original, address: TileAddress) -> bytes | None:
        """The tile when it is in memory: never waits."""
        return self.tiles.get((file.sha256, address))

    def tile(self, file: Original, address: TileAddress) -> bytes:
        """The encoded tile, from memory or made now."""
        return self.tiles.get_or_make((file.sha256, address), lambda: self._render(file, address))

    def descriptor(self, file: Original, plane: int) -> bytes:
        """The .dzi document of a plane."""
        with self.slides.view(file, plane, Grid()) as view:
            return view.pyramid.descriptor()

    def description(self, file: Original) -> Description:
        """What is known of the image."""
        with self.slides.lease(file) as source:
            return source.description

    def metadata(self, file: Original) -> Metadata:
        """What the file says of itself. Can hold names of patients: whoever shows it withholds them from others."""
        with self.slides.lease(file) as source:
            return metadata_of(source)

    def associated(self, file: Original, name: str, tile_format: str = "jpeg") -> bytes:
        """A picture beside the image, such as `label`, encoded."""
        with self.slides.lease(file) as source:
            return ENCODERS[tile_format](source.read_associated(name))

    def region(
        self,
        file: Original,
        location: tuple[int, int],
        level: int,
        size: Size,
        *,
        frame: int = 0,
        plane: int = 0,
        tile_format: str = "png",
    ) -> bytes:
        """A rectangle of a stored level, encoded; `location` in level-0 pixels, `size` in pixels of the level."""
        if min(size) < 1 or size[0] * size[1] > MAX_REGION_PIXELS:
            raise NoSuchTile(f"A region has 1 to {MAX_REGION_PIXELS:,} pixels.")
        with self.slides.view(file, plane, Grid()) as view:
            if not 0 <= level < len(view.pyramid.level_sizes):
                raise NoSuchTile(f"This image has no level {level}.")
            return ENCODERS[tile_format](
                view.source.read_region(location, level, size, view.shown_frame(frame), view.plane)
            )

    def thumbnail(self, file: Original, side_px: int, tile_format: str) -> bytes:
        """The whole image, in proportion, inside a square; the middle slice of a volume."""
        with self.slides.lease(file) as source:
            pixels = source.get_thumbnail((side_px, side_px), source.description.default_frame)
            return ENCODERS[tile_format](pixels)

    def _render(self, file: Original, address: TileAddress) -> bytes:
        with self.slides.view(file, address.plane, Grid()) as view:
            frame = view.shown_frame(address.frame)
            return render_tile(
                view.under(address.look), address.level, address.column, address.row, frame, address.tile_format
            )


def open_options(identity: str, cache_folder: Path | None = None) -> OpenOptions:
    """The limits of the settings, for content of this identity."""
    return OpenOptions(cache_folder or settings.CACHE, identity, settings.PICTURE_MAX_PIXELS)


@cache
def tile_service() -> TileService:
    """The one of this process."""
    slides = SlideCache(
        lambda file: open_image(file.path, open_options(file.sha256)),
        max_handles=settings.SLIDE_CACHE_HANDLES,
        max_bytes=settings.SLIDE_CACHE_BYTES,
    )
    return TileService(slides, TileCache(settings.TILE_CACHE_BYTES))
