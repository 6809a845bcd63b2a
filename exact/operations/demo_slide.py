"""A generated slide that looks like H&E: islands of pink stroma, glands, purple nuclei; streamed tile by tile."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from exact.tiles.source import Pixels, Size
from exact.tiles.tiff_writer import TILE_PX, TiledTiffWriter, halved_sizes

PIXEL_SIZE_UM = 0.25
QUALITY = 82
CELL_PX = 32
"""Side of a square of the coarse maps."""
CELLS_PER_TILE = TILE_PX // CELL_PX
TEXTURE_PX = 1024
NUCLEI_GRID_PX = 32
"""At most one nucleus stands in each square of this side."""
REACH_PX = 20
STAMPS = 48
NUCLEI_RETURNED = 600
GLAND_FROM, LUMEN_FROM = 0.7, 1.6
"""The gland map, of mean 0 and deviation 1, makes gland and lumen above these values."""

Colour = tuple[float, float, float]
GLASS: Colour = (244.0, 242.0, 245.0)
STROMA: Colour = (236.0, 180.0, 206.0)
FIBRE: Colour = (217.0, 132.0, 176.0)
CYTOPLASM: Colour = (201.0, 146.0, 196.0)
NUCLEUS: Colour = (92.0, 60.0, 140.0)

Map = NDArray[np.float32]
Nucleus = tuple[int, int, int]
"""Centre x and y and radius, in pixels."""


def write_demo_slide(path: Path, width: int = 20_000, height: int = 20_000, seed: int = 7) -> list[Nucleus]:
    """Writes the slide; returns some hundreds of its nuclei, spread over the tissue. Same seed, same bytes."""
    sizes = halved_sizes((width, height))
    tissue = Tissue((width, height), seed)
    with TiledTiffWriter(path, sizes, pixel_size_um=PIXEL_SIZE_UM) as writer:
        painter = Painter(writer, sizes, tissue)
        painter.paint(len(sizes) - 1, 0, 0)
    nuclei = painter.nuclei
    return nuclei[:: max(1, len(nuclei) // NUCLEI_RETURNED)]


class Painter:
    """Paints the pyramid depth first, so that never more than four tiles of a level are in memory."""

    def __init__(self, writer: TiledTiffWriter, sizes: Sequence[Size], tissue: "Tissue") -> None:
        self._writer = writer
        self._sizes = sizes
        self._tissue = tissue
        self._glass: tuple[int, int] | None = None
        self.nuclei: list[Nucleus] = []

    def paint(self, level: int, column: int, row: int) -> Pixels | None:
        """Writes the tile and everything below it. None: nothing but glass."""
        width, height = self._sizes[level]
        if column * TILE_PX >= width or row * TILE_PX >= height:
            return None
        pixels = self._from_below(level, column, row) if level else self._paint_tissue(column, row)
        if pixels is None:
            self._place_glass(level, column, row)
        else:
            self._writer.write_tile(level, column, row, encoded(pixels))
        return pixels

    def _paint_tissue(self, column: int, row: int) -> Pixels | None:
        painted = self._tissue.tile(column, row)
        if painted is None:
            return None
        self.nuclei += painted.nuclei
        return painted.pixels

    def _from_below(self, level: int, column: int, row: int) -> Pixels | None:
        parts = [[self.paint(level - 1, 2 * column + x, 2 * row + y) for x in (0, 1)] for y in (0, 1)]
        if all(part is None for line in parts for part in line):
            return None
        lines = [np.hstack([glass_tile() if part is None else part for part in line]) for line in parts]
        return np.asarray(Image.fromarray(np.vstack(lines)).reduce(2))

    def _place_glass(self, level: int, column: int, row: int) -> None:
        if self._glass is None:
            self._writer.write_tile(level, column, row, encoded(glass_tile()))
            self._glass = self._writer.written(level, column, row)
        else:
            self._writer.place_tile(level, column, row, *self._glass)


@dataclass(frozen=True)
class PaintedTile:
    """Pixels, and the nuclei whose centre lies in the tile."""

    pixels: Pixels
    nuclei: list[Nucleus]


class Tissue:
    """Where there is tissue, gland and nucleus: coarse maps, a few repeating textures, and hashed positions."""

    def __init__(self, size: Size, seed: int) -> None:
        random = np.random.default_rng(seed)
        self._size = size
        self._seed = seed
        cells = tuple(-(-side // TILE_PX) * CELLS_PER_TILE + 1 for side in reversed(size))
        self._thickness = CoarseMap(islands(random, cells))
        self._gland = CoarseMap(smooth_noise(random, cells, 9))
        self._tone = CoarseMap(smooth_noise(random, cells, 40))
        texture = (TEXTURE_PX, TEXTURE_PX)
        self._grain = smooth_noise(random, texture, 1.5)
        self._cloud = smooth_noise(random, texture, 20)
        self._fibres = fibres(smooth_noise(random, texture, 45))
        self._stamps = [nucleus_stamp(random) for _ in range(STAMPS)]

    def tile(self, column: int, row: int) -> PaintedTile | None:
        """One tile of level 0; None where there is only glass."""
        thickness = self._thickness.tile(column, row)
        if thickness.max() <= 0:
            return None
        pixels = self._ground(column, row, thickness)
        here: list[Nucleus] = []
        for x, y, stamp in self._nuclei(column, row):
            draw(stamp, pixels, x - column * TILE_PX, y - row * TILE_PX)
            if x // TILE_PX == column and y // TILE_PX == row:
                here.append((x, y, stamp.radius))
        return PaintedTile(np.clip(pixels, 0, 255).astype(np.uint8), here)

    def _ground(self, column: int, row: int, thickness: Map) -> Map:
        """Stroma and fibres, cytoplasm in glands, glass in their lumen and around the tissue."""
        grain, cloud, fibre = (texture_tile(t, column, row) for t in (self._grain, self._cloud, self._fibres))
        gland = self._gland.tile(column, row) + 0.08 * cloud
        pixels = mixed(flat(STROMA), FIBRE, step(fibre + 0.3 * grain, -0.8, 1.6) * 0.6)
        pixels = mixed(pixels, CYTOPLASM, 0.9 * step(gland, GLAND_FROM - 0.1, GLAND_FROM + 0.1))
        pixels += (7 * grain + 9 * self._tone.tile(column, row))[:, :, np.newaxis]
        around = 1 - step(thickness + 0.006 * cloud, 0.0, 0.006)
        lumen = step(gland, LUMEN_FROM - 0.05, LUMEN_FROM + 0.05)
        cleft = step(fibre + 0.5 * cloud, 1.5, 1.7) * (1 - step(gland, GLAND_FROM - 0.3, GLAND_FROM))
        return mixed(pixels, GLASS, np.maximum(np.maximum(around, lumen), 0.85 * cleft))

    def _nuclei(self, column: int, row: int) -> list[tuple[int, int, "Stamp"]]:
        """x, y and look of every nucleus that touches the tile; neighbours agree because positions are hashed."""
        cell_y, cell_x = np.mgrid[squares(row), squares(column)]
        chance, along_x, along_y, look = hashed(cell_x, cell_y, self._seed)
        x = ((cell_x + 0.15 + 0.7 * along_x) * NUCLEI_GRID_PX).astype(int)
        y = ((cell_y + 0.15 + 0.7 * along_y) * NUCLEI_GRID_PX).astype(int)
        inside = (x >= 0) & (y >= 0) & (x < self._size[0]) & (y < self._size[1])
        stamps = (look * STAMPS).astype(int)
        chosen = np.argwhere(inside & (chance < self._density(x, y)))
        return [(int(x[i, j]), int(y[i, j]), self._stamps[stamps[i, j]]) for i, j in chosen]

    def _density(self, x: NDArray[np.int64], y: NDArray[np.int64]) -> Map:
        """Chance of a nucleus: high in the walls of glands, low in stroma, none in lumen and on glass."""
        gland = self._gland.at(x, y)
        wall = (gland > GLAND_FROM) & (gland < LUMEN_FROM - 0.1)
        density = np.where(wall, 0.85, np.where(gland < GLAND_FROM, 0.2, 0.0))
        return np.where(self._thickness.at(x, y) > 0.02, density, 0.0).astype(np.float32)


class CoarseMap:
    """A smooth field known at every 32nd pixel."""

    def __init__(self, values: Map) -> None:
        self._values = values
        self._image = Image.fromarray(values)

    def tile(self, column: int, row: int) -> Map:
        """The field at every pixel of a tile."""
        left, top = column * CELLS_PER_TILE, row * CELLS_PER_TILE
        box = (left, top, left + CELLS_PER_TILE, top + CELLS_PER_TILE)
        return np.asarray(self._image.resize((TILE_PX, TILE_PX), Image.Resampling.BICUBIC, box))

    def at(self, x: NDArray[np.int64], y: NDArray[np.int64]) -> Map:
        """The field near some pixels."""
        rows, columns = self._values.shape
        return self._values[np.clip(y // CELL_PX, 0, rows - 1), np.clip(x // CELL_PX, 0, columns - 1)]


@dataclass(frozen=True)
class Stamp:
    """The look of one nucleus."""

    radius: int
    colour: Map
    opacity: Map


def nucleus_stamp(random: np.random.Generator) -> Stamp:
    """An ellipse with a soft rim and mottled chromatin."""
    long_px = random.uniform(10, 17)
    wide_px = long_px * random.uniform(0.55, 1.0)
    angle = random.uniform(0, np.pi)
    y, x = np.mgrid[-REACH_PX : REACH_PX + 1, -REACH_PX : REACH_PX + 1]
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    distance = np.hypot(along / long_px, across / wide_px)
    mottle = smooth_noise(random, distance.shape, 1.6) * 10 - 14 * step(distance, 0.7, 1.0)
    colour = flat(NUCLEUS) * random.uniform(0.85, 1.25) + mottle[:, :, np.newaxis]
    opacity = (1 - step(distance, 0.88, 1.08)) * random.uniform(0.75, 0.95)
    return Stamp(round((long_px + wide_px) / 2), colour.astype(np.float32), opacity.astype(np.float32))


def draw(stamp: Stamp, pixels: Map, x: int, y: int) -> None:
    """Blends the stamp into a tile; what lies outside of the tile is left away."""
    top, left = max(0, y - REACH_PX), max(0, x - REACH_PX)
    under = pixels[top : max(0, y + REACH_PX + 1), left : max(0, x + REACH_PX + 1)]
    part = np.s_[top - y + REACH_PX :, left - x + REACH_PX :]
    height, width = under.shape[:2]
    opacity = stamp.opacity[part][:height, :width, np.newaxis]
    under += opacity * (stamp.colour[part][:height, :width] - under)


def islands(random: np.random.Generator, cells: tuple[int, ...]) -> Map:
    """Above zero inside some ragged ellipses, which fill about a third of the slide."""
    y, x = np.mgrid[0 : cells[0], 0 : cells[1]]
    heights = [_ellipse(random, x / cells[1], y / cells[0], at) for at in ((0.3, 0.32), (0.68, 0.3), (0.5, 0.72))]
    ragged = 0.16 * smooth_noise(random, cells, max(2.0, min(cells) / 22))
    return np.asarray(np.max(heights, axis=0) + ragged, np.float32)


def _ellipse(random: np.random.Generator, x: Map, y: Map, centre: tuple[float, float]) -> Map:
    angle, across = random.uniform(0, np.pi), random.uniform(0.13, 0.2)
    dx, dy = x - centre[0] + random.uniform(-0.04, 0.04), y - centre[1] + random.uniform(-0.04, 0.04)
    along_axis, across_axis = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)
    return np.asarray(1 - np.hypot(along_axis / 0.24, across_axis / across), np.float32)


def smooth_noise(random: np.random.Generator, shape: tuple[int, ...], sigma: float) -> Map:
    """Noise of mean 0 and deviation 1 whose blobs are about `sigma` samples wide; continues at the opposite edge."""
    rows, columns = np.fft.fftfreq(shape[0])[:, np.newaxis], np.fft.rfftfreq(shape[1])[np.newaxis]
    low_pass = np.exp(-2 * (np.pi * sigma) ** 2 * (rows**2 + columns**2))
    noise = np.fft.irfft2(np.fft.rfft2(random.standard_normal(shape)) * low_pass, s=shape)
    return np.asarray((noise - noise.mean()) / (noise.std() or 1), np.float32)


def fibres(warp: Map) -> Map:
    """Wavy lines, -1 to 1."""
    y, x = np.mgrid[0:TEXTURE_PX, 0:TEXTURE_PX] / TEXTURE_PX * 2 * np.pi
    return np.asarray(np.sin(30 * y + 8 * x + 6 * warp), np.float32)


def texture_tile(texture: Map, column: int, row: int) -> Map:
    """The part of a repeating texture that lies under a tile."""
    top, left = row * TILE_PX % TEXTURE_PX, column * TILE_PX % TEXTURE_PX
    return texture[top : top + TILE_PX, left : left + TILE_PX]


def step(values: Map, start: float, end: float) -> Map:
    """0 below start, 1 above end, linear between."""
    return np.asarray(np.clip((values - start) / (end - start), 0, 1))


def mixed(ground: Map, colour: Colour, weight: Map) -> Map:
    """Ground where the weight is 0, colour where it is 1."""
    return ground + (flat(colour) - ground) * weight[:, :, np.newaxis]


def flat(colour: Colour) -> Map:
    """The colour as it is reckoned with."""
    return np.array(colour, np.float32)


def squares(index: int) -> slice:
    """Squares of the nucleus grid, along one axis, from which a nucleus can reach into the tile."""
    first = (index * TILE_PX - REACH_PX) // NUCLEI_GRID_PX
    last = ((index + 1) * TILE_PX + REACH_PX) // NUCLEI_GRID_PX
    return slice(first, last + 1)


def hashed(x: NDArray[np.int64], y: NDArray[np.int64], seed: int) -> list[NDArray[np.float64]]:
    """Four numbers from 0 to 1 for every square, the same whoever asks (splitmix64)."""
    state = (x.astype(np.uint64) << np.uint64(32)) ^ (y.astype(np.uint64) & np.uint64(0xFFFFFFFF)) ^ np.uint64(seed)
    return [_mixed_bits(state + np.uint64(n * 0x9E3779B97F4A7C15 % 2**64)) / 2.0**64 for n in range(1, 5)]


def _mixed_bits(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        state = (state ^ (state >> np.uint64(shift))) * np.uint64(factor)
    return state ^ (state >> np.uint64(31))


def glass_tile() -> Pixels:
    """A tile without tissue."""
    return np.full((TILE_PX, TILE_PX, 3), GLASS, np.uint8)


def encoded(pixels: Pixels) -> bytes:
    """A JPEG as the writer takes it."""
    jpeg: bytes = simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), QUALITY, "RGB", "420", fastdct=True)
    return jpeg
