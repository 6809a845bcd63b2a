"""Where the planes of an OME-TIFF lie, in one file or in several that belong together, and what its header says."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from exact.tiles import ome, tiff_pages
from exact.tiles.errors import DamagedFile, UnsupportedContent
from exact.tiles.folders import innermost
from exact.tiles.framed import Told
from exact.tiles.source import Axis
from exact.tiles.tiff_layout import Layout, Place, is_coloured

if TYPE_CHECKING:  # loaded with the first file that needs it
    from tifffile import TiffPage

ROOT = re.compile(r"<(\w+:)?OME[\s>]", re.ASCII)
"""With whatever prefix its names have."""
ASSOCIATED = ("label", "macro", "overview", "thumbnail")
COMPANION = "*.companion.ome"
TIFF_NAMES = ("*.tif", "*.tiff")
MAX_HEADER_BYTES = 32 * 2**20
MAX_FILES_NAMED = 10


def is_ome(page: "TiffPage") -> bool:
    """Whether the page's description is an OME header."""
    return ROOT.search(page.description[:4096]) is not None


def header_of_set(folder: Path) -> str | None:
    """The OME header that names several files of this folder: of its companion file, or of its first TIFF."""
    folder = innermost(folder)
    for companion in sorted(folder.glob(COMPANION)):
        if companion.stat().st_size <= MAX_HEADER_BYTES:
            return companion.read_text(encoding="utf-8", errors="replace")
    files = sorted(file for name in TIFF_NAMES for file in folder.glob(name))
    for file in islice(files, 1):
        with tiff_pages.opened(file) as pages:
            header = pages.page(0).description
            if is_ome(pages.page(0)) and len(ome.files_named(ome.parse(header))) > 1:
                return header
    return None


def named_files(folder: Path) -> list[Path]:
    """The files that the header names, all of which must be there."""
    folder = innermost(folder)
    names = sorted(ome.files_named(ome.parse(header_of_set(folder) or "")))
    missing = [name for name in names if Path(name).name != name or not (folder / name).is_file()]
    if missing or not names:
        told = ", ".join(missing[:MAX_FILES_NAMED]) + (", ..." if len(missing) > MAX_FILES_NAMED else "")
        raise DamagedFile(f"The OME header names files that are not in the folder: {told or 'none at all'}.")
    return [folder / name for name in names]


def own_planes(name: str, header: str, images: Sequence[ome.OmeImage]) -> Callable[[ome.StoredPlane], int | None]:
    """Of a file on its own: its planes are those that name no file, this one, or the only one there is."""
    own, alone = ome.uuid_of(header), len(ome.files_named(images)) <= 1
    return lambda stored: 0 if alone or stored.file in (None, name) or (own and stored.uuid == own) else None


def layout(
    images: Sequence[ome.OmeImage], first: "TiffPage", file_of: Callable[[ome.StoredPlane], int | None]
) -> Layout:
    """The first image that is no label; those of equal size follow as further positions."""
    if not images:
        raise DamagedFile("The OME header of the file describes no image.")
    beside = {image.name.lower(): image for image in images if image.name.lower() in ASSOCIATED}
    shown = [image for image in images if image.name.lower() not in ASSOCIATED] or list(images[:1])
    series = sorted((image for image in shown if image.is_like(shown[0])), key=lambda image: image.position_z or 0.0)
    samples, colour = first.samplesperpixel, is_coloured(first)
    per_page = 1 if colour else samples
    channels = shown[0].channels[:1] if colour else shown[0].channels
    if colour and shown[0].stored_channels(samples) > 1:
        raise UnsupportedContent("The image has several channels in colour: save it with one kind of channels.")
    planes = {
        (s, t, z, page * per_page + sample): Place(file, stored.directory, sample)
        for s, image in enumerate(series)
        for (t, z, page), stored in image.stored_planes(samples).items()
        if (file := file_of(stored)) is not None
        for sample in range(per_page)
    }
    axes, labels, places = without_gaps(series, planes, len(channels))
    associated = {name: place for name, image in beside.items() if (place := _first_place(image, file_of)) is not None}
    told = Told(
        format="ome-tiff",
        channels=channels,
        colour=colour,
        axes=axes,
        labels=labels,
        pixel_size_um=shown[0].pixel_size_um,
        pixel_size_source="ome.PhysicalSizeX" if shown[0].pixel_size_um[0] else None,
        objective_power=shown[0].objective_power,
        scanner=shown[0].scanner,
        properties={**shown[0].properties, "ome.images": str(len(images))},
    )
    return Layout(told, places, associated=associated)


def _first_place(image: ome.OmeImage, file_of: Callable[[ome.StoredPlane], int | None]) -> Place | None:
    for stored in image.stored_planes(1).values():
        file = file_of(stored)
        return None if file is None else Place(file, stored.directory)
    return None


Planed = Mapping[tuple[int, int, int, int], Place]


def without_gaps(
    series: Sequence[ome.OmeImage], planes: Planed, channels: int
) -> tuple[tuple[Axis, ...], dict[str, tuple[str, ...]], dict[int, Place]]:
    """Positions of which nothing is there are left out: a file of a larger set, a recording that was stopped."""
    told = (series_axis(series), *series[0].axes)
    kept = [sorted({place[n] for place in planes}) for n in range(3)]
    axes = tuple(replace(axis, size=len(there)) for axis, there in zip(told, kept, strict=True))
    labels = {
        axis.name: tuple(f"{axis.name}={place + 1}" for place in there)
        for axis, there in zip(told, kept, strict=True)
        if len(there) < axis.size
    }
    index = [{place: n for n, place in enumerate(there)} for there in kept]
    places = {}
    for (s, t, z, channel), place in planes.items():
        if channel < channels:
            frame = (index[0][s] * len(kept[1]) + index[1][t]) * len(kept[2]) + index[2][z]
            places[frame * channels + channel] = place
    shown = tuple(axis for axis in axes if axis.size > 1 or axis.name != told[0].name)
    return shown, labels, places


def series_axis(series: Sequence[ome.OmeImage]) -> Axis:
    """Images of one plane each at different depths are a stack; others are places on the specimen."""
    depths = [image.position_z for image in series]
    if len(series) > 1 and series[0].size_z == 1 and None not in depths and len(set(depths)) == len(series):
        return Axis("z", len(series), even_step([depth for depth in depths if depth is not None]), "um")
    return Axis("series", len(series))


def even_step(depths: Sequence[float]) -> float | None:
    """The distance of neighbours when it is always the same."""
    steps = np.diff(depths)
    return float(steps[0]) if np.allclose(steps, steps[0], rtol=1e-3) else None
