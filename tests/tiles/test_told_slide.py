"""A slide that a child has told of shows the same in the web process, which leaves to the child what it cannot read."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import openslide
import pytest

from exact.tiles import told_slide
from exact.tiles.errors import Contained
from exact.tiles.formats import open_here, open_image
from exact.tiles.iiif import PictureText, read_picture
from exact.tiles.looks import PLAIN, Look
from exact.tiles.outline import Outline, outline_of
from exact.tiles.service import NATIVE, TileAddress, TileService
from exact.tiles.slide_cache import Original, SlideCache
from exact.tiles.source import TileSource
from exact.tiles.tile_cache import TileCache
from exact.tiles.told_slide import ToldSlide
from tests.samples import options, real, svs, tiled_tiff
from tests.tiles.pool.test_pool import Hall, hall

__all__ = ["hall"]


def told(path: Path) -> tuple[TileSource, TileSource]:
    """By the one who may ask OpenSlide; and by the web process that has the outline of him."""
    opened = open_image(path, options(path.parent))
    return opened, open_here(path, options(path.parent), outline_of(opened))


def tiles(outline: Outline, layout: tuple[tuple[int, int], ...]) -> Iterator[TileAddress]:
    """First, middle and last of every level of both grids."""
    for level, (columns, rows) in enumerate(layout):
        for column, row in {(0, 0), (columns // 2, rows // 2), (columns - 1, rows - 1)}:
            yield TileAddress(0, 0, level, column, row, "jpeg")
    for level, native in enumerate(outline.grids[0].levels):
        for column, row in {(0, 0), (native.columns // 2, native.rows // 2), (native.columns - 1, native.rows - 1)}:
            yield TileAddress(0, 0, level, column, row, "png", grid=NATIVE)
            yield TileAddress(0, 0, level, column, row, "jpeg", grid=NATIVE)


def assert_both_ways_agree(service: TileService, path: Path) -> None:
    """Made in this process first, because what a child makes is kept here."""
    file = Original(path.stem, path)
    outline, layout = service.outline(file), service.layout(file, 0)
    assert layout == service.layout.in_pool(file, 0).result(20)
    for address in tiles(outline, layout.level_tiles):
        assert service.tile.here(file, address) == service.tile.in_pool(file, address).result(20), address
    for level, (width, height) in enumerate(layout.level_sizes):
        shrink = layout.level_downsamples[level]
        location = int((width - 60) * shrink), int((height - 50) * shrink)
        over_the_edge = service.region.here(file, location, level, (100, 90))
        assert over_the_edge == service.region.in_pool(file, location, level, (100, 90)).result(20)
    full = layout.level_sizes[0]
    for text in (("full", "!200,200", "90", "gray", "png"), ("9,8,300,200", "99,", "0", "default", "jpg")):
        picture = read_picture(PictureText(*text), full)
        assert service.picture.here(file, 0, 0, picture, PLAIN) == service.picture.in_pool(
            file, 0, 0, picture, PLAIN
        ).result(20)
    assert service.thumbnail.here(file, 99, "png") == service.thumbnail.in_pool(file, 99, "png").result(20)
    assert service.descriptor.here(file, 0) == service.descriptor.in_pool(file, 0).result(20)
    assert service.description.here(file) == service.description.in_pool(file).result(20)


def test_a_generated_slide_is_the_same_by_a_child_and_here(hall: Hall) -> None:
    service = hall.service(1)
    assert_both_ways_agree(service, svs(hall.folder / "a.svs"))
    assert_both_ways_agree(service, tiled_tiff(hall.folder / "b.tif", (1300, 900), levels=1))


@pytest.mark.samples
@pytest.mark.parametrize("name", ["CMU-1-Small-Region.svs", "fourscanner_563479/N2_BB_563479_1.ndpi"])
def test_a_real_slide_is_the_same_by_a_child_and_here(hall: Hall, name: str) -> None:
    path = hall.folder / "a"
    path.symlink_to(real(f"wsi/{name}"))
    assert_both_ways_agree(hall.service(1), path)


def test_openslide_is_neither_imported_nor_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tiled_tiff(tmp_path / "a.tif", (1300, 900), levels=1)
    outline = outline_of(open_image(path, options(tmp_path)))
    monkeypatch.setattr(openslide, "OpenSlide", None)
    monkeypatch.setitem(sys.modules, "openslide", None)  # whoever imports it fails
    source = open_here(path, options(tmp_path), outline)
    assert source.get_thumbnail((99, 99)).shape == (69, 99, 3)
    source.close()


def test_only_what_the_index_finds_as_it_was_told_is_opened(tmp_path: Path) -> None:
    path = svs(tmp_path / "a.svs")
    outline = outline_of(open_image(path, options(tmp_path)))
    other = outline_of(open_image(tiled_tiff(tmp_path / "b.tif", (1300, 900)), options(tmp_path)))
    wrong = [
        replace(outline, tiff_levels=()),
        replace(outline, tiff_levels=((700, 500), (1, 1))),
        replace(outline, grids=other.grids),
        other,
    ]
    for claimed in wrong:
        with pytest.raises(Contained):
            open_here(path, options(tmp_path), claimed)
    assert isinstance(open_here(path, options(tmp_path), outline), ToldSlide)


def test_everything_but_pixels_of_the_plain_look_is_left_to_a_child(tmp_path: Path) -> None:
    _, here = told(svs(tmp_path / "a.svs"))
    asked: list[Callable[[], object]] = [
        lambda: here.properties,
        lambda: here.associated_images,
        lambda: here.read_associated("label"),
        lambda: here.under(Look(profile=True)),
    ]
    for ask in asked:
        with pytest.raises(Contained) as caught:
            ask()
        assert not caught.value.spoils_handle
    assert here.under(PLAIN) is here


def test_a_broken_tile_is_left_to_a_child_and_the_others_are_still_made_here(tmp_path: Path) -> None:
    path = tiled_tiff(tmp_path / "a.tif")
    outline = outline_of(open_image(path, options(tmp_path)))
    content = bytearray(path.read_bytes())
    content[16:2000] = b"\xff\xd8" + bytes(1982)
    path.write_bytes(content)
    opened: list[str] = []

    def opener(file: Original) -> TileSource:
        opened.append(file.sha256)
        return open_here(file.path, options(tmp_path), outline)

    service, file = TileService(SlideCache(opener, max_handles=2, max_bytes=2**20), TileCache(0)), Original("a", path)
    for _ in range(2):
        with pytest.raises(Contained):
            service.tile.here(file, TileAddress(0, 0, 10, 0, 0, "jpeg"))
        assert service.tile.here(file, TileAddress(0, 0, 10, 2, 1, "jpeg"))
    assert opened == ["a"]


def test_what_needs_many_tiles_is_left_to_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, here = told(tiled_tiff(tmp_path / "a.tif", (1300, 900), levels=1))
    monkeypatch.setattr(told_slide, "MOST_PIXELS", 6 * 256**2 - 1)
    for size in ((1300, 900), (1300, 1), (1, 10**6)):
        with pytest.raises(Contained):
            here.read_region((0, 0), 0, size)
    with pytest.raises(Contained):
        here.get_thumbnail((99, 99))  # the whole slide becomes the overview
    monkeypatch.setattr(told_slide, "MOST_PIXELS", 6 * 4 * 256**2)
    assert here.read_region((0, 0), 0, (1300, 1)).shape == (1, 1300, 3)
    assert here.get_thumbnail((99, 99)).shape == (69, 99, 3)


def test_its_cost_counts_tables_and_overview(tmp_path: Path) -> None:
    small = told(svs(tmp_path / "a.svs"))[1].cost
    assert 4096 <= small < 10_000
    assert told(tiled_tiff(tmp_path / "b.tif", (1300, 900), levels=1))[1].cost >= 3 * 2**20


def test_outside_is_the_colour_that_the_child_has_told(tmp_path: Path) -> None:
    path = svs(tmp_path / "a.svs")
    outline = replace(outline_of(open_image(path, options(tmp_path))), background=(1, 2, 3))
    here = open_here(path, options(tmp_path), outline)
    assert here.read_region((5000, 5000), 0, (1, 1)).tolist() == [[[1, 2, 3]]]
