"""A reader that unpacks without end, under the real reader's limits."""

import sys

from exact.tiles import examine
from exact.tiles import formats as formats_room
from exact.tiles.pool import limits


def greedy(*_: object) -> object:
    """Takes memory until there is none."""
    return [bytearray(2**28) for _ in range(64)]


limits.confine.__defaults__ = (2**29, None)
formats_room.open_image = greedy  # type: ignore[assignment]
examine.main(sys.argv[1:])
