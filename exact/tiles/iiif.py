"""The IIIF Image API 3.0, pure: what its addresses ask for, in pixels, and what info.json says. Level 2 and more."""

import math
import re
from dataclasses import dataclass
from typing import Any

from exact.tiles.errors import BadPicture, NotOffered
from exact.tiles.native import NativeGrid, NativeLevel
from exact.tiles.shrunk import Box

Size = tuple[int, int]

MAX_AREA_PX = 8 * 2**20
"""Of one answer; told in info.json."""
CONTEXT = "http://iiif.io/api/image/3/context.json"
PROFILE = "http://iiif.io/api/image/3/level2.json"
NUMBER = r"(\d{1,10}(?:\.\d{1,10})?|\.\d{1,10})"
PIXELS = re.compile(r"(\d{1,10}),(\d{1,10}),(\d{1,10}),(\d{1,10})", re.ASCII)
SHARES = re.compile(f"pct:{NUMBER},{NUMBER},{NUMBER},{NUMBER}", re.ASCII)
SIZE = re.compile(r"(!)?(\d{1,10})?,(\d{1,10})?", re.ASCII)
SHARE = re.compile(f"pct:{NUMBER}", re.ASCII)
ROTATION = re.compile(f"(!)?{NUMBER}", re.ASCII)
TURNS = (0, 90, 180, 270)
QUALITIES = ("default", "color", "gray", "bitonal")
FORMATS = {"jpg": "jpeg", "png": "png"}
OTHER_FORMATS = ("tif", "gif", "jp2", "pdf", "webp")


@dataclass(frozen=True)
class PictureText:
    """The four parts of an address as they were written."""

    region: str
    size: str
    rotation: str
    quality: str
    suffix: str


@dataclass(frozen=True)
class Picture:
    """What is to be shown, in pixels."""

    box: Box
    """Left, top, width, height at full size; inside the image."""
    size: Size
    """Before it is turned."""
    mirrored: bool
    rotation: int
    quality: str
    tile_format: str

    def canonical(self, full: Size) -> str:
        """The one way to write this: what the same picture is found under in caches, whoever asked for it."""
        whole = self.box == (0, 0, *full)
        region = "full" if whole else ",".join(map(str, self.box))
        larger = self.size[0] > self.box[2] or self.size[1] > self.box[3]
        at_most = _largest(self.box[2:], upscaled=False)
        size = "max" if self.size == at_most else f"{'^' if larger else ''}{self.size[0]},{self.size[1]}"
        quality = "default" if self.quality == "color" else self.quality
        suffix = next(suffix for suffix, name in FORMATS.items() if name == self.tile_format)
        return f"{region}/{size}/{'!' if self.mirrored else ''}{self.rotation}/{quality}.{suffix}"

    @property
    def is_plain(self) -> bool:
        """Neither turned nor recoloured."""
        return not self.mirrored and self.rotation == 0 and self.quality == "default"


def read_picture(text: PictureText, full: Size) -> Picture:
    """In pixels of an image of this size; BadPicture for nonsense, NotOffered for what the API knows and we do not."""
    box = _region(text.region, full)
    mirrored, rotation = _rotation(text.rotation)
    if text.quality not in QUALITIES:
        raise BadPicture(f"The quality is one of {', '.join(QUALITIES)}.")
    if text.suffix in OTHER_FORMATS:
        raise NotOffered("Pictures are made as jpg or png.")
    if text.suffix not in FORMATS:
        raise BadPicture("The format is jpg or png.")
    return Picture(box, _size(text.size, box[2:]), mirrored, rotation, text.quality, FORMATS[text.suffix])


def _region(text: str, full: Size) -> Box:
    width, height = full
    if text == "full":
        return 0, 0, width, height
    if text == "square":
        side = min(full)
        return (width - side) // 2, (height - side) // 2, side, side
    if found := PIXELS.fullmatch(text):
        left, top, wide, high = map(int, found.groups())
    elif found := SHARES.fullmatch(text):
        shares = [float(share) / 100 for share in found.groups()]
        left, top = round(shares[0] * width), round(shares[1] * height)
        wide, high = round(shares[2] * width), round(shares[3] * height)
    else:
        raise BadPicture("The region is full, square, x,y,w,h or pct:x,y,w,h.")
    inside = left, top, min(wide, width - left), min(high, height - top)
    if min(inside[2:]) < 1:
        raise BadPicture("The region has no pixel inside the image.")
    return inside


def _size(text: str, region: Size) -> Size:
    upscaled, text = text.startswith("^"), text.removeprefix("^")
    size = _largest(region, upscaled=upscaled) if text == "max" else _wanted(text, region)
    if min(size) < 1:
        raise BadPicture("The size is smaller than a pixel.")
    if not upscaled and (size[0] > region[0] or size[1] > region[1]):
        raise BadPicture("The size is larger than the region; write ^ before it to have it enlarged.")
    if size[0] * size[1] > MAX_AREA_PX:
        raise BadPicture(f"A picture has at most {MAX_AREA_PX:,} pixels.")
    return size


def _largest(region: Size, *, upscaled: bool) -> Size:
    """As large as the limit allows; as the region unless it is to be enlarged."""
    factor = math.sqrt(MAX_AREA_PX / (region[0] * region[1]))
    if factor >= 1 and not upscaled:
        return region
    return max(1, math.floor(region[0] * factor)), max(1, math.floor(region[1] * factor))


def _wanted(text: str, region: Size) -> Size:
    if found := SHARE.fullmatch(text):
        return round(region[0] * float(found[1]) / 100), round(region[1] * float(found[1]) / 100)
    found = SIZE.fullmatch(text)
    if found is None or (found[2] is None and found[3] is None):
        raise BadPicture("The size is max, w, or ,h or w,h or !w,h or pct:n, with ^ before it to have it enlarged.")
    width, height = (None if side is None else int(side) for side in found.groups()[1:])
    if found[1]:
        if width is None or height is None:
            raise BadPicture("The size !w,h needs both numbers.")
        return _within((width, height), region)
    if width is None:
        assert height is not None
        return max(1, round(region[0] * height / region[1])), height
    return width, max(1, round(region[1] * width / region[0])) if height is None else height


def _within(most: Size, region: Size) -> Size:
    """In proportion; one side exactly as asked for."""
    factor = min(most[0] / region[0], most[1] / region[1])
    width, height = (max(1, round(side * factor)) for side in region)
    return min(width, most[0]), min(height, most[1])


def _rotation(text: str) -> tuple[bool, int]:
    found = ROTATION.fullmatch(text)
    if found is None or float(found[2]) > 360:
        raise BadPicture("The rotation is 0, 90, 180 or 270, with ! before it to have it mirrored.")
    turn = float(found[2]) % 360
    if turn not in TURNS:
        raise NotOffered("Pictures are turned by 90, 180 or 270 degrees.")
    return found[1] is not None, int(turn)


def level_for(picture: Picture, grid: NativeGrid) -> int:
    """The smallest level that is at least as sharp as asked for; half a pixel at an edge counts as one, as in tiles."""
    number = 0
    while number + 1 < len(grid.levels) and _is_sharp(picture, grid.levels[number + 1].downsample):
        number += 1
    return number


def _is_sharp(picture: Picture, downsample: int) -> bool:
    return all(side / downsample > asked - 1 for side, asked in zip(picture.box[2:], picture.size, strict=True))


def native_place(picture: Picture, grid: NativeGrid) -> tuple[int, int, int] | None:
    """Level, column and row when the picture is exactly a tile of the native grid."""
    number = level_for(picture, grid)
    level = grid.levels[number]
    left, top = picture.box[:2]
    step = level.downsample
    if not picture.is_plain or left % (step * level.tile_width) or top % (step * level.tile_height):
        return None
    column, row = left // (step * level.tile_width), top // (step * level.tile_height)
    if column >= level.columns or row >= level.rows or level.box(column, row)[2:] != picture.size:
        return None
    return (number, column, row) if _covers(level, grid.levels[0], picture.box) else None


def _covers(level: NativeLevel, full: NativeLevel, box: Box) -> bool:
    """Whether the region ends where the tile ends, or where the image does."""
    step = level.downsample
    right = min(full.width, box[0] + step * level.tile_width)
    bottom = min(full.height, box[1] + step * level.tile_height)
    return (box[0] + box[2], box[1] + box[3]) == (right, bottom)


def box_in_level(box: Box, level: NativeLevel) -> tuple[Box, tuple[float, float, float, float]]:
    """The whole pixels of a level that a region touches; and the region in them: left, top, right, bottom."""
    left, top, right, bottom = (side / level.downsample for side in (box[0], box[1], box[0] + box[2], box[1] + box[3]))
    right, bottom = min(right, float(level.width)), min(bottom, float(level.height))
    x0, y0 = min(int(left), level.width - 1), min(int(top), level.height - 1)
    x1, y1 = max(x0 + 1, math.ceil(right)), max(y0 + 1, math.ceil(bottom))
    inner = (max(0.0, left - x0), max(0.0, top - y0), max(left, right) - x0, max(top, bottom) - y0)
    return (x0, y0, x1 - x0, y1 - y0), inner


def information(uri: str, grid: NativeGrid) -> dict[str, Any]:  # Any: JSON
    """info.json; tiles and sizes are those of the native grid, so that they cost nothing where the file has them."""
    full = grid.levels[0]
    sizes = [level for level in grid.levels if level.width * level.height <= MAX_AREA_PX]
    return {
        "@context": CONTEXT,
        "id": uri,
        "type": "ImageService3",
        "protocol": "http://iiif.io/api/image",
        "profile": "level2",
        "width": full.width,
        "height": full.height,
        "maxArea": MAX_AREA_PX,
        "sizes": [{"width": level.width, "height": level.height} for level in reversed(sizes)],
        "tiles": [
            {"width": width, "height": height, "scaleFactors": steps} for (width, height), steps in _steps(grid).items()
        ],
        "preferredFormats": ["jpg"],
        "extraQualities": ["color", "gray", "bitonal"],
        "extraFeatures": ["canonicalLinkHeader", "mirroring", "profileLinkHeader", "sizeUpscaling"],
    }


def _steps(grid: NativeGrid) -> dict[Size, list[int]]:
    found: dict[Size, list[int]] = {}
    for level in grid.levels:
        found.setdefault((level.tile_width, level.tile_height), []).append(level.downsample)
    return found
