"""The confined process that makes what opening a large image would have to make first; tells how far it is."""

import sys
from pathlib import Path

CPU_S = 3600


def told(share: float) -> None:
    """A line for whoever waits."""
    sys.stdout.write(f"{share:.4f}\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> None:
    """What is wrong with a file is told by whoever opens it next."""
    from exact.tiles.pool.limits import allow_cpu, confine

    confine()
    allow_cpu(CPU_S)
    from exact.tiles.errors import TileError  # the image libraries come after the limits
    from exact.tiles.prepare import prepare
    from exact.tiles.source import OpenOptions

    path, cache, identity, max_pixels = arguments
    try:
        prepare(Path(path), OpenOptions(Path(cache), identity, int(max_pixels)), told)
    except (TileError, MemoryError):
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
