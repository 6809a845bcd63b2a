"""The second level: what one process made, another finds; bounded; and nobody is worse off when it does not answer."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings

from exact.tiles import service as service_room
from exact.tiles.formats import open_image
from exact.tiles.service import TileAddress, TileService
from exact.tiles.shared_tiles import InRedis, OnDisk, SharedTiles, Store
from exact.tiles.slide_cache import Original, SlideCache
from exact.tiles.tile_cache import TileCache
from tests.samples import options, picture

TILE = TileAddress(0, 0, 7, 0, 0, "png")
KEY = ("a" * 64, TILE)


@pytest.fixture(params=["disk", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path, settings: LazySettings, services: object) -> Store:
    if request.param == "disk":
        return OnDisk(tmp_path / "tiles", 10_000)
    made = InRedis(settings.REDIS_URL, 60)
    made.clear()
    return made


def test_what_is_put_is_found_until_it_is_cleared(store: Store) -> None:
    shared = SharedTiles(store)
    assert shared.get(KEY) is None
    shared.put(KEY, b"tile")
    assert SharedTiles(store).get(KEY) == b"tile"
    assert shared.get(("b" * 64, TILE)) is None
    shared.clear()
    assert shared.get(KEY) is None
    assert (shared.hits, shared.misses) == (0, 3)


def test_a_tile_that_one_process_made_another_need_not_make(store: Store, tmp_path: Path) -> None:
    opened: list[Original] = []

    def service() -> TileService:
        def opener(file: Original) -> object:
            opened.append(file)
            return open_image(file.path, options(tmp_path, file.sha256))

        slides = SlideCache(opener, max_handles=2, max_bytes=2**28)  # type: ignore[arg-type]
        return TileService(slides, TileCache(2**20), shared=SharedTiles(store))

    file = Original("a" * 64, picture(tmp_path / "a.png", (100, 80)))
    first = service().tile(file, TILE)
    assert service().tile(file, TILE) == first
    assert opened == [file]


def test_the_disk_gives_up_what_was_used_longest_ago(tmp_path: Path) -> None:
    store = OnDisk(tmp_path, 1000)
    for number in range(20):
        store.put(f"{number:02}", bytes(100))
        os.utime(tmp_path / f"{number:02}" / f"{number:02}", (number, number))
    assert store.get("00")
    store.sweep()
    kept = [number for number in range(20) if store.get(f"{number:02}")]
    assert kept == [0, *range(12, 20)]


def broken_disk(folder: Path) -> Store:
    (folder / "file").touch()
    return OnDisk(folder / "file", 1000)


def no_redis(folder: Path) -> Store:
    return InRedis(f"unix://{folder}/nobody.sock", 60)


@pytest.mark.parametrize("made", [broken_disk, no_redis])
def test_a_store_that_cannot_answer_harms_nobody(made: Callable[[Path], Store], tmp_path: Path) -> None:
    shared = SharedTiles(made(tmp_path))
    shared.put(KEY, b"tile")
    assert shared.get(KEY) is None
    shared.clear()


@pytest.mark.parametrize(("said", "kind"), [("off", None), ("disk", SharedTiles), ("redis", SharedTiles)])
def test_it_is_off_unless_the_settings_say_so(settings: LazySettings, said: str, kind: type | None) -> None:
    assert service_room.shared_tiles() is None
    settings.TILE_SHARED = said
    assert type(service_room.shared_tiles()) is (kind or type(None))
