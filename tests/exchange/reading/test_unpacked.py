"""Packed files: read on the way, cut off or damaged ones told, bombs met early."""

import gzip
import io
import random

import pytest

from exact.domain.errors import TooLarge
from exact.exchange.reading.rows import Broken
from exact.exchange.reading.unpacked import RATIO_FROM_BYTES, opened


def unpacked(path, max_bytes=2**40):
    with opened(path, max_bytes) as (reader, _):
        total = 0
        while block := reader.read(2**20):
            total += len(block)
    return total


@pytest.fixture
def file(tmp_path):
    def write(data):
        path = tmp_path / "file"
        path.write_bytes(data)
        return path

    return write


def test_two_members_in_a_row_are_one_file(file):
    assert unpacked(file(gzip.compress(b"one\n") + gzip.compress(b"two\n"))) == 8


def test_a_file_that_was_cut_off_is_told(file):
    data = gzip.compress(random.Random(1).randbytes(10_000))
    with pytest.raises(Broken, match="cut off"):
        unpacked(file(data[:-20]))


def test_a_damaged_file_is_told(file):
    data = bytearray(gzip.compress(random.Random(1).randbytes(10_000)))
    data[5000] ^= 0xFF
    with pytest.raises(Broken, match="damaged"):
        unpacked(file(bytes(data)))


def test_a_bomb_is_met_by_its_ratio_long_before_it_is_unpacked(file):
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1) as packer:
        for _ in range(2 * RATIO_FROM_BYTES // 2**20):
            packer.write(bytes(2**20))
    with pytest.raises(TooLarge, match="200 times"):
        unpacked(file(out.getvalue()))


def test_a_file_that_unpacks_to_too_much_is_refused(file):
    path = file(gzip.compress(bytes(3000)))
    assert unpacked(path, 3000) == 3000
    with pytest.raises(TooLarge, match="unpacked"):
        unpacked(path, 2999)


def test_a_file_packed_twice_is_told(file):
    with pytest.raises(Broken, match="packed twice"):
        unpacked(file(gzip.compress(gzip.compress(b"{}"))))


def test_utf16_is_told(file):
    with pytest.raises(Broken, match="UTF-16"):
        unpacked(file("{}".encode("utf-16")))


def test_the_share_that_was_read_goes_from_nothing_to_all(file):
    path = file(random.Random(1).randbytes(3 * 2**20))
    with opened(path, 2**40) as (reader, source):
        shares = [source.share]
        while reader.read(2**20):
            shares.append(source.share)
    assert shares == sorted(shares)
    assert shares[0] < 0.5 < shares[-1] == 1
