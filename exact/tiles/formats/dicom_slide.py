"""DICOM whole-slide images: a file, or a folder with the levels, label and overview of one slide.

JPEG tiles are handed on as they lie; JPEG-LS, JPEG 2000, RLE and uncompressed ones are decoded. TILED_FULL and
TILED_SPARSE (white where nothing was scanned), concatenations, focal planes and optical paths as frames, the ICC
profile. Up to 16,777,216 tiles a level. Of several files of one size the first is shown; grey optical paths by their
highest 8 bits. Tried with three real slides.
"""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from typing_extensions import override

from exact.tiles import dicom, pixel_sizes, profiles
from exact.tiles.decoded_tiles import decoded_tiles
from exact.tiles.dicom import Dataset, DicomFile
from exact.tiles.dicom_head import WHOLE_SLIDE, class_of, head_of
from exact.tiles.dicom_levels import SlideLevel, levels_of
from exact.tiles.errors import NoSuchTile, UnsupportedContent
from exact.tiles.looks import PLAIN, Look
from exact.tiles.mosaic import reduced, shrunk_tile
from exact.tiles.profiles import InSrgb, Profile
from exact.tiles.source import (
    WHITE,
    Axis,
    Description,
    Details,
    Format,
    OpenOptions,
    Pixels,
    PlaneDescription,
    Size,
    TileSource,
    cut,
)

FLAVOURS = {"LABEL": "label", "OVERVIEW": "macro", "THUMBNAIL": "thumbnail"}
"""DICOM's words and the field's."""
OVERVIEW_PX = 1024
"""A slide whose smallest level is larger gets one more level of at most this side, made once."""
BLOCK_PX = 2048
TILE_ENTRY_BYTES = 24
MM_UM = 1000.0


class DicomSlide(TileSource):
    """Frames are found by our own tables and decoded by libjpeg-turbo or imagecodecs."""

    def __init__(self, levels: Sequence[SlideLevel], beside: Mapping[str, SlideLevel]) -> None:
        self._levels = levels
        self._beside = beside
        self._shrink = overview_shrink(levels[-1].size)
        self._overviews: dict[int, Pixels] = {}
        self._making = threading.Lock()
        dataset = levels[0].parts[0].file.dataset
        self._profile = profile_of(dataset)
        self._description, self._details = described(dataset, levels[0], has_profile=self._profile is not None)

    @property
    @override
    def description(self) -> Description:
        return self._description

    @property
    @override
    def details(self) -> Details:
        return self._details

    @property
    @override
    def properties(self) -> Mapping[str, str]:
        return self._details.properties

    @property
    @override
    def level_dimensions(self) -> tuple[Size, ...]:
        stored = tuple(level.size for level in self._levels)
        if self._shrink == 1:
            return stored
        return (*stored, (-(-stored[-1][0] // self._shrink), -(-stored[-1][1] // self._shrink)))

    @property
    @override
    def made_levels(self) -> int:
        return 0 if self._shrink == 1 else 1

    @override
    def under(self, look: Look) -> TileSource:
        return self if look == PLAIN else InSrgb(self, profiles.chosen(look, self._profile))

    @property
    @override
    def stored_tiles(self) -> tuple[Size | None, ...]:
        return (*(level.tile for level in self._levels), *(None for _ in range(self.made_levels)))

    @override
    def encoded_tile(self, level: int, column: int, row: int, frame: int = 0) -> bytes | None:
        return self._level(level, column, row).encoded(column, row, frame)

    @override
    def decoded_tile(self, level: int, column: int, row: int, shrink: int = 1, frame: int = 0) -> Pixels | None:
        stored = self._level(level, column, row)
        decoded = stored.decoded(column, row, frame, shrink)
        width, height = stored.tile
        if decoded is None:
            return np.full((-(-height // shrink), -(-width // shrink), 3), WHITE[0], np.uint8)
        return decoded if decoded.shape[:2] != (height, width) else reduced(decoded, shrink)

    def _level(self, level: int, column: int, row: int) -> SlideLevel:
        if 0 <= level < len(self._levels):
            rows, columns = self._levels[level].index.shape[2:]
            if 0 <= column < columns and 0 <= row < rows:
                return self._levels[level]
        raise NoSuchTile(f"The stored level {level} has no tile {column}, {row}.")

    @override
    def read_region(self, location: tuple[int, int], level: int, size: Size, frame: int = 0, plane: int = 0) -> Pixels:
        self._plane(plane)
        self._check_frame(frame, plane)
        x, y = (int(at / self.level_downsamples[level]) for at in location)
        if level >= len(self._levels):
            return cut(self._overview(frame), x, y, size)
        return self._read(level, (x, y), size, frame)

    def _read(self, level: int, corner: tuple[int, int], size: Size, frame: int) -> Pixels:
        """From decoded tiles, which are remembered for the neighbours."""
        stored = self._levels[level]
        (width, height), (columns, rows) = stored.tile, stored.index.shape[:1:-1]
        first, last = max(0, corner[0] // width), min(columns, -(-(corner[0] + size[0]) // width))
        top, bottom = max(0, corner[1] // height), min(rows, -(-(corner[1] + size[1]) // height))
        if first >= last or top >= bottom:
            return np.full((size[1], size[0], 3), WHITE[0], np.uint8)
        lines = [
            np.concatenate([self._tile(level, column, row, frame) for column in range(first, last)], axis=1)
            for row in range(top, bottom)
        ]
        inside = np.concatenate(lines)[: stored.size[1] - top * height, : stored.size[0] - first * width]
        return cut(inside, corner[0] - first * width, corner[1] - top * height, size)

    def _tile(self, level: int, column: int, row: int, frame: int) -> Pixels:
        tile = shrunk_tile(self, level, column, row, 1, frame)
        assert tile is not None  # stored levels always have one: white where nothing was scanned
        return tile

    def _overview(self, frame: int) -> Pixels:
        """Block by block, so that a large level never lies in memory as a whole."""
        with self._making:
            if frame not in self._overviews:
                self._overviews = {frame: self._make_overview(frame)}
            return self._overviews[frame]

    def _make_overview(self, frame: int) -> Pixels:
        shrink, level = self._shrink, len(self._levels) - 1
        (width, height), (small_width, small_height) = self._levels[level].size, self.level_dimensions[-1]
        overview = np.empty((small_height, small_width, 3), np.uint8)
        step = max(shrink, BLOCK_PX // shrink * shrink)
        for top in range(0, height, step):
            for left in range(0, width, step):
                size = (min(step, width - left), min(step, height - top))
                block = reduced(self._read(level, (left, top), size, frame), shrink)
                overview[top // shrink :, left // shrink :][: block.shape[0], : block.shape[1]] = block
        return overview

    @property
    @override
    def associated_images(self) -> Mapping[str, Size]:
        return {name: level.size for name, level in self._beside.items()}

    @override
    def read_associated(self, name: str) -> Pixels:
        if name not in self._beside:
            return super().read_associated(name)
        stored = self._beside[name]
        rows, columns = stored.index.shape[2:]
        lines = [[stored.decoded(column, row, 0) for column in range(columns)] for row in range(rows)]
        blank = np.full((*stored.tile[::-1], 3), WHITE[0], np.uint8)
        whole = np.concatenate(
            [np.concatenate([blank if tile is None else tile for tile in line], axis=1) for line in lines]
        )
        return whole[: stored.size[1], : stored.size[0]]

    @property
    @override
    def cost(self) -> int:
        return sum(level.index.size * TILE_ENTRY_BYTES for level in self._levels) + OVERVIEW_PX * OVERVIEW_PX * 3

    @override
    def close(self) -> None:
        decoded_tiles().forget(self)
        self._overviews = {}


def overview_shrink(smallest: Size) -> int:
    """The power of two that brings the smallest level to overview size; 1 when it has it already."""
    shrink = 1
    while max(smallest) > OVERVIEW_PX * shrink:
        shrink *= 2
    return shrink


def described(dataset: Dataset, level: SlideLevel, *, has_profile: bool) -> tuple[Description, Details]:
    """What the header of the largest level tells, without the nonsense."""
    with dicom.reading():
        groups = dataset.get("SharedFunctionalGroupsSequence") or [dataset]
        measures = (groups[0].get("PixelMeasuresSequence") or [groups[0]])[0]
        spacing = dicom.numbers(measures, "PixelSpacing", 2) or (0.0, 0.0)
        size = pixel_sizes.believable(spacing[1] * MM_UM, spacing[0] * MM_UM, "dicom.PixelSpacing")
        step_um = pixel_sizes.positive((dicom.number(measures, "SpacingBetweenSlices") or 0.0) * MM_UM)
        paths = dataset.get("OpticalPathSequence") or [dataset]
        power = pixel_sizes.positive(dicom.number(paths[0], "ObjectiveLensPower"))
        scanner, properties = dicom.scanner(dataset), dicom.properties(dataset)
    pixel_size = (None, None) if size is None else (size.x_um, size.y_um)
    axes = axes_of(level, step_um)
    (width, height), frames = level.size, level.frames
    description = Description(
        format="dicom",
        width=width,
        height=height,
        frames=frames,
        default_frame=0,
        frame_names=None if frames == 1 else tuple(f"frame {n + 1}" for n in range(frames)),
        channels=3,
        pixel_size_um=(*pixel_size, step_um if level.index.shape[1] > 1 else None),
        objective_power=power,
        planes=(PlaneDescription(0, "image", width, height, frames, pixel_size),),
    )
    source = None if size is None else size.source
    return description, Details(source, scanner, axes, has_profile=has_profile, properties=properties)


def axes_of(level: SlideLevel, step_um: float | None) -> tuple[Axis, ...]:
    """Optical paths, then focal planes; those that there is only one of are left out."""
    paths, planes = level.index.shape[:2]
    axes = (Axis("path", paths), Axis("z", planes, step_um, "um"))
    return tuple(axis for axis in axes if axis.size > 1)


def profile_of(dataset: Dataset) -> Profile | None:
    """The colour profile of the first optical path."""
    with dicom.reading():
        icc = (dataset.get("OpticalPathSequence") or [dataset])[0].get("ICCProfile")
    return profiles.from_bytes(icc) if isinstance(icc, bytes) and profiles.fits(icc, 3) else None


def recognises(path: Path, head: bytes) -> bool:
    """By the class that the file names; a folder by the first DICOM file in it."""
    return (class_of(head) if head else dicom.any_dicom(path) if path.is_dir() else None) == WHOLE_SLIDE


def open_slide(path: Path, options: OpenOptions) -> TileSource:  # noqa: ARG001 - all formats open alike
    """All files of one slide; of a folder those that are slides."""
    found = [file for file in dicom.files_of(path) if class_of(head_of(file)) == WHOLE_SLIDE]
    files = [dicom.read(file) for file in found]
    if len({str(file.dataset.get("SeriesInstanceUID")) for file in files}) > 1:
        raise UnsupportedContent("The folder holds several DICOM slides: upload each as an image of its own.")
    levels = levels_of([file for file in files if flavour(file) is None])
    if not levels:
        raise UnsupportedContent("The DICOM files hold only label or overview of a slide: upload its levels with them.")
    return DicomSlide(same_slide(levels), beside(files))


def flavour(file: DicomFile) -> str | None:
    """What it is beside the slide; None for its levels."""
    with dicom.reading():
        kinds = list(file.dataset.get("ImageType") or [])
    return next((name for kind, name in FLAVOURS.items() if kind in kinds), None)


def beside(files: Sequence[DicomFile]) -> dict[str, SlideLevel]:
    """Label, overview and thumbnail, by name."""
    named = [(flavour(file), file) for file in files]
    return {name: levels_of([file])[0] for name, file in named if name is not None}


def same_slide(levels: Sequence[SlideLevel]) -> list[SlideLevel]:
    """The levels of the largest one's shape and frames."""
    width, height = levels[0].size
    return [
        level
        for level in levels
        if abs(level.size[0] * height - level.size[1] * width) <= 2 * max(width, height)
        and level.frames == levels[0].frames
    ]


FORMAT = Format("DICOM slide", recognises, open_slide)
