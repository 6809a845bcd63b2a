"""Coverage-guided fuzzing of what the web process itself reads of a TIFF: `make fuzz SECONDS=600`.

Whatever the bytes are, the index ends soon, raises DamagedFile and nothing else, and what it vouches for is true. A
file that breaks this is written below test-artifacts/; put it into tests/tiles/corpus/, where everyday tests try it.
"""

import sys
import tempfile
from io import BytesIO
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["exact.tiles.tiff", "exact.tiles.tiff_index", "exact.tiles.jpeg_stream"]):
    from exact.tiles import tiff
    from exact.tiles.errors import DamagedFile
    from exact.tiles.jpeg_stream import read_head
    from exact.tiles.tiff_index import TileTable, tile_tables

with atheris.instrument_imports(include=["exact.tiles.jpeg_tiles"]):
    from exact.tiles.jpeg_tiles import splice_for

CORPUS = Path(__file__).parent / "corpus"
FOUND = Path("test-artifacts") / "fuzz"
LONGEST_BYTES = 4096
SLOWEST_S, MOST_MB = 5, 1024
TILES_TRIED = 4


def index(content: bytes) -> None:
    """Everything that is believed of these bytes."""
    if not tiff.is_tiff(content):
        return
    for sub_directories in (False, True):
        try:
            tables = tile_tables(BytesIO(content), len(content), sub_directories=sub_directories)
        except DamagedFile:
            continue
        for table in tables:
            check(table, content)


def check(table: TileTable, content: bytes) -> None:
    """What the table promises."""
    assert table.columns * table.rows == len(table.offsets) == len(table.lengths)
    for offset, length in zip(table.offsets[:TILES_TRIED], table.lengths[:TILES_TRIED], strict=True):
        stored = content[offset : offset + length]
        assert len(stored) == length
        splice = splice_for(table, stored)
        if splice is not None:
            head = read_head(splice.whole(stored))
            assert head is not None
            assert head.size == table.tile


def main(seconds: int, tries: int) -> None:
    """Ends after so many seconds, or tries where that is less; what is found beside the corpus is thrown away."""
    FOUND.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as new:
        limits = [f"-timeout={SLOWEST_S}", f"-rss_limit_mb={MOST_MB}", f"-max_len={LONGEST_BYTES}"]
        ends = [f"-max_total_time={seconds}", f"-runs={tries}", "-print_final_stats=1"]
        atheris.Setup([sys.argv[0], *limits, *ends, f"-artifact_prefix={FOUND}/", new, str(CORPUS)], index)
        atheris.Fuzz()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
