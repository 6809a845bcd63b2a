"""Every process tells what it holds, and forgets it when it is asked to, whichever process was asked."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from exact.tiles import figures
from exact.tiles.figures import Publisher, ask_all_to_forget, figures_of, told_by_all
from exact.tiles.formats import open_image
from exact.tiles.service import TileAddress, TileService
from exact.tiles.slide_cache import Original, SlideCache
from exact.tiles.tile_cache import TileCache
from tests.samples import options, picture

TILE = TileAddress(0, 0, 7, 0, 0, "png")


def service_in(folder: Path) -> TileService:
    return TileService(
        SlideCache(lambda file: open_image(file.path, options(folder, file.sha256)), max_handles=1, max_bytes=2**28),
        TileCache(2**20),
    )


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_figures_count_what_was_held_found_and_given_up(tmp_path: Path) -> None:
    service = service_in(tmp_path)
    for name in ("a", "b"):
        file = Original(name, picture(tmp_path / f"{name}.png", (100, 80)))
        assert service.tile(file, TILE) == service.tile(file, TILE)
    now = figures_of(service)
    assert (now.files_open, now.files_opened, now.files_evicted) == (1, 2, 1)
    assert (now.tiles_held, now.tiles_made, now.tiles_hits) == (2, 2, 2)
    assert (now.pid, now.children, now.files_bytes > 0, now.tiles_bytes > 0) == (os.getpid(), 0, True, True)
    service.forget()
    empty = figures_of(service)
    assert (empty.files_open, empty.tiles_held, empty.tiles_bytes) == (0, 0, 0)
    assert service.tile(file, TILE)


def test_all_processes_are_told_of_and_those_that_ended_are_not(tmp_path: Path) -> None:
    told = tmp_path / "processes"
    publisher = Publisher(service_in(tmp_path), told, every_s=3600)
    publisher.look()
    (mine,) = told_by_all(told)
    other = {**json.loads(next(told.glob("*.json")).read_bytes()), "pid": 1}
    (told / "host-1.json").write_text(json.dumps(other))
    (told / "host-2.json").write_text(json.dumps({**other, "pid": 2, "told_at": time.time() - 60}))
    (told / "host-3.json").write_text("half a fi")
    assert sorted(one.pid for one in told_by_all(told)) == sorted([1, mine.pid])
    assert not (told / "host-2.json").exists()
    publisher.close()
    assert [one.pid for one in told_by_all(told)] == [1]


def test_every_process_forgets_when_one_is_asked(tmp_path: Path) -> None:
    told, services = tmp_path / "processes", [service_in(tmp_path), service_in(tmp_path)]
    publishers = [Publisher(service, told, every_s=0.02) for service in services]
    file = Original("a", picture(tmp_path / "a.png", (100, 80)))
    for service in services:
        service.tile(file, TILE)
    assert [(len(service.tiles), len(service.slides)) for service in services] == [(1, 1), (1, 1)]
    ask_all_to_forget(told)
    until(lambda: all(len(service.tiles) == len(service.slides) == 0 for service in services))
    for publisher in publishers:
        publisher.close()


def test_what_is_new_is_told_and_what_is_not_only_now_and_then(tmp_path: Path) -> None:
    service = service_in(tmp_path)
    publisher = Publisher(service, tmp_path / "processes", every_s=3600)
    publisher.look()
    first = told_by_all(tmp_path / "processes")
    publisher.look()
    assert told_by_all(tmp_path / "processes") == first
    service.tile(Original("a", picture(tmp_path / "a.png", (100, 80))), TILE)
    publisher.look()
    assert told_by_all(tmp_path / "processes") != first
    assert figures.AT_LEAST_EVERY_S < figures.GONE_AFTER_S / 2
    publisher.close()
