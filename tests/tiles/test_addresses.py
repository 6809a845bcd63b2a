"""The tile path's URLs."""

import pytest

from exact.tiles.addresses import Descriptor, Information, is_ours, read_path
from exact.tiles.service import NATIVE, TileAddress

FAMILIES = ["/images/image", "/api/v1/images/images"]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("slash", ["", "/"])
def test_both_families_are_read_with_and_without_a_slash_at_the_end(family: str, slash: str) -> None:
    tile = read_path(f"{family}/12/2/7/tile_files/9/3_4.jpeg{slash}")
    assert tile is not None
    assert (tile.image_number, tile.wanted) == (12, TileAddress(1, 7, 9, 3, 4, "jpeg"))
    descriptor = read_path(f"{family}/12/1/0/tile{slash}")
    assert descriptor is not None
    assert (descriptor.image_number, descriptor.wanted) == (12, Descriptor(0))


@pytest.mark.parametrize(("suffix", "tile_format"), [("jpeg", "jpeg"), ("jpg", "jpeg"), ("png", "png")])
def test_the_suffix_chooses_the_format(suffix: str, tile_format: str) -> None:
    asked = read_path(f"/images/image/1/1/0/tile_files/0/0_0.{suffix}")
    assert asked is not None
    assert isinstance(asked.wanted, TileAddress)
    assert asked.wanted.tile_format == tile_format


@pytest.mark.parametrize(("suffix", "tile_format"), [("jpeg", "jpeg"), ("jpg", "jpeg"), ("png", "png")])
def test_native_tiles_count_everything_from_zero(suffix: str, tile_format: str) -> None:
    asked = read_path(f"/tiles/12/0/7/3/4_5.{suffix}", "v=2")
    assert asked is not None
    assert asked.image_number == 12
    assert asked.wanted == TileAddress(0, 7, 3, 4, 5, tile_format, grid=NATIVE)


def test_info_json_describes_an_image() -> None:
    asked = read_path("/tiles/12/info.json")
    assert asked is not None
    assert (asked.image_number, asked.wanted) == (12, Information())


@pytest.mark.parametrize(
    "path",
    [
        "/tiles/",
        "/tiles/x/info.json",
        "/tiles/1/info.json/",
        "/tiles/1/0/0/0/0_0.gif",
        "/tiles/1/0/0/0/0_0.jpeg/",
        "/tiles/1/0/0/-1/0_0.jpeg",
        "/tiles/1/0/0/0/0_0.jpeg\n",
        "/images/image/1/1/0/tile_files/0/0_0.gif",
        "/images/image/1/1/0/tile_files/0/-1_0.jpeg",
        "/images/image/1/1/0/tile_files/x/0_0.jpeg",
        "/images/image/1/1/0/tile_files/0/0_0.jpeg/x",
        "/images/image/1/1/0/tile_files/0/0_0",
        "/images/image/1/1/0/tile_files/",
        "/images/image/1/1/0/tile_files",
        "/images/image/1/1/0/tile/x",
        "/images/image/../1/0/tile/",
        "/images/image/1/1/-1/tile/",
        "/images/image/1/1/1e3/tile/",
        "/images/image/٣/1/0/tile/",
        "/images/image/99999999999/1/0/tile/",
        "/images/image/1/1/0/tile_files/0/999999999_0.jpeg",
        "/images/image/1/1/0/tile/\n",
    ],
)
def test_what_makes_no_sense_is_ours_and_refused(path: str) -> None:
    assert is_ours(path)
    assert read_path(path) is None


@pytest.mark.parametrize(
    "path", ["/", "/images/image/1/", "/images/imageset/1/", "/api/v1/images/images/1/thumbnail/", "/tile/"]
)
def test_other_paths_are_left_to_django(path: str) -> None:
    assert not is_ours(path)


def test_the_tag_names_content_and_address() -> None:
    address = TileAddress(0, 0, 5, 1, 2, "jpeg")
    tags = {
        address.etag("a" * 64),
        address.etag("b" * 64),
        TileAddress(0, 0, 5, 2, 1, "jpeg").etag("a" * 64),
        TileAddress(0, 0, 5, 1, 2, "png").etag("a" * 64),
        TileAddress(1, 0, 5, 1, 2, "jpeg").etag("a" * 64),
    }
    assert len(tags) == 5
    assert address.etag("a" * 64) == address.etag("a" * 64)
    assert all(tag.startswith('"') and tag.endswith('"') for tag in tags)
