"""The first tile of a slice: ours against resizing the whole slice for every tile, as the ancestor does."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import nibabel
import numpy as np
from PIL import Image

from exact.tiles.deepzoom import OVERLAP, TILE_SIZE
from exact.tiles.formats import open_image
from exact.tiles.render import render_tile
from exact.tiles.slide_cache import Grid, View, pyramid_of
from exact.tiles.source import AXIAL, CORONAL, SAGITTAL, OpenOptions, Size
from tests.benchmarks import Row, at_least

KINDS = {"plain": "nii", "packed": "nii.gz"}
PLANES = {"axial": (AXIAL, 2), "coronal": (CORONAL, 7), "sagittal": (SAGITTAL, 7)}
"""Name: plane, and how many times faster the first tile has to be."""
NAMES = tuple(f"volume, first tile, {plane}, {kind}" for kind in KINDS for plane in PLANES)
AGAINST = "the whole slice per tile: float32, RGBA, Lanczos, JPEG q90"
SHAPE, SPACING_MM = (512, 512, 300), (0.7, 0.7, 1.5)
SLICES = 25

Tile = Callable[[int, int, int], bytes]


def rows() -> list[Row]:
    """Both kinds of file, three planes; every tile is the first one of its slice, both readers have the file open."""
    with tempfile.TemporaryDirectory() as folder:
        return [row for kind, suffix in KINDS.items() for row in measured(written(Path(folder), suffix), kind)]


def written(folder: Path, suffix: str) -> Path:
    """A head-sized ellipsoid of noise in air."""
    x, y, z = (np.linspace(-1, 1, size, dtype=np.float32) for size in SHAPE)
    inside = x[:, None, None] ** 2 + y[None, :, None] ** 2 + z[None, None, :] ** 2 < 0.8
    noise = np.random.default_rng(7).integers(-200, 1200, SHAPE, np.int16)
    path = folder / f"volume.{suffix}"
    nibabel.save(nibabel.Nifti1Image(np.where(inside, noise, np.int16(-1024)), np.diag([*SPACING_MM, 1.0])), path)
    return path


def measured(path: Path, kind: str) -> Iterator[Row]:
    """By turns, in one run."""
    ours, theirs = our_tile(path), their_tile(path)
    for name, (plane, aim) in PLANES.items():
        times: dict[Tile, list[float]] = {ours: [], theirs: []}
        for turn in range(SLICES):
            for tile in (ours, theirs) if turn % 2 else (theirs, ours):
                start = time.perf_counter()
                tile(plane, 100 + 4 * turn, turn % 2)
                times[tile].append(time.perf_counter() - start)
        ratio = statistics.median(their / our for their, our in zip(times[theirs], times[ours], strict=True))
        yield at_least(f"volume, first tile, {name}, {kind}", ratio, aim, unit="times", against=AGAINST)


def our_tile(path: Path) -> Tile:
    """Our path, without any cache of encoded tiles."""
    source = open_image(path, OpenOptions(path.parent / "cache", path.name))
    views = {plane: View(source, plane, pyramid_of(source, plane, Grid())) for plane, _ in PLANES.values()}

    def tile(plane: int, frame: int, column: int) -> bytes:
        view = views[plane]
        return render_tile(view, view.pyramid.level_count - 1, column, 1, frame, "jpeg")

    return tile


def their_tile(path: Path) -> Tile:
    """The ancestor's path: nibabel, nearest axes, float32, window, RGBA, Lanczos of all, a part of it to JPEG."""
    voxels = np.asarray(nibabel.as_closest_canonical(nibabel.load(path)).dataobj)
    x, y, z = SPACING_MM
    steps = {AXIAL: (x, y), CORONAL: (x, z), SAGITTAL: (y, z)}

    def tile(plane: int, frame: int, column: int) -> bytes:
        cut = voxels[(slice(None),) * (2 - plane) + (frame,)]
        values = cut.astype(np.float32).T[::-1, ::-1]
        shades = np.clip((values + 180) / 1360 * 255, 0, 255).astype(np.uint8)
        whole = Image.fromarray(np.stack([shades, shades, shades, np.full_like(shades, 255)], axis=-1))
        left = max(0, column * TILE_SIZE - OVERLAP)
        part = scaled(whole, steps[plane]).crop((left, TILE_SIZE - OVERLAP, left + TILE_SIZE + 1, 2 * TILE_SIZE + 1))
        encoded = BytesIO()
        part.convert("RGB").save(encoded, "JPEG", quality=90)
        return encoded.getvalue()

    return tile


def scaled(whole: Image.Image, steps: tuple[float, float]) -> Image.Image:
    """In true proportion."""
    size: Size = (round(whole.width * steps[0] / min(steps)), round(whole.height * steps[1] / min(steps)))
    return whole if size == whole.size else whole.resize(size, Image.Resampling.LANCZOS)
