"""The index of JPEG tiles believes no number that was not checked against the file and the others."""

import struct
import time
import tracemalloc
from io import BytesIO

import pytest

from exact.tiles.errors import DamagedFile
from exact.tiles.tiff_index import TileTable, tile_tables
from tests.tiles import tiffs
from tests.tiles.tiffs import LONG, LONG8, SHORT, UNDEFINED, Writer


def tables(content: bytes, *, sub_directories: bool = False) -> list[TileTable]:
    return tile_tables(BytesIO(content), len(content), sub_directories=sub_directories)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_both_byte_orders_and_both_layouts_are_read(order: str, big: bool) -> None:
    first, second = tables(tiffs.tiled(order, big=big))
    assert (first.size, first.tile, first.columns, first.rows) == ((30, 20), (16, 16), 2, 2)
    assert (second.size, len(second.offsets)) == ((15, 10), 1)
    stream = tiffs.tiled(order, big=big)[first.offsets[3] :][: first.lengths[3]]
    assert stream == tiffs.jpeg()


def test_shared_tables_are_kept_without_their_marks() -> None:
    (table,) = tables(tiffs.with_shared_tables())
    assert table.shared[:2] in (b"\xff\xdb", b"\xff\xc4")
    assert b"\xff\xd8" not in table.shared
    assert b"\xff\xd9" not in table.shared


def test_sub_directories_are_read_where_they_are_wanted_and_name_their_parent() -> None:
    content = tiffs.with_sub_directories()
    assert [table.size for table in tables(content)] == [(30, 20)]
    parent, child = tables(content, sub_directories=True)
    assert (child.size, child.parent) == ((15, 10), parent.directory)


def test_directories_that_go_round_end() -> None:
    assert len(tables(tiffs.that_goes_round())) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"t256": (LONG, [33])},
        {"t256": (LONG, [0])},
        {"t257": (LONG8, [2**31 + 1])},
        {"t322": (SHORT, [8])},
        {"t323": (LONG, [8192])},
        {"t324": (LONG, [0] * 3)},
        {"t325": (LONG, [10] * 5)},
        {"t325": (LONG, [3 * 16 * 16 + 64 * 1024 + 1] * 4)},
        {"t325": (LONG, [100_000] * 4)},
        {"t324": (LONG, [2**32 - 1] * 4)},
        {"t259": (SHORT, [33005])},
        {"t262": (SHORT, [8])},
        {"t347": (UNDEFINED, list(b"\xff\xd8\xff\xdb\x00\x09"))},
        {"t347": (UNDEFINED, list(tiffs.jpeg()))},
        {"t256": (SHORT, [])},
    ],
)
def test_a_directory_that_contradicts_itself_or_the_file_is_left_out(
    changes: dict[str, tuple[int, list[int]]],
) -> None:
    assert [table.size for table in tables(tiffs.tiled(**changes))] == [(15, 10)]


def test_a_tile_that_was_never_written_is_allowed() -> None:
    assert tables(tiffs.tiled(t325=(LONG, [0] * 4), t324=(LONG, [0] * 4)))[0].lengths[0] == 0


def chain(count: int) -> bytes:
    """So many empty directories."""
    writer = Writer()
    for _ in range(count):
        writer.directory({})
    return bytes(writer.content)


def test_more_directories_than_any_slide_has_are_refused() -> None:
    assert tables(chain(512)) == []
    with pytest.raises(DamagedFile, match="more than 512"):
        tables(chain(513))


def test_directories_deep_inside_of_each_other_are_refused() -> None:
    writer, child = Writer(), 0
    for _ in range(6):
        child = writer.directory({330: (LONG, [child])} if child else {}, linked=False)
    writer.point(child)
    with pytest.raises(DamagedFile, match="inside"):
        tables(bytes(writer.content), sub_directories=True)


def test_one_table_that_is_claimed_again_and_again_is_read_within_a_budget() -> None:
    """A file of 8 MB whose 400 directories all name the same million offsets would take minutes and gigabytes."""
    writer = Writer(big=True)
    shared = writer.add(bytes(8 * 10**6))
    for _ in range(400):
        at = writer.directory({324: (LONG8, [0, 0])})
        entry = struct.pack("<HHQQ", 324, LONG8, 10**6, shared)
        writer.content[at + 8 : at + 28] = entry
    began = time.monotonic()
    tracemalloc.start()
    with pytest.raises(DamagedFile, match="too large"):
        tables(bytes(writer.content))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 100 * 2**20
    assert time.monotonic() - began < 5


def test_the_first_of_two_tags_with_one_number_counts_as_for_libtiff() -> None:
    content = bytearray(tiffs.tiled())
    at = content.index(struct.pack("<HHI", 258, SHORT, 3))
    content[at : at + 12] = struct.pack("<HHII", 257, LONG, 1, 999)
    assert tables(bytes(content))[0].size == (30, 20)


@pytest.mark.parametrize("name", sorted(tiffs.corpus()))
def test_a_file_cut_off_anywhere_is_refused_or_read_as_far_as_it_goes(name: str) -> None:
    content = tiffs.corpus()[name]
    for length in range(16, len(content), 17):
        try:
            found = tables(content[:length], sub_directories=True)
        except DamagedFile:
            continue
        ends = [at + size for t in found for at, size in zip(t.offsets, t.lengths, strict=True) if size]
        assert max(ends, default=0) <= length
