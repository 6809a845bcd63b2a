"""The tile path's URLs, read strictly: the ancestor's two families, with or without a slash at the end."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from exact.tiles.looks import PLAIN, Look
from exact.tiles.service import TileAddress

OURS = re.compile(r"/(?:images/image|api/v1/images/images)/[^/]+/[^/]+/[^/]+/tile(?:_files)?(?:/.*)?", re.DOTALL)
"""Everything of this shape is answered here, with 404 if it makes no sense."""
DESCRIPTOR = re.compile(r"/(?:images/image|api/v1/images/images)/(\d{1,10})/(\d{1,3})/(\d{1,7})/tile/?", re.ASCII)
TILE = re.compile(
    r"/(?:images/image|api/v1/images/images)/(\d{1,10})/(\d{1,3})/(\d{1,7})"
    r"/tile_files/(\d{1,3})/(\d{1,8})_(\d{1,8})\.(jpeg|jpg|png)/?",
    re.ASCII,
)
ROOT = re.compile(r"/(?:tiles|images/image|api/v1/images/images)/\d{1,10}/", re.ASCII)


@dataclass(frozen=True)
class Asked:
    """What a URL of the tile path asks for."""

    image_number: int
    plane: int
    tile: TileAddress | None
    """None: the .dzi descriptor of the plane."""


def is_ours(path: str) -> bool:
    """Whether the path belongs to the tile route at all."""
    return OURS.fullmatch(path) is not None


def read_path(path: str, query: str = "") -> Asked | None:
    """What is asked for; None when the address makes no sense, BadLook when its parameters make none.

    In URLs z counts planes from one, frames from zero.
    """
    if found := DESCRIPTOR.fullmatch(path):
        number, z, _ = map(int, found.groups())
        return Asked(number, _plane(z), None)
    if found := TILE.fullmatch(path):
        number, z, frame, level, column, row = map(int, found.groups()[:6])
        tile_format = "png" if found[7] == "png" else "jpeg"
        look = Look.read(dict(parse_qsl(query, keep_blank_values=True))) if query else PLAIN
        return Asked(number, _plane(z), TileAddress(_plane(z), frame, level, column, row, tile_format, look))
    return None


def root_of(path: str) -> str:
    """What all addresses of one image's pixels begin with, in the family of this one; for a path that makes sense."""
    found = ROOT.match(path)
    return "/" if found is None else found[0]


def _plane(z: int) -> int:
    """Clients that count from zero mean the first plane by 0."""
    return max(0, z - 1)
