"""What every image format must do; each format's test class gives a small file and inherits these sentences."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from exact.tiles.errors import BadLook, NoSuchTile
from exact.tiles.formats import open_image
from exact.tiles.looks import ChannelLook, Look
from exact.tiles.native_render import FROM_PIXELS, native_tile
from exact.tiles.render import tile_pixels
from exact.tiles.shrunk import grid_of
from exact.tiles.slide_cache import Grid, View, pyramid_of
from exact.tiles.source import Description, TileSource
from tests.samples import options


class TileSourceContract(ABC):
    """Subclassed once per format and kind of file."""

    @abstractmethod
    def make_file(self, folder: Path) -> Path:
        """A small image of the kind that is tested."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> Iterator[TileSource]:
        opened = open_image(self.make_file(tmp_path), options(tmp_path))
        yield opened
        opened.close()

    def test_levels_become_smaller_and_the_first_is_the_image(self, source: TileSource) -> None:
        assert source.level_dimensions[0] == source.dimensions == source.dimensions_for_plane(0)
        assert len(source.level_dimensions) == len(source.level_downsamples) == source.level_count
        assert source.level_downsamples[0] == 1.0
        assert all(a[0] > b[0] for a, b in zip(source.level_dimensions, source.level_dimensions[1:], strict=False))
        for (width, _), downsample in zip(source.level_dimensions, source.level_downsamples, strict=True):
            assert abs(width * downsample - source.dimensions[0]) <= downsample + 1

    def test_the_description_tells_what_the_pixels_are(self, source: TileSource) -> None:
        told = source.description
        assert (told.width, told.height) == source.dimensions
        assert told.frames == source.nFrames == source.nframes_for_plane(0)
        assert 0 <= told.default_frame < told.frames
        assert told.frame_names is None or len(told.frame_names) == told.frames
        assert source.read_region((0, 0), 0, (1, 1)).shape[2] == (1 if told.channels == 1 else 3)
        assert len(source.details.channels) in (0, told.channels)
        axes = [axis.size for axis in source.details.axes]
        assert not axes or told.frames == np.prod(axes)

    def test_the_description_survives_json(self, source: TileSource) -> None:
        assert Description.from_json(json.loads(json.dumps(source.description.as_json()))) == source.description

    def test_an_unknown_size_is_none_and_never_zero(self, source: TileSource) -> None:
        told = source.description
        sizes = [*told.pixel_size_um, *(size for plane in told.planes for size in plane.pixel_size_um)]
        assert all(size is None or size > 0 for size in sizes)
        assert told.objective_power is None or told.objective_power > 0

    def test_a_region_has_the_size_asked_for_at_every_level_and_plane(self, source: TileSource) -> None:
        for plane in source.description.planes:
            for level in range(len(source.level_dimensions_for_plane(plane.plane))):
                region = source.read_region((0, 0), level, (13, 7), 0, plane.plane)
                assert region.shape[:2] == (7, 13)
                assert region.dtype == np.uint8

    def test_parts_put_together_are_the_whole(self, source: TileSource) -> None:
        width, height = source.dimensions
        whole = source.read_region((0, 0), 0, (width, height), source.description.default_frame)
        left, right = width // 3, width - width // 3
        parts = [
            source.read_region((x, 0), 0, (w, height), source.description.default_frame)
            for x, w in ((0, left), (left, right))
        ]
        assert np.array_equal(np.hstack(parts), whole)

    def test_each_channel_and_window_that_it_tells_of_can_be_chosen(self, source: TileSource) -> None:
        told = source.details
        frame, size = source.description.default_frame, source.dimensions
        for number, channel in enumerate(told.channels):
            alone = source.under(Look((ChannelLook(number, "ff0000", channel.window),)))
            assert not alone.read_region((0, 0), 0, size, frame)[:, :, 1:].any()
        if told.window is not None:
            same, other = source.under(Look(window=told.window)), source.under(Look(window=(1e30, 2e30)))
            plain = source.read_region((0, 0), 0, size, frame)
            assert np.array_equal(same.read_region((0, 0), 0, size, frame), plain)
            assert not other.read_region((0, 0), 0, size, frame).any()
            assert np.array_equal(source.read_region((0, 0), 0, size, frame), plain)

    def test_what_there_is_not_to_choose_is_refused_with_a_sentence(self, source: TileSource) -> None:
        told = source.details
        wrong = [Look((ChannelLook(len(told.channels)),))]
        wrong += [] if told.window else [Look(window=(0.0, 1.0))]
        wrong += [] if told.has_profile else [Look(profile=True)]
        for look in wrong:
            with pytest.raises(BadLook):
                source.under(look)

    def test_outside_of_the_image_is_background_alone(self, source: TileSource) -> None:
        width, height = source.dimensions
        outside = source.read_region((width + 500, height + 500), 0, (4, 4))
        assert len(np.unique(outside.reshape(-1, outside.shape[2]), axis=0)) == 1

    def test_a_frame_or_plane_that_is_not_there_is_refused(self, source: TileSource) -> None:
        with pytest.raises(NoSuchTile):
            source.read_region((0, 0), 0, (1, 1), frame=source.nFrames)
        with pytest.raises(NoSuchTile):
            source.read_region((0, 0), 0, (1, 1), frame=-1)
        with pytest.raises(NoSuchTile):
            source.read_region((0, 0), 0, (1, 1), plane=9)

    def test_a_thumbnail_keeps_the_proportion(self, source: TileSource) -> None:
        width, height = source.dimensions
        thumbnail = source.get_thumbnail((32, 32), source.description.default_frame)
        assert max(thumbnail.shape[:2]) <= 32
        assert abs(thumbnail.shape[1] / thumbnail.shape[0] - width / height) < width / height * 0.15 + 0.1

    def test_threads_read_the_same_as_one_reader(self, source: TileSource) -> None:
        width, height = source.dimensions
        places = [(x % width, (7 * x) % height) for x in range(0, 600, 11)]
        alone = [source.read_region(place, 0, (20, 20)).tobytes() for place in places]
        with ThreadPoolExecutor(4) as threads:
            together = list(threads.map(lambda place: source.read_region(place, 0, (20, 20)).tobytes(), places))
        assert together == alone

    def test_every_tile_of_every_plane_has_its_promised_size(self, source: TileSource) -> None:
        for plane in source.description.planes:
            view = View(source, plane.plane, pyramid_of(source, plane.plane, Grid()))
            for level, (columns, rows) in enumerate(view.pyramid.level_tiles):
                for column, row in {(0, 0), (columns - 1, rows - 1)}:
                    pixels = tile_pixels(view, level, column, row, plane.frames - 1)
                    promised = view.pyramid.tile_region(level, column, row).tile_size
                    assert (pixels.shape[1], pixels.shape[0]) == promised

    def test_every_tile_of_the_native_grid_has_its_promised_size(self, source: TileSource) -> None:
        for plane in source.description.planes:
            view = View(source, plane.plane, pyramid_of(source, plane.plane, FROM_PIXELS))
            grid = grid_of(source, plane.plane)
            for number, level in enumerate(grid.levels):
                for column, row in {(0, 0), (level.columns - 1, level.rows - 1)}:
                    tile = native_tile(view, grid, number, column, row, plane.frames - 1, "jpeg")
                    assert Image.open(BytesIO(tile)).size == level.box(column, row)[2:]

    def test_it_names_its_cost_and_closes_twice(self, source: TileSource) -> None:
        assert source.cost >= 0
        source.close()
        source.close()
