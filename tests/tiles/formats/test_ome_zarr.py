"""OME-Zarr."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec, GzipCodec, ZstdCodec

from exact.tiles.errors import DamagedFile, TileError, TooManyPixels, UnsupportedContent
from exact.tiles.formats import open_image
from exact.tiles.looks import ChannelLook, Look
from exact.tiles.source import Axis, TileSource
from tests.contracts.tile_source import TileSourceContract
from tests.microscopy import ome_zarr, stack
from tests.samples import options


class TestVersionTwo(TileSourceContract):
    """NGFF 0.4."""

    def make_file(self, folder: Path) -> Path:
        return once(folder, version=2)


class TestVersionThree(TileSourceContract):
    """NGFF 0.5, in shards."""

    def make_file(self, folder: Path) -> Path:
        return once(folder, shards=(1, 1, 1, 128, 160))


def once(folder: Path, **made: Any) -> Path:
    """Written by the first test that needs it: many small files take their time."""
    store = folder.parent / ("-".join(made) + ".zarr")
    return store if store.exists() else ome_zarr(store, **made)


def opened(path: Path) -> TileSource:
    """By its content."""
    return open_image(path, options(path.parent))


def channel(source: TileSource, number: int, frame: int, level: int = 0) -> NDArray[np.uint8]:
    """One channel in white, from 0 to 510."""
    look = Look((ChannelLook(number, "ffffff", (0.0, 510.0)),))
    return source.under(look).read_region((0, 0), level, source.level_dimensions[level], frame)[:, :, 0]


def shown(values: NDArray[Any]) -> NDArray[np.uint8]:
    """What a channel from 0 to 510 shows."""
    return (values / 2 + 0.5).astype(np.uint8)


@pytest.mark.parametrize(
    "made",
    [
        {"version": 2},
        {"version": 2, "order": "F"},
        {"version": 2, "compressors": None},
        {"compressors": BloscCodec()},
        {"compressors": [GzipCodec()]},
        {"compressors": ZstdCodec(), "shards": (1, 2, 2, 128, 160)},
        {"chunks": (2, 2, 2, 50, 70)},
    ],
)
def test_every_time_depth_channel_and_level_has_its_own_values(tmp_path: Path, made: dict[str, Any]) -> None:
    values = stack(2, 2, 2, (120, 90))
    source = opened(ome_zarr(tmp_path / "a.zarr", values, **made))
    assert source.level_dimensions == ((120, 90), (60, 45))
    for t, z, c in np.ndindex(2, 2, 2):
        assert np.array_equal(channel(source, c, t * 2 + z), shown(values[t, z, c]))
    assert np.array_equal(channel(source, 1, 3, level=1), shown(values[1, 1, 1, ::2, ::2]))


@pytest.mark.parametrize("version", [2, 3])
def test_metadata_tell_sizes_axes_and_channels(tmp_path: Path, version: int) -> None:
    source = opened(ome_zarr(tmp_path / "a.zarr", stack(2, 3, 2, (60, 40)), version=version, levels=1))
    assert source.description.pixel_size_um == (0.25, 0.5, 2.0)
    assert source.details.axes == (Axis("t", 2, 5.0, "s"), Axis("z", 3, 2.0, "um"))
    assert [(told.name, told.colour, told.window) for told in source.details.channels] == [
        ("DAPI", "0000ff", (10.0, 200.0)),
        ("GFP", "00ff00", (0.0, 300.0)),
    ]
    assert source.properties["ome-zarr.name"] == "cells"


@pytest.mark.parametrize("omero", [None, {}, {"channels": "x"}, {"channels": [1, {"window": 3, "color": 7}]}])
def test_without_sensible_words_of_omero_channels_have_windows_of_their_own(tmp_path: Path, omero: Any) -> None:
    source = opened(ome_zarr(tmp_path / "a.zarr", levels=1, omero=omero))
    assert [told.colour for told in source.details.channels] == ["ff00ff", "00ff00"]
    assert all(low < high for low, high in (told.window for told in source.details.channels))


def test_levels_may_have_fewer_depths(tmp_path: Path) -> None:
    values = stack(1, 3, 2, (120, 90))
    path = ome_zarr(tmp_path / "a.zarr", values, levels=2)
    smaller = np.moveaxis(values[:, ::2, :, ::2, ::2], 2, 1)
    group = zarr.open_group(path)
    del group["1"]
    group.create_array("1", shape=smaller.shape, dtype="u2")[:] = smaller
    source = opened(path)
    assert np.array_equal(channel(source, 0, 2, level=1), shown(smaller[0, 0, 1]))


def test_old_stores_name_no_axes(tmp_path: Path) -> None:
    group = zarr.create_group(tmp_path / "a.zarr", zarr_format=2)
    group.create_array("0", shape=(3, 60, 90), dtype="u1")[:] = stack(1, 3, 1, dtype="u1")[0, :, 0]
    group.attrs["multiscales"] = [{"version": "0.1", "datasets": [{"path": "0"}]}]
    source = opened(tmp_path / "a.zarr")
    assert source.details.axes == (Axis("z", 3),)
    assert np.array_equal(source.read_region((0, 0), 0, (90, 60), 1)[:, :, 0], stack(1, 3, 1, dtype="u1")[0, 1, 0])


def test_the_first_image_of_bio_formats_is_shown(tmp_path: Path) -> None:
    zarr.create_group(tmp_path / "a.zarr", zarr_format=2).attrs["bioformats2raw.layout"] = 3
    ome_zarr(tmp_path / "a.zarr" / "0", version=2)
    assert opened(tmp_path / "a.zarr").nFrames == 2


def test_a_store_inside_of_a_folder_is_found(tmp_path: Path) -> None:
    ome_zarr(tmp_path / "upload" / "a.zarr", version=2, levels=1)
    assert opened(tmp_path / "upload").description.format == "ome-zarr"


def test_a_plate_is_refused_with_a_sentence(tmp_path: Path) -> None:
    zarr.create_group(tmp_path / "a.zarr", zarr_format=2).attrs["plate"] = {"wells": []}
    with pytest.raises(UnsupportedContent, match="plate"):
        opened(tmp_path / "a.zarr")


def test_a_store_without_image_is_refused_with_a_sentence(tmp_path: Path) -> None:
    zarr.create_group(tmp_path / "a.zarr")
    with pytest.raises(UnsupportedContent, match="multiscales"):
        opened(tmp_path / "a.zarr")


@pytest.mark.parametrize("path", ["../0", "/etc", "", None, "a//b", "..\\0"])
def test_an_array_outside_of_the_store_is_refused(tmp_path: Path, path: Any) -> None:
    store = ome_zarr(tmp_path / "a.zarr", version=2)
    told = json.loads((store / ".zattrs").read_text())
    told["multiscales"][0]["datasets"][0]["path"] = path
    (store / ".zattrs").write_text(json.dumps(told))
    with pytest.raises(TileError):
        opened(store)


@pytest.mark.parametrize("codec", ["pickle", "json2", "msgpack2", "vlen-utf8", "no such"])
def test_codecs_that_do_more_than_unpack_are_refused(tmp_path: Path, codec: str) -> None:
    store = ome_zarr(tmp_path / "a.zarr", version=2)
    told = json.loads((store / "0" / ".zarray").read_text())
    (store / "0" / ".zarray").write_text(json.dumps({**told, "filters": [{"id": codec}]}))
    with pytest.raises(UnsupportedContent, match=codec):
        opened(store)


def test_a_pickle_hidden_in_a_shard_is_refused(tmp_path: Path) -> None:
    store = ome_zarr(tmp_path / "a.zarr", shards=(1, 1, 1, 128, 160))
    told = json.loads((store / "0" / "zarr.json").read_text())
    told["codecs"][0]["configuration"]["codecs"].append({"name": "numcodecs.pickle", "configuration": {}})
    (store / "0" / "zarr.json").write_text(json.dumps(told))
    with pytest.raises(UnsupportedContent, match="pickle"):
        opened(store)


@pytest.mark.parametrize("dtype", ["|O", "<c8", "|S7", [["a", "<u2"]]])
def test_values_that_are_no_numbers_are_refused(tmp_path: Path, dtype: Any) -> None:
    store = ome_zarr(tmp_path / "a.zarr", version=2)
    told = json.loads((store / "0" / ".zarray").read_text())
    (store / "0" / ".zarray").write_text(json.dumps({**told, "dtype": dtype}))
    with pytest.raises(UnsupportedContent, match="numbers"):
        opened(store)


def test_chunks_too_large_for_memory_are_refused(tmp_path: Path) -> None:
    store = ome_zarr(tmp_path / "a.zarr", version=2)
    told = json.loads((store / "0" / ".zarray").read_text())
    (store / "0" / ".zarray").write_text(
        json.dumps({**told, "shape": [1, 2, 1, 10**6, 10**6], "chunks": [1, 1, 1, 10**5, 10**5]})
    )
    with pytest.raises(TooManyPixels):
        opened(store)


def test_a_level_that_is_missing_is_named(tmp_path: Path) -> None:
    store = ome_zarr(tmp_path / "a.zarr", version=2)
    (store / "1" / ".zarray").unlink()
    with pytest.raises(DamagedFile, match="no array 1"):
        opened(store)


def test_a_damaged_chunk_is_an_error(tmp_path: Path) -> None:
    store = ome_zarr(tmp_path / "a.zarr", version=2, levels=1)
    chunk = next(file for file in sorted((store / "0").iterdir()) if file.name.startswith("0.0.0"))
    chunk.write_bytes(chunk.read_bytes()[:20])
    with pytest.raises(DamagedFile):
        opened(store).read_region((0, 0), 0, (120, 90))


def test_random_damage_of_the_metadata_raises_nothing_but_our_errors(tmp_path: Path) -> None:
    random, refused = np.random.default_rng(3), 0
    store = ome_zarr(tmp_path / "a.zarr", stack(1, 1, 2), levels=1)
    for name in ("zarr.json", "0/zarr.json"):
        content = (store / name).read_bytes()
        digits = [place for place, byte in enumerate(content) if byte in b"0123456789"]
        for turn in range(40):
            broken, numbers_only = bytearray(content), turn % 2 == 1
            for place in random.choice(digits if numbers_only else len(broken), 1 if numbers_only else 3):
                broken[place] = random.choice(list(b"0129" if numbers_only else b'0129-"]}ax,'))
            (store / name).write_bytes(broken)
            try:
                source = opened(store)
                source.read_region((0, 0), 0, (50, 50), source.nFrames - 1)
            except TileError:
                refused += 1
        (store / name).write_bytes(content)
    assert 0 < refused < 80
    assert opened(store).nFrames == 1
