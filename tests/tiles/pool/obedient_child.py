"""A child of the pool whose reader does what the file tells it: die, hang, take all memory, or show a picture."""

import os
import signal
import sys
import time
from pathlib import Path

from exact.tiles import formats as formats_room
from exact.tiles.pool import child
from exact.tiles.source import OpenOptions, TileSource

really_open = formats_room.open_image


def obey(path: Path, options: OpenOptions) -> TileSource:
    """The order stands in the first bytes; whatever is none is an image. Every opening is written down beside it."""
    with path.with_suffix(".opened").open("a") as opened:
        opened.write(f"{os.getpid()}\n")
    order = path.read_bytes()[:6]
    if order == b"die   ":
        os.kill(os.getpid(), signal.SIGABRT)
    if order == b"hang  ":
        time.sleep(600)
    if order == b"greedy":
        return [bytearray(2**28) for _ in range(64)]  # type: ignore[return-value]
    if order == b"broken":
        raise ZeroDivisionError(order)
    if order == b"slow  ":
        time.sleep(0.5)
        return really_open(path.with_suffix(".png"), options)
    return really_open(path, options)


if __name__ == "__main__":
    formats_room.open_image = obey
    child.main(sys.argv[1:])
