"""Tiles, descriptors, regions and thumbnails of kept originals: the caches and limits of one process put together."""

import hashlib
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from exact.tiles.direct import DirectTiles
from exact.tiles.encoders import ENCODERS
from exact.tiles.errors import NoSuchTile
from exact.tiles.formats import open_here
from exact.tiles.iiif import Picture
from exact.tiles.iiif_render import render_picture
from exact.tiles.looks import PLAIN, Look
from exact.tiles.metadata import Metadata, metadata_of
from exact.tiles.native_render import FROM_PIXELS, native_tile
from exact.tiles.outline import Outline, outline_of
from exact.tiles.pool.contained import contained
from exact.tiles.pool.messages import Setup
from exact.tiles.pool.pool import Pool, Terms
from exact.tiles.pool.strikes import Strikes
from exact.tiles.remembered import Remembered
from exact.tiles.render import RENDERER_VERSION, render_tile
from exact.tiles.slide_cache import Grid, Original, SlideCache
from exact.tiles.source import Description, OpenOptions, Size, TileSource
from exact.tiles.tile_cache import TileCache

if TYPE_CHECKING:  # Redis and what else children do not need
    from exact.tiles.shared_tiles import SharedTiles

MAX_REGION_PIXELS = 64 * 2**20
DEEP_ZOOM_GRID, NATIVE = "deep zoom", "native"
"""The ancestor's tiles of 254 pixels and an overlap; and those of the file itself."""
ETAG_DIGITS = 32
MAX_OUTLINES = 1024


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
    grid: str = DEEP_ZOOM_GRID

    def etag(self, sha256: str) -> str:
        """Quoted; the same pixels always have the same tag, on every host."""
        place = f"{self.plane}.{self.frame}.{self.level}.{self.column}.{self.row}"
        look = "" if self.look is PLAIN or self.look == PLAIN else "-" + tag((self.look.parameters(),)).strip('"')
        return f'"{sha256[:ETAG_DIGITS]}-{RENDERER_VERSION}-{self.grid[0]}{place}{self.tile_format}{look}"'


def tag(parts: tuple[object, ...]) -> str:
    """An ETag that names all of them."""
    return '"' + hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest() + '"'


@dataclass(frozen=True)
class Layout:
    """The stored levels of a plane, largest first, and how many tiles each Deep Zoom level has, smallest first."""

    level_sizes: tuple[Size, ...]
    level_downsamples: tuple[float, ...]
    level_tiles: tuple[Size, ...]


class TileService:
    """Pixels for whoever was let in before: no method here asks for permission.

    What is marked `contained` runs here for files that may be opened here, for all others in a child of the pool, by
    the same method of the child's own service. A service without a pool opens everything itself: so does the child's.
    """

    def __init__(
        self, slides: SlideCache, tiles: TileCache, pool: Pool | None = None, shared: "SharedTiles | None" = None
    ) -> None:
        self.slides = slides
        self.tiles = tiles
        self.shared = shared
        self.direct = DirectTiles()
        self._outlines: Remembered[str, Outline] = Remembered(MAX_OUTLINES)
        self.pool = pool

    def known_tile(self, file: Original, address: TileAddress) -> bytes | None:
        """The tile when it is in memory: never waits."""
        if address.grid == NATIVE:
            stored = self._stored_place(file, address)
            if stored is not None:
                return self.direct.now(file.sha256, *stored)
        return self.tiles.get((file.sha256, address))

    @contained
    def tile(self, file: Original, address: TileAddress) -> bytes:
        """The encoded tile, as it lies in the file, from memory or made now."""
        if address.grid == NATIVE:
            outline = self._outline(file)
            outline.check_frame(address.plane, address.frame)
            stored = self._stored_place(file, address)
            whole = None if stored is None else self.direct.read(file, outline.tiff_levels, *stored)
            if whole is not None:
                return whole
        return self.tiles.get_or_make((file.sha256, address), lambda: self._shared_or_made(file, address))

    def known_outline(self, file: Original) -> Outline | None:
        """The outline when it is in memory: never waits."""
        return self._outlines.get(file.sha256, 0.0)

    @contained
    def outline(self, file: Original) -> Outline:
        """What is worth knowing of the image; remembered while there is room, because content never changes."""
        return self._outline(file)

    def _outline(self, file: Original) -> Outline:
        known = self.known_outline(file)
        if known is None:
            with self.slides.lease(file) as source:
                known = outline_of(source)
            self._outlines.put(file.sha256, known, math.inf)
        return known

    def _stored_place(self, file: Original, address: TileAddress) -> tuple[int, int, int] | None:
        """Level, column and row in the file, when the tile is known to lie there as it is to be shown."""
        outline = self.known_outline(file)
        if outline is None or address.tile_format != "jpeg" or address.look != PLAIN:
            return None
        return outline.stored_place(address.plane, address.frame, address.level, address.column, address.row)

    @contained
    def picture(self, file: Original, plane: int, frame: int, picture: Picture, look: Look) -> bytes:
        """A picture that the IIIF Image API asks for; not kept, because hardly two people ask for the same."""
        _, grid = self._outline(file).plane(plane)
        with self.slides.view(file, plane, FROM_PIXELS) as view:
            return render_picture(view, grid, picture, frame, look)

    @contained
    def descriptor(self, file: Original, plane: int) -> bytes:
        """The .dzi document of a plane."""
        with self.slides.view(file, plane, Grid()) as view:
            return view.pyramid.descriptor()

    @contained
    def description(self, file: Original) -> Description:
        """What is known of the image."""
        with self.slides.lease(file) as source:
            return source.description

    @contained
    def layout(self, file: Original, plane: int) -> Layout:
        """How a plane is stored and cut."""
        with self.slides.view(file, plane, Grid()) as view:
            sizes = view.source.level_dimensions_for_plane(view.plane)
            downsamples = view.source.level_downsamples_for_plane(view.plane)
            return Layout(tuple(sizes), tuple(downsamples), view.pyramid.level_tiles)

    @contained
    def metadata(self, file: Original) -> Metadata:
        """What the file says of itself. Can hold names of patients: whoever shows it withholds them from others."""
        with self.slides.lease(file) as source:
            return metadata_of(source)

    @contained
    def associated(self, file: Original, name: str, tile_format: str = "jpeg") -> bytes:
        """A picture beside the image, such as `label`, encoded."""
        with self.slides.lease(file) as source:
            return ENCODERS[tile_format](source.read_associated(name))

    @contained
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

    @contained
    def thumbnail(self, file: Original, side_px: int, tile_format: str) -> bytes:
        """The whole image, in proportion, inside a square; the middle slice of a volume."""
        with self.slides.lease(file) as source:
            return ENCODERS[tile_format](source.get_thumbnail((side_px, side_px), *opening(source)))

    def forget(self) -> None:
        """Gives up everything that is held to be quick: it is made again when it is asked for."""
        self.slides.close()
        self.tiles.clear()
        self.direct = DirectTiles()
        self._outlines = Remembered(MAX_OUTLINES)
        if self.pool is not None:
            self.pool.forget()

    def close(self) -> None:
        """Gives up open files and children."""
        self.slides.close()
        if self.pool is not None:
            self.pool.close()

    def keep(self, file: Original, arguments: dict[str, Any], answer: object) -> None:  # Any: each method's own
        """An outline, and an encoded tile, that a child made stays in this process."""
        if isinstance(answer, Outline):
            self._outlines.put(file.sha256, answer, math.inf)
        if list(arguments) == ["address"] and isinstance(answer, bytes):
            self._put_shared(file, arguments["address"], self.tiles.keep((file.sha256, arguments["address"]), answer))

    def _shared_or_made(self, file: Original, address: TileAddress) -> bytes:
        tile = None if self.shared is None else self.shared.get((file.sha256, address))
        return tile or self._put_shared(file, address, self._render(file, address))

    def _put_shared(self, file: Original, address: TileAddress, tile: bytes) -> bytes:
        if self.shared is not None:
            self.shared.put((file.sha256, address), tile)
        return tile

    def _render(self, file: Original, address: TileAddress) -> bytes:
        return (self._render_native if address.grid == NATIVE else self._render_deep_zoom)(file, address)

    def _render_native(self, file: Original, address: TileAddress) -> bytes:
        _, grid = self._outline(file).plane(address.plane)
        place = (address.level, address.column, address.row)
        with self.slides.view(file, address.plane, FROM_PIXELS) as view:
            return native_tile(view, grid, *place, address.frame, address.tile_format, address.look)

    def _render_deep_zoom(self, file: Original, address: TileAddress) -> bytes:
        with self.slides.view(file, address.plane, Grid()) as view:
            frame = view.shown_frame(address.frame)
            return render_tile(
                view.under(address.look), address.level, address.column, address.row, frame, address.tile_format
            )


def opening(source: TileSource) -> tuple[int, int]:
    """Frame and plane that an image is first shown at; beyond the first plane the middle of the first volume."""
    plane = source.description.opening_plane
    if plane.plane == 0:
        return source.description.default_frame, 0
    volumes = math.prod(axis.size for axis in source.details.axes if axis.name != "z")
    return plane.frames // volumes // 2, plane.plane


def open_options(identity: str, cache_folder: Path | None = None) -> OpenOptions:
    """The limits of the settings, for content of this identity."""
    return OpenOptions(cache_folder or settings.CACHE, identity, settings.PICTURE_MAX_PIXELS)


@cache
def tile_service() -> TileService:
    """The one of this process."""
    from exact.tiles.figures import Publisher

    slides = SlideCache(
        lambda file: open_here(file.path, open_options(file.sha256), service.known_outline(file)),
        max_handles=settings.SLIDE_CACHE_HANDLES,
        max_bytes=settings.SLIDE_CACHE_BYTES,
    )
    service = TileService(slides, TileCache(settings.TILE_CACHE_BYTES), pool(), shared_tiles())
    Publisher(service, figures_folder())
    return service


def figures_folder() -> Path:
    """Where the processes of this host tell what they hold."""
    return Path(settings.CACHE) / "processes"


def shared_tiles() -> "SharedTiles | None":
    """The second level, where the settings ask for one."""
    from exact.tiles.shared_tiles import InRedis, OnDisk, SharedTiles

    match settings.TILE_SHARED:
        case "off":
            return None
        case "disk":
            return SharedTiles(OnDisk(Path(settings.CACHE) / "tiles", settings.TILE_SHARED_BYTES))
        case "redis":
            return SharedTiles(InRedis(settings.REDIS_URL, settings.TILE_SHARED_S))
    raise ImproperlyConfigured("EXACT_TILE_SHARED is off, disk or redis.")


def pool() -> Pool:
    """The children of this process; none is started yet."""
    setup = Setup(
        cache=str(settings.CACHE),
        picture_max_pixels=settings.PICTURE_MAX_PIXELS,
        max_handles=settings.SLIDE_CACHE_HANDLES,
        max_bytes=settings.SLIDE_CACHE_BYTES,
        heap_bytes=settings.POOL_MEMORY_BYTES,
        cpu_s=2 * settings.POOL_OPEN_S,
    )
    terms = Terms(settings.POOL_CHILDREN, settings.POOL_CALL_S, settings.POOL_OPEN_S)
    return Pool(setup, strikes(), terms)


def strikes() -> Strikes:
    """Those that all processes of this host share."""
    return Strikes(settings.CACHE / "strikes")
