"""Where the frames of a DICOM series lie in the patient: sorted along their normal, or refused as no volume."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exact.tiles.dicom import Dataset, DicomFile, number, numbers
from exact.tiles.errors import UnsupportedContent

SAME_MM = 0.01
SAME_DIRECTION = 1e-3
UNEVEN = 0.1
"""Slices whose distances differ by more than this part are not one even volume."""
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0])

Vector = NDArray[np.float64]
Floats = tuple[float, ...]


@dataclass(frozen=True)
class Where:
    """Of one frame in the patient, in DICOM's directions: left, posterior, head."""

    corner_mm: Vector
    """Centre of the first pixel."""
    directions: Vector
    """(2, 3): where columns and where rows follow each other."""
    spacing_mm: tuple[float, float]
    """Between rows, between columns."""

    @property
    def normal(self) -> Vector:
        """Of length 1; refused where there is none."""
        normal = np.cross(*self.directions)
        length = float(np.linalg.norm(normal))
        if not (math.isfinite(length) and length > 0.5 and np.isfinite(self.corner_mm).all()):
            raise UnsupportedContent("The series says nonsense about where its slices lie: it makes no volume.")
        return np.asarray(normal / length)


@dataclass(frozen=True)
class Place:
    """One frame: which, where, when, and how its numbers are meant."""

    file: int
    frame: int
    where: Where | None
    """None: nowhere in particular, as an ultrasound picture."""
    spacing_mm: tuple[float, float] | None
    slope: float
    intercept: float
    window: tuple[float, float] | None
    moment: tuple[float, ...]
    """Sorts frames at one place."""


@dataclass(frozen=True)
class Stack:
    """Frames in the order of a volume: (volumes, slices), and the step from slice to slice."""

    frames: tuple[tuple[Place, ...], ...]
    first: Where
    step_mm: Vector

    @property
    def affine_mm(self) -> Vector:
        """From columns, rows and slices to right, anterior and up."""
        affine = np.eye(4)
        affine[:3, 0] = self.first.directions[0] * self.first.spacing_mm[1]
        affine[:3, 1] = self.first.directions[1] * self.first.spacing_mm[0]
        affine[:3, 2] = self.step_mm
        affine[:3, 3] = self.first.corner_mm
        affine[:3] = LPS_TO_RAS @ affine[:3]
        return affine


def places(number_of_file: int, file: DicomFile, frames: int) -> list[Place]:
    """Of all frames of a file: by their functional groups, by the grid of a dose, or alike for all."""
    dataset = file.dataset
    shared = _first(dataset, "SharedFunctionalGroupsSequence")
    each = list(dataset.get("PerFrameFunctionalGroupsSequence") or [])
    offsets = numbers(dataset, "GridFrameOffsetVector", frames)
    found = [
        _place(number_of_file, frame, [*each[frame : frame + 1], *([] if shared is None else [shared])], dataset)
        for frame in range(frames)
    ]
    if offsets is not None and frames > 1:
        return [_moved(place, offset - offsets[0]) for place, offset in zip(found, offsets, strict=True)]
    if frames > 1 and not each:
        return [replace(place, where=None) for place in found]  # a clip: one place, different times
    return found


def _place(number_of_file: int, frame: int, groups: list[Dataset], dataset: Dataset) -> Place:
    """Each value from the frame's own groups, else from those of all, else from the file."""
    position = _within(groups, "PlanePositionSequence", dataset)
    orientation = _within(groups, "PlaneOrientationSequence", dataset)
    measures = _within(groups, "PixelMeasuresSequence", dataset)
    values = _within(groups, "PixelValueTransformationSequence", dataset)
    corner = numbers(position, "ImagePositionPatient", 3)
    directions = numbers(orientation, "ImageOrientationPatient", 6)
    spacing = _spacing(measures, dataset)
    return Place(
        number_of_file,
        frame,
        _where(corner, directions, spacing),
        spacing,
        number(values, "RescaleSlope") or number(dataset, "DoseGridScaling") or 1.0,
        number(values, "RescaleIntercept") or 0.0,
        _window(_within(groups, "FrameVOILUTSequence", dataset)),
        _moment(groups, dataset, frame),
    )


def _where(corner: Floats | None, directions: Floats | None, spacing_mm: tuple[float, float] | None) -> Where | None:
    if corner is None or directions is None or spacing_mm is None:
        return None
    return Where(np.array(corner), np.array(directions).reshape(2, 3), spacing_mm)


def _spacing(measures: Dataset, dataset: Dataset) -> tuple[float, float] | None:
    found = numbers(measures, "PixelSpacing", 2) or numbers(dataset, "ImagerPixelSpacing", 2)
    return (found[0], found[1]) if found is not None and min(found) > 0 and max(found) < math.inf else None


def _within(groups: list[Dataset], name: str, dataset: Dataset) -> Dataset:
    for group in groups:
        found = _first(group, name)
        if found is not None:
            return found
    return dataset


def _first(dataset: Dataset, name: str) -> Any:  # Any: a data set of pydicom, or None
    return next(iter(dataset.get(name) or []), None)


def _window(dataset: Dataset) -> tuple[float, float] | None:
    centre, width = number(dataset, "WindowCenter"), number(dataset, "WindowWidth")
    if centre is None or width is None or not width > 0:
        return None
    return centre - width / 2, centre + width / 2


def _moment(groups: list[Dataset], dataset: Dataset, frame: int) -> tuple[float, ...]:
    """Segments of a mask apart, then time as far as it is told, then the order of the scanner."""
    content = _within(groups, "FrameContentSequence", dataset)
    segment = _within(groups, "SegmentIdentificationSequence", dataset)
    told = (
        number(segment, "ReferencedSegmentNumber"),
        number(content, "TemporalPositionIndex") or number(dataset, "TemporalPositionIdentifier"),
        number(dataset, "AcquisitionNumber"),
        number(dataset, "InstanceNumber"),
        float(frame),
    )
    return tuple(part or 0.0 for part in told)


def _moved(place: Place, along_mm: float) -> Place:
    """A slice of a dose: so far along the normal from the first one."""
    where = place.where
    if where is None:
        return place
    return replace(place, where=replace(where, corner_mm=where.corner_mm + where.normal * along_mm))


def stacked(found: Sequence[Place]) -> Stack | None:
    """The frames as even slices of one or more volumes; None where they are all at one place, or nowhere."""
    located = [(place, place.where) for place in found if place.where is not None]
    if len(located) < len(found):
        return None
    normal = _common_normal([where for _, where in located])
    depths: dict[int, list[tuple[Place, Where]]] = {}
    for place, where in located:
        depths.setdefault(round(float(normal @ where.corner_mm) / SAME_MM), []).append((place, where))
    if len(depths) < 2:
        return None
    ordered = [sorted(depths[depth], key=lambda pair: pair[0].moment) for depth in sorted(depths)]
    corners = [slices[0][1].corner_mm for slices in ordered]
    depths_mm = np.array([normal @ corner for corner in corners])
    _check_counts([len(slices) for slices in ordered], depths_mm)
    _check_steps(depths_mm)
    volumes = tuple(zip(*([place for place, _ in slices] for slices in ordered), strict=True))
    return Stack(volumes, ordered[0][0][1], (corners[-1] - corners[0]) / (len(corners) - 1))


def _common_normal(found: Sequence[Where]) -> Vector:
    first = found[0]
    for where in found:
        if not np.allclose(where.directions, first.directions, atol=SAME_DIRECTION):
            raise UnsupportedContent("The slices of the series are turned against each other: they make no volume.")
        if not np.allclose(where.spacing_mm, first.spacing_mm, rtol=SAME_DIRECTION):
            raise UnsupportedContent("The slices of the series have pixels of different sizes: they make no volume.")
    return first.normal


def _check_counts(counts: list[int], depths_mm: Vector) -> None:
    """Every place equally often: once, or once for each volume."""
    usual = max(sorted(set(counts)), key=counts.count)
    for count, depth_mm in zip(counts, depths_mm, strict=True):
        if count != usual:
            raise UnsupportedContent(
                f"The series has {count} slices at {depth_mm:.2f} mm, but {usual} at most places: "
                "slices are missing or doubled."
            )


def _check_steps(depths_mm: Vector) -> None:
    steps = np.diff(depths_mm)
    usual = float(np.median(steps))
    for number_of_step, step in enumerate(steps):
        if abs(step - usual) > max(SAME_MM * 2, UNEVEN * usual):
            low, high = depths_mm[number_of_step : number_of_step + 2]
            raise UnsupportedContent(
                f"The slices of the series are {usual:.2f} mm apart, but {step:.2f} mm between {low:.2f} and "
                f"{high:.2f} mm: slices are missing, or it is more than one series."
            )
