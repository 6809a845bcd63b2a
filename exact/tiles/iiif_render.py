"""A picture that the IIIF Image API asks for: cut from the native grid, scaled, mirrored, turned, encoded."""

import numpy as np
from PIL import Image

from exact.tiles.encoders import ENCODERS
from exact.tiles.iiif import Picture, box_in_level, level_for
from exact.tiles.looks import Look
from exact.tiles.native import NativeGrid
from exact.tiles.native_render import native_pixels
from exact.tiles.slide_cache import View
from exact.tiles.source import Pixels

BITONAL_FROM = 128


def render_picture(view: View, grid: NativeGrid, picture: Picture, frame: int, look: Look) -> bytes:
    """As JPEG or PNG."""
    number = level_for(picture, grid)
    box, inner = box_in_level(picture.box, grid.levels[number])
    pixels = scaled(native_pixels(view.under(look), grid, number, box, frame), inner, picture)
    return ENCODERS[picture.tile_format](turned(recoloured(pixels, picture.quality), picture))


def scaled(pixels: Pixels, inner: tuple[float, float, float, float], picture: Picture) -> Pixels:
    """To the size asked for; pixels that are right already stay as they are."""
    width, height = picture.size
    if inner == (0.0, 0.0, float(width), float(height)) and pixels.shape[:2] == (height, width):
        return pixels
    grey = pixels.shape[2] == 1
    image = Image.fromarray(pixels[:, :, 0] if grey else np.ascontiguousarray(pixels))
    small = np.asarray(image.resize(picture.size, Image.Resampling.LANCZOS, box=inner))
    return small[:, :, np.newaxis] if grey else small


def recoloured(pixels: Pixels, quality: str) -> Pixels:
    """In the quality asked for."""
    grey = pixels.shape[2] == 1
    if quality == "color":
        return np.repeat(pixels, 3, axis=2) if grey else pixels
    if quality == "default":
        return pixels
    shades = pixels if grey else _shades(pixels)
    return shades if quality == "gray" else np.where(shades < BITONAL_FROM, np.uint8(0), np.uint8(255))


def _shades(pixels: Pixels) -> Pixels:
    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).convert("L"))[:, :, np.newaxis]


def turned(pixels: Pixels, picture: Picture) -> Pixels:
    """First mirrored, then turned clockwise."""
    mirrored = pixels[:, ::-1] if picture.mirrored else pixels
    return np.ascontiguousarray(np.rot90(mirrored, -picture.rotation // 90))
