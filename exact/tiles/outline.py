"""What is worth knowing of an image once it was opened: description, details and the native grid of each plane."""

from dataclasses import asdict, dataclass
from typing import Any

from exact.tiles.errors import NoSuchTile
from exact.tiles.native import NativeGrid, NativeLevel
from exact.tiles.shrunk import grid_of
from exact.tiles.source import WHITE, Description, Details, PlaneDescription, Size, TileSource


@dataclass(frozen=True)
class Outline:
    """Small, free of pixels and of names of patients; handed from process to process and remembered."""

    description: Description
    details: Details
    """Without the properties."""
    grids: tuple[NativeGrid, ...]
    """One for each plane of the description."""
    tiff_levels: tuple[Size, ...] = ()
    """Sizes of the TIFF directories that hold the stored tiles, where they may be read without opening the image."""
    background: tuple[int, ...] = WHITE
    """The colour of what lies outside of those levels."""

    def shown_plane(self, plane: int) -> int:
        """Images with one plane ignore which one is asked for: the ancestor's clients send anything there."""
        return plane if len(self.description.planes) > 1 else 0

    def plane(self, plane: int) -> tuple[PlaneDescription, NativeGrid]:
        """A plane and its grid, or the refusal."""
        for described, grid in zip(self.description.planes, self.grids, strict=True):
            if described.plane == plane:
                return described, grid
        raise NoSuchTile(f"This image has no plane {plane}.")

    def stored_place(self, plane: int, frame: int, level: int, column: int, row: int) -> tuple[int, int, int] | None:
        """Level, column and row in the file of a tile that lies there as it is shown and may be read directly."""
        if not self.tiff_levels or (plane, frame) != (0, 0):
            return None
        found = self.grids[0].level(level)
        found.box(column, row)  # refuses what is not there
        if not found.stored or found.base is None or not found.is_whole(column, row):
            return None
        return found.base, column, row

    def check_frame(self, plane: int, frame: int) -> None:
        """Refuses a frame that the plane does not have."""
        if not 0 <= frame < self.plane(plane)[0].frames:
            raise NoSuchTile(f"This image has no frame {frame}.")


def outline_of(source: TileSource) -> Outline:
    """From the open image."""
    details = source.details
    told = Details(**{**vars(details), "properties": {}})
    grids = tuple(grid_of(source, plane.plane) for plane in source.description.planes)
    stored = sum(tile is not None for tile in source.stored_tiles)
    tiff_levels = source.level_dimensions[:stored] if source.tiles_lie_in_tiff else ()
    return Outline(source.description, told, grids, tiff_levels, source.background)


def as_json(outline: Outline) -> dict[str, Any]:  # Any: JSON
    """The part of info.json that the file decides: lists, numbers, texts and nulls only."""
    told, details = outline.description, outline.details
    return {
        "format": told.format,
        "width": told.width,
        "height": told.height,
        "frames": told.frames,
        "default_frame": told.default_frame,
        "frame_names": None if told.frame_names is None else list(told.frame_names),
        "pixel_size_um": list(told.pixel_size_um),
        "objective_power": told.objective_power,
        "channels_count": told.channels,
        "axes": [asdict(axis) for axis in details.axes],
        "channels": [asdict(channel) for channel in details.channels],
        "window": details.window,
        "window_limits": details.window_limits,
        "has_profile": details.has_profile,
        "planes": [_plane(*plane) for plane in zip(told.planes, outline.grids, strict=True)],
    }


def _plane(described: PlaneDescription, grid: NativeGrid) -> dict[str, Any]:  # Any: JSON
    return {**asdict(described), "levels": [_level(level) for level in grid.levels]}


def _level(level: NativeLevel) -> dict[str, int]:
    names = ("width", "height", "tile_width", "tile_height", "columns", "rows", "downsample")
    return {name: getattr(level, name) for name in names}
