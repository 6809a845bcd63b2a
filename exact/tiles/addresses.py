"""The tile path's URLs, read strictly: the ancestor's two families of Deep Zoom, and ours below /tiles/."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from exact.tiles.iiif import PictureText
from exact.tiles.looks import PLAIN, Look
from exact.tiles.service import DEEP_ZOOM_GRID, NATIVE, TileAddress

DEEP_ZOOM = r"/(?:images/image|api/v1/images/images)"
OURS = re.compile(rf"{DEEP_ZOOM}/[^/]+/[^/]+/[^/]+/tile(?:_files)?(?:/.*)?|/tiles(?:/.*)?", re.DOTALL)
"""Everything of this shape is answered here, with 404 if it makes no sense."""
DESCRIPTOR = re.compile(rf"{DEEP_ZOOM}/(\d{{1,10}})/(\d{{1,3}})/(\d{{1,7}})/tile/?", re.ASCII)
TILE = re.compile(
    rf"{DEEP_ZOOM}/(\d{{1,10}})/(\d{{1,3}})/(\d{{1,7}})"
    r"/tile_files/(\d{1,3})/(\d{1,8})_(\d{1,8})\.(jpeg|jpg|png)/?",
    re.ASCII,
)
INFORMATION = re.compile(r"/tiles/(\d{1,10})/info\.json", re.ASCII)
NATIVE_TILE = re.compile(
    r"/tiles/(\d{1,10})/(\d{1,3})/(\d{1,7})/(\d{1,3})/(\d{1,8})_(\d{1,8})\.(jpeg|jpg|png)", re.ASCII
)
ASSOCIATED = re.compile(r"/tiles/(\d{1,10})/associated/([^/\x00]{1,200})\.jpeg")
IIIF = re.compile(r"/tiles/(\d{1,10})/iiif/(\d{1,3})\.(\d{1,7})(?:/(.*))?", re.ASCII | re.DOTALL)
ROOT = re.compile(r"/(?:tiles|images/image|api/v1/images/images)/\d{1,10}/", re.ASCII)


@dataclass(frozen=True)
class Descriptor:
    """The .dzi document of a plane."""

    plane: int


@dataclass(frozen=True)
class Information:
    """info.json: everything that a viewer needs."""


@dataclass(frozen=True)
class Associated:
    """A picture beside the image: label, macro, ... for those who may see what can carry names."""

    name: str


@dataclass(frozen=True)
class IiifImage:
    """One frame of a plane as an image of the IIIF Image API."""

    plane: int
    frame: int
    asked: PictureText | None = None
    """None: its own address, or its info.json."""
    is_base: bool = False
    """Its own address, from where clients are sent to info.json."""
    look: Look = PLAIN


@dataclass(frozen=True)
class Asked:
    """What a URL of the tile path asks for."""

    image_number: int
    wanted: Descriptor | Information | Associated | IiifImage | TileAddress


def is_ours(path: str) -> bool:
    """Whether the path belongs to the tile route at all."""
    return path.startswith("/tiles/") or OURS.fullmatch(path) is not None


def is_iiif(path: str) -> bool:
    """Whether the path belongs to an API whose answers scripts of other sites may read."""
    return "/iiif/" in path and IIIF.fullmatch(path) is not None


def read_path(path: str, query: str = "") -> Asked | None:
    """What is asked for; None when the address makes no sense, BadLook when its parameters make none.

    In the ancestor's URLs z counts planes from one, frames from zero, and a slash may stand at the end. In ours
    everything counts from zero, and level 0 has the full size.
    """
    if found := NATIVE_TILE.fullmatch(path):
        number, *place = map(int, found.groups()[:6])
        return Asked(number, _tile(place, found[7], query, NATIVE))
    if found := IIIF.fullmatch(path):
        wanted = _iiif(int(found[2]), int(found[3]), found[4], query)
        return None if wanted is None else Asked(int(found[1]), wanted)
    if found := INFORMATION.fullmatch(path):
        return Asked(int(found[1]), Information())
    if found := ASSOCIATED.fullmatch(path):
        return Asked(int(found[1]), Associated(found[2]))
    if found := TILE.fullmatch(path):
        number, z, *place = map(int, found.groups()[:6])
        return Asked(number, _tile([_plane(z), *place], found[7], query))
    if found := DESCRIPTOR.fullmatch(path):
        return Asked(int(found[1]), Descriptor(_plane(int(found[2]))))
    return None


def _tile(place: Sequence[int], suffix: str, query: str, grid: str = DEEP_ZOOM_GRID) -> TileAddress:
    plane, frame, level, column, row = place
    tile_format = "png" if suffix == "png" else "jpeg"
    return TileAddress(plane, frame, level, column, row, tile_format, _look(query), grid)


def _look(query: str) -> Look:
    return Look.read(dict(parse_qsl(query, keep_blank_values=True))) if query else PLAIN


def _iiif(plane: int, frame: int, rest: str | None, query: str) -> IiifImage | None:
    """What stands behind the identifier: nothing, info.json, or region, size, rotation, quality and format."""
    if not rest:
        return IiifImage(plane, frame, is_base=True)
    if rest == "info.json":
        return IiifImage(plane, frame)
    *parts, last = rest.split("/")
    quality, dot, suffix = last.rpartition(".")
    if len(parts) != 3 or not dot:
        return None
    region, size, rotation = parts
    return IiifImage(plane, frame, PictureText(region, size, rotation, quality, suffix), look=_look(query))


def root_of(path: str) -> str:
    """What all addresses of one image's pixels begin with, in the family of this one; for a path that makes sense."""
    found = ROOT.match(path)
    return "/" if found is None else found[0]


def _plane(z: int) -> int:
    """Clients that count from zero mean the first plane by 0."""
    return max(0, z - 1)
