"""Lanczos scaling of any part of an array: a pixel comes out the same in whichever part it is asked for."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

LANCZOS_PX = 3
"""How far it looks, in the coarser one of the two grids."""

NOTHING = 1e-9
"""What rounding leaves where the curve is zero."""

Floats = NDArray[np.float32]
Range = tuple[int, int]
"""First, and the one after the last."""


@dataclass(frozen=True)
class Taps:
    """For one axis: what each shown place is made of."""

    stored: NDArray[np.intp]
    """(taps, shown places): which stored place."""
    weights: Floats
    """(taps, shown places): how much of it; together 1."""

    def needed(self, part: Range) -> Range:
        """The stored places that a part of the shown ones is made of."""
        used = self.stored[:, slice(*part)]
        return int(used.min()), int(used.max()) + 1


@lru_cache(maxsize=64)
def taps(stored: int, shown: int) -> Taps:
    """Lanczos as Pillow has it: cut off at the edges, wider where the picture becomes smaller."""
    scale = stored / shown
    stretch = max(1.0, scale)
    centres = (np.arange(shown) + 0.5) * scale
    first = np.floor(centres - LANCZOS_PX * stretch)
    places = first + np.arange(math.ceil(2 * LANCZOS_PX * stretch) + 1)[:, np.newaxis]
    distances = (places + 0.5 - centres) / stretch
    found = np.sinc(distances) * np.sinc(distances / LANCZOS_PX)
    found[(np.abs(distances) >= LANCZOS_PX) | (np.abs(found) < NOTHING) | (places < 0) | (places >= stored)] = 0
    weights = (found / found.sum(axis=0)).astype(np.float32)
    used = np.abs(weights).max(axis=1) > 0
    return Taps(np.clip(places, 0, stored - 1).astype(np.intp)[used], weights[used])


def scaled_rows(rows: Floats, start: int, found: Taps, part: Range) -> Floats:
    """A part of the shown rows, of the stored ones from `start` on. Every sum is taken in the same order."""
    stored, weights = found.stored[:, slice(*part)] - start, found.weights[:, slice(*part), np.newaxis]
    made: Floats = rows[stored[0]] * weights[0]
    term = np.empty_like(made)
    for number in range(1, len(stored)):
        np.take(rows, stored[number], axis=0, out=term, mode="clip")
        term *= weights[number]
        made += term
    return made
