"""What addresses of the IIIF Image API 3.0 mean, in pixels."""

import pytest

from exact.tiles.errors import BadPicture, NotOffered
from exact.tiles.iiif import (
    MAX_AREA_PX,
    Picture,
    PictureText,
    box_in_level,
    information,
    level_for,
    native_place,
    read_picture,
)
from exact.tiles.native import NativeGrid, native_grid

FULL = (1300, 900)
GRID = native_grid((FULL, (650, 450)), ((256, 256), (256, 256)))


def picture(region: str = "full", size: str = "max", **more: str) -> Picture:
    """Read for an image of 1300 x 900 pixels."""
    parts = {"rotation": "0", "quality": "default", "suffix": "jpg", **more}
    return read_picture(PictureText(region, size, **parts), FULL)


@pytest.mark.parametrize(
    ("region", "box"),
    [
        ("full", (0, 0, 1300, 900)),
        ("square", (200, 0, 900, 900)),
        ("10,20,30,40", (10, 20, 30, 40)),
        ("1200,800,500,500", (1200, 800, 100, 100)),
        ("pct:10,50,20,25", (130, 450, 260, 225)),
        ("pct:41.6,7.5,40,70", (541, 68, 520, 630)),
    ],
)
def test_regions(region: str, box: tuple[int, int, int, int]) -> None:
    assert picture(region).box == box


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("max", (1300, 900)),
        ("650,", (650, 450)),
        (",90", (130, 90)),
        ("pct:50", (650, 450)),
        ("100,100", (100, 100)),
        ("!200,200", (200, 138)),
        ("!2000,90", (130, 90)),
        ("^2600,", (2600, 1800)),
        ("^pct:150", (1950, 1350)),
        ("^!2000,3000", (2000, 1385)),
        ("^max", (3480, 2409)),
    ],
)
def test_sizes(size: str, expected: tuple[int, int]) -> None:
    assert picture(size=size).size == expected


def test_max_of_a_large_image_is_as_large_as_a_picture_may_be() -> None:
    made = read_picture(PictureText("full", "max", "0", "default", "jpg"), (100_000, 50_000))
    assert made.size == (4096, 2048)
    assert made.size[0] * made.size[1] <= MAX_AREA_PX


@pytest.mark.parametrize(
    "wrong",
    [
        *({"region": region} for region in ("", "all", "1,2,3", "1,2,0,4", "1300,0,1,1", "-1,0,5,5", "pct:1,2,3")),
        *({"size": size} for size in ("", "full", ",", "0,", "1400,", ",901", "pct:101", "1301,900", "!2000,3000")),
        *({"size": size} for size in ("^9999,9999", "!200,", "pct:", "200", "pct:0", "^", "1e2,")),
        *({"rotation": rotation} for rotation in ("", "x", "-90", "361", "!!0", "9O")),
        *({"quality": quality} for quality in ("", "grey", "native", "Default")),
        *({"suffix": suffix} for suffix in ("", "jpeg", "exe", "JPG")),
    ],
)  # fmt: skip
def test_nonsense_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(BadPicture):
        picture(**wrong)


@pytest.mark.parametrize("known", [{"rotation": "22.5"}, {"rotation": "!45"}, {"suffix": "tif"}, {"suffix": "webp"}])
def test_what_the_api_knows_and_we_do_not_is_told_apart(known: dict[str, str]) -> None:
    with pytest.raises(NotOffered):
        picture(**known)


@pytest.mark.parametrize(
    ("asked", "canonical"),
    [
        ({}, "full/max/0/default.jpg"),
        ({"region": "0,0,1300,900", "size": "1300,", "rotation": "360"}, "full/max/0/default.jpg"),
        ({"region": "pct:10,50,20,25", "size": "pct:50"}, "130,450,260,225/130,112/0/default.jpg"),
        ({"size": "^2600,", "rotation": "!90.0", "quality": "gray", "suffix": "png"}, "full/^2600,1800/!90/gray.png"),
        ({"quality": "color"}, "full/max/0/default.jpg"),
    ],
)
def test_every_picture_has_one_canonical_address(asked: dict[str, str], canonical: str) -> None:
    assert picture(**asked).canonical(FULL) == canonical


@pytest.mark.parametrize(
    ("region", "size", "place"),
    [
        ("0,0,256,256", "256,256", (0, 0, 0)),
        ("256,512,256,256", "max", (0, 1, 2)),
        ("1280,768,20,132", "max", (0, 5, 3)),
        ("512,0,512,512", "256,256", (1, 1, 0)),
        ("1024,512,276,388", "138,194", (1, 2, 1)),
        ("full", "163,", (3, 0, 0)),
        ("0,0,256,256", "128,128", None),
        ("1,0,256,256", "256,256", None),
        ("0,0,255,256", "255,256", None),
    ],
)
def test_a_picture_that_is_a_tile_of_the_native_grid_is_found(
    region: str, size: str, place: tuple[int, int, int] | None
) -> None:
    assert native_place(picture(region, size), GRID) == place


@pytest.mark.parametrize("otherwise", [{"rotation": "90"}, {"rotation": "!0"}, {"quality": "gray"}])
def test_a_tile_that_is_turned_or_recoloured_is_no_tile(otherwise: dict[str, str]) -> None:
    assert native_place(picture("0,0,256,256", "max", **otherwise), GRID) is None


def test_the_level_read_is_the_smallest_one_that_is_sharp_enough() -> None:
    assert [level_for(picture(size=size), GRID) for size in ("max", "^2600,", "651,", "650,", "300,", "10,")] == [
        0, 0, 0, 1, 2, 3
    ]  # fmt: skip


def test_the_region_in_a_level_keeps_its_parts_of_pixels() -> None:
    assert box_in_level((3, 4, 10, 10), GRID.levels[1]) == ((1, 2, 6, 5), (0.5, 0.0, 5.5, 5.0))
    assert box_in_level((1299, 899, 1, 1), GRID.levels[3])[0] == (162, 112, 1, 1)


def test_info_json_offers_the_native_grid() -> None:
    told = information("https://x.example/tiles/1/iiif/0.0", GRID)
    assert (told["id"], told["width"], told["height"]) == ("https://x.example/tiles/1/iiif/0.0", 1300, 900)
    assert told["tiles"] == [{"width": 256, "height": 256, "scaleFactors": [1, 2, 4, 8]}]
    assert told["sizes"][0] == {"width": 163, "height": 113}


def test_levels_with_tiles_of_different_sizes_are_told_apart() -> None:
    grid: NativeGrid = native_grid(((2048, 2048), (512, 512)), ((512, 512), (256, 256)))
    assert information("", grid)["tiles"] == [
        {"width": 512, "height": 512, "scaleFactors": [1, 2]},
        {"width": 256, "height": 256, "scaleFactors": [4, 8]},
    ]
