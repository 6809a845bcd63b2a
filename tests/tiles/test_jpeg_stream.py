"""The head of a stream is compared with what the tables promise, and colours are made plain, before it is handed on."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from exact.tiles.jpeg_stream import ADOBE_RGB, ADOBE_YCBCR, read_head, shared_tables
from exact.tiles.jpeg_tiles import splice_for
from exact.tiles.tiff_index import GREY, RGB, YCBCR, TileTable, tile_tables
from tests.tiles import tiffs
from tests.tiles.tiffs import SHORT, jpeg, parted


def table(photometric: int = YCBCR, shared: bytes = b"") -> TileTable:
    content = tiffs.tiled(t262=(SHORT, [photometric]))
    found = tile_tables(BytesIO(content), len(content))[0]
    return TileTable(0, None, found.size, found.tile, photometric, shared, found.offsets, found.lengths)


def handed_on(stream: bytes, photometric: int = YCBCR, shared: bytes = b"") -> bytes | None:
    splice = splice_for(table(photometric, shared), stream)
    return None if splice is None else splice.whole(stream)


def without_marks(stream: bytes) -> bytes:
    """As libtiff writes: without the JFIF mark that Pillow begins with."""
    assert stream[2:4] == b"\xff\xe0"
    return stream[:2] + stream[20:]


def with_mark(stream: bytes, mark: bytes) -> bytes:
    return stream[:2] + mark + stream[2:]


def test_the_head_tells_size_and_components() -> None:
    head = read_head(jpeg(24))
    assert head is not None
    assert (head.size, head.components, head.is_jfif, head.is_read_as_rgb) == ((24, 24), 3, True, False)
    grey = read_head(jpeg(24, "L"))
    assert grey is not None
    assert grey.components == 1


def test_a_sound_stream_is_handed_on_as_it_lies() -> None:
    assert handed_on(jpeg()) == jpeg()
    assert handed_on(jpeg(16, "L"), GREY) == jpeg(16, "L")


NOT_THE_TILE = {
    "nothing": b"",
    "only its start": b"\xff\xd8",
    "without its start": jpeg()[2:],
    "cut off": jpeg()[:100],
    "another size": jpeg(24),
    "grey": jpeg(16, "L"),
    "inks": jpeg(16, "CMYK"),
    "progressive": jpeg(progressive=True),
    "start and end": b"\xff\xd8\xff\xd9",
    "too many segments": b"\xff\xd8" + b"\xff\xdb\x00\x04\x00\x00" * 80 + jpeg()[2:],
    "scan before frame": b"\xff\xd8\xff\xda\x00\x02" + jpeg()[2:],
    "frame too short": b"\xff\xd8\xff\xc0\x00\x02\x08\x00\x10\x00\x10\x03",
}


@pytest.mark.parametrize("kind", NOT_THE_TILE)
def test_what_is_not_plainly_the_promised_tile_is_not_handed_on(kind: str) -> None:
    assert handed_on(NOT_THE_TILE[kind]) is None


def test_rgb_is_marked_as_such_and_what_says_otherwise_is_left_out() -> None:
    bare = without_marks(jpeg())
    for stream in (bare, jpeg(), with_mark(bare, ADOBE_YCBCR)):
        made = handed_on(stream, RGB)
        assert made is not None
        head = read_head(made)
        assert head is not None
        assert head.is_read_as_rgb
        assert made == with_mark(bare, ADOBE_RGB)


def test_ycbcr_that_calls_itself_rgb_is_marked_as_what_the_file_says() -> None:
    bare = without_marks(jpeg())
    assert handed_on(with_mark(bare, ADOBE_RGB)) == with_mark(bare, ADOBE_YCBCR)
    assert handed_on(bare) == bare


def test_a_contradiction_behind_the_tables_is_not_handed_on() -> None:
    tables, rest = parted(jpeg())
    jfif = jpeg()[2:20]
    assert jfif[:2] == b"\xff\xe0"
    assert handed_on(tables[:-2] + jfif + rest[2:], RGB) is None


def test_shared_tables_are_put_before_the_stream() -> None:
    tables, rest = parted(jpeg())
    shared = shared_tables(tables)
    assert shared is not None
    made = handed_on(rest, YCBCR, shared)
    assert made is not None
    assert np.array_equal(np.asarray(Image.open(BytesIO(made))), np.asarray(Image.open(BytesIO(jpeg()))))


def test_tables_that_are_none_are_not_believed() -> None:
    sound = parted(jpeg())[0]
    for tables in (b"", b"\xff\xd8", sound[:-2], jpeg(), b"\xff\xd8\xff\xdb\x00\x43\xff\xd9"):
        assert shared_tables(tables) is None
