"""Blocks of stored values: kept while they are used, bounded in bytes, and put together to rectangles."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exact.tiles.errors import TooManyPixels
from exact.tiles.source import Size

Values = NDArray[Any]  # Any: the file decides
MAX_BLOCK_BYTES = 256 * 2**20
"""A file whose smallest readable piece is larger is not read."""

FEW = 4
SAMPLED_LEVEL_PIXELS = 2**20
"""A larger level is sampled in squares."""
SAMPLED_SQUARE_PX = 256
SAMPLED_SQUARES = 4
"""Along each side."""


@dataclass(frozen=True)
class Box:
    """A rectangle inside of a level, in pixels of the level."""

    left: int
    top: int
    width: int
    height: int


class RecentBlocks:
    """A bounded dictionary of decoded blocks; the least recently used are given up first, the newest never."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._held_bytes = 0
        self._blocks: OrderedDict[Hashable, Values] = OrderedDict()
        self._lock = threading.Lock()

    def get_or_make(self, key: Hashable, make: Callable[[], Values]) -> Values:
        """The block, decoded now if it is not held."""
        with self._lock:
            if key in self._blocks:
                self._blocks.move_to_end(key)
                return self._blocks[key]
        made = make()
        with self._lock:
            if key not in self._blocks:
                self._blocks[key] = made
                self._held_bytes += made.nbytes
            while self._held_bytes > self.max_bytes and len(self._blocks) > 1:
                self._held_bytes -= self._blocks.popitem(last=False)[1].nbytes
        return made

    def clear(self) -> None:
        """Gives up everything."""
        with self._lock:
            self._blocks.clear()
            self._held_bytes = 0


def check_block(values: int, itemsize: int) -> None:
    """Refuses a file that can only be read in pieces too large for memory."""
    if values * itemsize > MAX_BLOCK_BYTES:
        raise TooManyPixels(
            f"The image can only be read in pieces of {values * itemsize:,} bytes; at most {MAX_BLOCK_BYTES:,} are "
            "taken. Save it with tiles and upload that."
        )


def assembled(box: Box, block: Size, dtype: np.dtype[Any], read: Callable[[int, int], Values]) -> Values:
    """The rectangle from the blocks (column, row) of a regular grid; what a block at the edge lacks is 0."""
    found: Values | None = None
    for row in range(box.top // block[1], -(-(box.top + box.height) // block[1])):
        for column in range(box.left // block[0], -(-(box.left + box.width) // block[0])):
            values = read(column, row)
            if found is None:
                found = np.zeros((box.height, box.width, *values.shape[2:]), dtype)
            paste(found, values, column * block[0] - box.left, row * block[1] - box.top)
    return np.zeros((box.height, box.width), dtype) if found is None else found


def paste(onto: Values, values: Values, left: int, top: int) -> None:
    """Puts values where they belong; what would lie outside is left out."""
    part = values[max(-top, 0) : max(onto.shape[0] - top, 0), max(-left, 0) : max(onto.shape[1] - left, 0)]
    onto[max(top, 0) :, max(left, 0) :][: part.shape[0], : part.shape[1]] = part


def shrunk(values: Values, factor: int) -> Values:
    """Means of squares of `factor` x `factor`; at an odd edge the last values count for those that are missing."""
    if factor == 1:
        return values
    if not values.any():
        return np.zeros((*shrunk_size(values.shape[:2], factor), *values.shape[2:]), values.dtype)
    factors = [min(factor, there) for there in values.shape[:2]]
    lacking = [(0, -there % along) for there, along in zip(values.shape[:2], factors, strict=True)]
    if any(behind for _, behind in lacking):
        values = np.pad(values, [*lacking, *[(0, 0)] * (values.ndim - 2)], mode="edge")
    wide = np.float64 if values.dtype.itemsize > 2 or values.dtype.kind == "f" else np.int64
    means = _summed(_summed(values, factors[0], 0, wide), factors[1], 1, wide) / (factors[0] * factors[1])
    return np.asarray((np.rint(means) if values.dtype.kind in "iub" else means).astype(values.dtype))


def shrunk_size(sides: tuple[int, ...], factor: int) -> tuple[int, int]:
    """Rounded up."""
    return -(-sides[0] // factor), -(-sides[1] // factor)


def _summed(values: Values, factor: int, axis: int, wide: type) -> Values:
    """Neighbours along an axis; a few are added as strided wholes, which is faster than many short sums."""
    if factor <= FEW:
        strided = [values[(slice(None),) * axis + (slice(at, None, factor),)] for at in range(factor)]
        return np.asarray(sum(part.astype(wide) for part in strided))
    shape = values.shape
    return np.asarray(values.reshape(*shape[:axis], -1, factor, *shape[axis + 1 :]).sum(axis=axis + 1, dtype=wide))


def inside(left: int, top: int, size: Size, level: Size) -> Box:
    """The part of a rectangle that lies inside of the level; perhaps empty."""
    x, right = (min(max(at, 0), level[0]) for at in (left, left + size[0]))
    y, bottom = (min(max(at, 0), level[1]) for at in (top, top + size[1]))
    return Box(x, y, max(0, right - x), max(0, bottom - y))


def sampled_boxes(size: Size) -> list[Box]:
    """The whole of a small level, evenly spread squares of a large one."""
    width, height = size
    if width * height <= SAMPLED_LEVEL_PIXELS:
        return [Box(0, 0, width, height)]
    side = (min(width, SAMPLED_SQUARE_PX), min(height, SAMPLED_SQUARE_PX))
    xs, ys = (np.linspace(0, size[axis] - side[axis], SAMPLED_SQUARES).astype(int) for axis in (0, 1))
    return [Box(int(x), int(y), *side) for y in ys for x in xs]
