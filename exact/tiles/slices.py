"""Frames of measured values, windowed to 8 bit and stretched to true proportion: no more of them than is asked for."""

import copy
import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from exact.tiles.errors import BadLook
from exact.tiles.looks import Look
from exact.tiles.resampling import Floats, Range, scaled_rows, taps
from exact.tiles.source import Description, Details, Pixels, Size, TileSource, cut

WINDOW_PERCENTILES = (1, 99)
WINDOW_SAMPLES = 100_000
SMALLEST_LEVEL_PX = 1024
EXACT_IN_32_BITS = ("|u1", "|i1", "<u2", ">u2", "<i2", ">i2", "<f2", ">f2", "<f4", ">f4")
LOWEST, HIGHEST = 0.0, 255.0
HALF = np.float32(0.5)
COLOURS = ("R", "G", "B")

Values = NDArray[Any]  # Any: the file decides: numbers, or fields R, G, B


@dataclass(frozen=True)
class Window:
    """Linear from stored values to 8 bit: what is below `low` is black, above `high` white."""

    low: float
    high: float
    slope: float = 1.0
    intercept: float = 0.0
    inverted: bool = False
    """Whether small values are bright, as in some X-rays."""

    def shades(self, values: Values) -> Floats:
        """0 to 255, not yet rounded."""
        number = np.float32 if values.dtype.str in EXACT_IN_32_BITS else np.float64
        with np.errstate(over="ignore", invalid="ignore"):  # absurd slopes make infinities, which are shown as such
            factor, summand = (number(part) for part in self._line())
            shades: NDArray[Any] = values.astype(number)  # Any: one of the two
            shades *= factor
            shades += summand
            limit(shades)
            if values.dtype.kind == "f" or not math.isfinite(factor + summand):
                np.nan_to_num(shades, copy=False, nan=LOWEST)
        return shades.astype(np.float32, copy=False)

    def _line(self) -> tuple[float, float]:
        """Factor and summand."""
        scale = HIGHEST / (self.high - self.low) if self.high > self.low else 0.0
        factor, summand = self.slope * scale, (self.intercept - self.low) * scale
        return (-factor, HIGHEST - summand) if self.inverted else (factor, summand)


def sampled_window(samples: NDArray[np.float64]) -> tuple[tuple[float, float], tuple[float, float]]:
    """The window between two percentiles, those at the minimum (the air around) left out; and the ends of all."""
    samples = samples[np.isfinite(samples)]
    if samples.size == 0:
        return (0.0, 1.0), (0.0, 1.0)
    limits = float(samples.min()), float(samples.max())
    if limits[0] == limits[1]:
        return (limits[0], limits[0] + 1), (limits[0], limits[0] + 1)
    low, high = np.percentile(samples[samples > limits[0]], WINDOW_PERCENTILES)
    return (float(low) if low < high else limits[0], float(high)), limits  # a mask of zeros and ones shows both


class Slices(TileSource):
    """An image whose frames are arrays of values. Who inherits gives the values; windows and sizes are done here."""

    def __init__(self, description: Description, details: Details, window: Window) -> None:
        self._description = description
        self._details = details
        self._window = window
        self.asked_window: tuple[float, float] | None = None
        """None: as the file says."""

    @abstractmethod
    def _values(self, plane: int, frame: int) -> Values:
        """The frame as it is seen, first row on top: a view, as large as what is stored."""

    def _window_of(self, frame: int) -> Window:
        """Unless another one is asked for; some formats window each frame for itself."""
        return self._window

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
    def level_dimensions(self) -> tuple[Size, ...]:
        return self.level_dimensions_for_plane(0)

    @property
    @override
    def level_downsamples(self) -> tuple[float, ...]:
        return self.level_downsamples_for_plane(0)

    @override
    def level_dimensions_for_plane(self, plane: int) -> tuple[Size, ...]:
        sizes = [self.dimensions_for_plane(plane)]
        while max(sizes[-1]) > SMALLEST_LEVEL_PX and min(sizes[-1]) > 1:
            sizes.append(((sizes[-1][0] + 1) // 2, (sizes[-1][1] + 1) // 2))
        return tuple(sizes)

    @override
    def level_downsamples_for_plane(self, plane: int) -> tuple[float, ...]:
        return tuple(2.0**level for level in range(len(self.level_dimensions_for_plane(plane))))

    @property
    @override
    def made_levels(self) -> int:
        return self.level_count - 1

    @override
    def under(self, look: Look) -> TileSource:
        if look.channels is not None or look.profile:
            raise BadLook("This image has a window to choose, but no channels and no colour profile.")
        if look.window is not None and self._details.window is None:
            raise BadLook("This image is in colour: it has no window to choose.")
        return self if look.window == self.asked_window else self._looked_at(look.window)

    def _looked_at(self, window: tuple[float, float] | None) -> Self:
        """Shares everything."""
        other = copy.copy(self)
        other.asked_window = window
        return other

    @override
    def read_region(self, location: tuple[int, int], level: int, size: Size, frame: int = 0, plane: int = 0) -> Pixels:
        self._check_frame(frame, plane)
        shown = self.level_dimensions_for_plane(plane)[level]
        left, top = location[0] >> level, location[1] >> level
        columns, rows = span(left, size[0], shown[0]), span(top, size[1], shown[1])
        if columns[0] == columns[1] or rows[0] == rows[1]:
            return np.zeros((size[1], size[0], self._description.channels), np.uint8)
        part = self._part(self._values(plane, frame), self._shown(frame), shown, columns, rows)
        return cut(part, left - columns[0], top - rows[0], size, background=0)

    def _part(self, values: Values, window: Window, shown: Size, columns: Range, rows: Range) -> Pixels:
        if values.dtype.fields:
            plain = Window(LOWEST, HIGHEST)
            return np.stack([stretched(values[name], plain, shown, columns, rows) for name in COLOURS], axis=2)
        return stretched(values, window, shown, columns, rows)[:, :, np.newaxis]

    def _shown(self, frame: int) -> Window:
        window = self._window_of(frame)
        if self.asked_window is None:
            return window
        return Window(*self.asked_window, window.slope, window.intercept, window.inverted)

    @property
    @override
    def cost(self) -> int:
        return 0


def stretched(values: Values, window: Window, shown: Size, columns: Range, rows: Range) -> NDArray[np.uint8]:
    """A part of the frame as it is shown in a size: only the values that it needs are looked at."""
    if values.shape[::-1] == shown:
        return (window.shades(values[slice(*rows), slice(*columns)]) + HALF).astype(np.uint8)
    down, across = taps(values.shape[0], shown[1]), taps(values.shape[1], shown[0])
    top, left = down.needed(rows), across.needed(columns)
    shades = window.shades(values[slice(*top), slice(*left)])
    if values.shape[0] != shown[1]:
        shades = scaled_rows(shades, top[0], down, rows)
    if values.shape[1] != shown[0]:
        shades = scaled_rows(np.ascontiguousarray(shades.T), left[0], across, columns).T
    limit(shades)  # Lanczos overshoots at edges
    return (shades + HALF).astype(np.uint8)


def span(start: int, length: int, limit: int) -> Range:
    """The part of start .. start + length that lies inside 0 .. limit."""
    return min(max(start, 0), limit), min(max(start + length, 0), limit)


def limit(shades: NDArray[Any]) -> None:
    """To 0 and 255, in place."""
    np.maximum(shades, LOWEST, out=shades)
    np.minimum(shades, HIGHEST, out=shades)
