"""Whatever a file does to its reader, one child is lost, the asker is answered, and nobody else notices."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from exact.domain.errors import Busy
from exact.tiles.errors import DamagedFile, NoSuchTile, ReaderFailed, StruckOut, TileError
from exact.tiles.figures import figures_of
from exact.tiles.formats import open_here
from exact.tiles.looks import Look
from exact.tiles.pool import waiting
from exact.tiles.pool.messages import Setup
from exact.tiles.pool.pool import Pool, Terms
from exact.tiles.pool.strikes import Strikes
from exact.tiles.service import TileAddress, TileService
from exact.tiles.slide_cache import Original, SlideCache
from exact.tiles.tile_cache import TileCache
from tests.samples import options, picture, svs

CHILD = "tests.tiles.pool.obedient_child"
TILE = TileAddress(0, 0, 7, 0, 0, "png")


class Hall:
    """A service with a pool of obedient children, and files by their orders."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.strikes = Strikes(folder / "strikes")
        self.services: list[TileService] = []

    def service(self, children: int = 2, **terms: Any) -> TileService:
        setup = Setup(str(self.folder / "cache"), 10**8, 5, 2**28, heap_bytes=2**30, cpu_s=60)
        told = {"call_s": 10.0, "open_s": 10.0, **terms}
        pool = Pool(setup, self.strikes, Terms(children, child=CHILD, **told))
        slides = SlideCache(
            lambda file: open_here(file.path, options(self.folder, file.sha256), service.known_outline(file)),
            max_handles=5,
            max_bytes=2**28,
        )
        service = TileService(slides, TileCache(2**20), pool)
        self.services.append(service)
        return service

    def file(self, name: str, order: str = "") -> Original:
        path = self.folder / f"{name}.png"
        if order:
            path.write_bytes(order.ljust(6).encode())
        else:
            picture(path, (100, 80))
        return Original(name, path)

    def opened(self, file: Original) -> list[str]:
        log = file.path.with_suffix(".opened")
        return log.read_text().split() if log.exists() else []


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    made = Hall(tmp_path)
    yield made
    for service in made.services:
        assert service.pool is not None
        service.pool.close()


def pool_of(service: TileService) -> Pool:
    assert service.pool is not None
    return service.pool


def until(true: Callable[[], object]) -> None:
    """Waits for it, at most 20 s."""
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def problem(answer: "Future[Any]", kind: type[Exception]) -> str:
    error = answer.exception(20)
    assert type(error) is kind, repr(error)
    return str(error)


def test_a_child_answers_what_the_process_itself_would(hall: Hall, tmp_path: Path) -> None:
    alone = TileService(
        SlideCache(lambda file: open_here_or_not(file, tmp_path), max_handles=5, max_bytes=2**28), TileCache(0)
    )
    service, file = hall.service(1), Original("a", svs(tmp_path / "a.svs"))
    addressed = TileAddress(0, 0, 10, 1, 0, "jpeg")
    assert service.tile(file, addressed) == alone.tile(file, addressed)
    assert service.descriptor(file, 0) == alone.descriptor(file, 0)
    assert service.description(file) == alone.description(file)
    assert service.metadata(file) == alone.metadata(file)
    assert service.layout(file, 0) == alone.layout(file, 0)
    assert service.region(file, (5, 6), 0, (70, 80)) == alone.region(file, (5, 6), 0, (70, 80))
    assert service.thumbnail(file, 99, "jpeg") == alone.thumbnail(file, 99, "jpeg")
    for wrong in (TileAddress(0, 0, 99, 0, 0, "png"), TileAddress(0, 0, 0, 7, 0, "png")):
        with pytest.raises(NoSuchTile):
            service.tile(file, wrong)
    with pytest.raises(TileError):
        service.tile(file, TileAddress(0, 0, 9, 0, 0, "png", Look(window=(0.0, 5.0))))


def open_here_or_not(file: Original, folder: Path) -> Any:
    from exact.tiles.formats import open_image

    return open_image(file.path, options(folder, file.sha256))


def test_a_tile_that_a_child_made_stays_in_this_process(hall: Hall) -> None:
    service, file = hall.service(1), hall.file("a")
    tile = service.tile(file, TILE)
    assert service.known_tile(file, TILE) == tile
    held = pool_of(service).held
    assert (held[0], held[1] > 0, figures_of(service).files_open) == (1, True, 1)
    assert Image.open(BytesIO(tile)).size == (100, 80)


@pytest.mark.parametrize(
    ("order", "how"), [("die", "was ended by SIGABRT"), ("greedy", "took more memory than allowed")]
)
def test_a_reader_that_fails_costs_one_child_and_is_told(hall: Hall, order: str, how: str) -> None:
    service, bad, good = hall.service(1), hall.file("bad", order), hall.file("good")
    with pytest.raises(ReaderFailed, match=how):
        service.tile(bad, TILE)
    assert service.tile(good, TILE)
    assert (pool_of(service).counts.failed, len(hall.strikes.of("bad").strikes)) == (1, 1)


def test_an_error_that_no_reader_should_raise_is_a_sentence_and_no_strike(hall: Hall) -> None:
    service, file = hall.service(1), hall.file("a", "broken")
    with pytest.raises(ReaderFailed, match="made its reader fail"):
        service.tile(file, TILE)
    assert hall.strikes.all() == []
    assert pool_of(service).counts.failed == 0


def test_a_damaged_file_is_a_sentence_and_no_strike(hall: Hall, tmp_path: Path) -> None:
    service, path = hall.service(1), picture(tmp_path / "cut.png", (100, 80))
    os.truncate(path, 200)
    with pytest.raises(DamagedFile):
        service.tile(Original("cut", path), TILE)
    assert hall.strikes.all() == []


def test_a_reader_that_hangs_holds_up_no_other_file(hall: Hall) -> None:
    service, bad = hall.service(2, open_s=60), hall.file("bad", "hang")
    waiting = [service.tile.in_pool(bad, TileAddress(0, 0, 7, 0, n, "png")) for n in range(20)]
    until(lambda: hall.opened(bad))
    for n in range(8):  # of whatever home
        assert service.tile(hall.file(f"good{n}"), TILE)
    assert not any(asked.done() for asked in waiting)


def test_a_reader_that_hangs_is_ended_and_all_who_wait_for_its_file_are_told(hall: Hall) -> None:
    service, bad = hall.service(2, open_s=1), hall.file("bad", "hang")
    pool = pool_of(service)
    waiting = [service.tile.in_pool(bad, TileAddress(0, 0, 7, 0, n, "png")) for n in range(20)]
    assert "took more than 1 s" in problem(waiting[-1], ReaderFailed)
    for asked in waiting:
        problem(asked, ReaderFailed)
    assert (pool.counts.failed, len(hall.opened(bad))) == (2, 2)
    with pytest.raises(StruckOut):
        service.tile(bad, TILE)


def test_after_two_strikes_a_file_is_refused_by_every_process_until_they_are_lifted(hall: Hall) -> None:
    service, bad, good = hall.service(1), hall.file("bad", "die"), hall.file("good")
    for _ in range(2):
        with pytest.raises(ReaderFailed):
            service.tile(bad, TILE)
    for other in (service, hall.service(1)):
        with pytest.raises(StruckOut, match="has failed 2 times; the last time, its reader was ended by SIGABRT"):
            other.tile(bad, TILE)
    assert (len(hall.opened(bad)), pool_of(service).counts.refused) == (2, 1)
    assert service.tile(good, TILE)
    assert hall.strikes.lift("bad")
    with pytest.raises(ReaderFailed):
        service.tile(bad, TILE)


def test_a_hundred_requests_for_a_cold_file_open_it_once(hall: Hall) -> None:
    service, file = hall.service(3), hall.file("a")
    slow = Original("a", file.path.with_suffix(".slow"))
    slow.path.write_bytes(b"slow  ")
    with ThreadPoolExecutor(100) as threads:
        regions = list(threads.map(lambda n: service.region(slow, (n, 0), 0, (9, 9)), range(50)))
        tiles = list(threads.map(lambda _: service.tile(slow, TILE), range(50)))
    assert (len(hall.opened(slow)), len(set(regions)), len(set(tiles))) == (1, 50, 1)


def test_what_nobody_waits_for_is_not_begun(hall: Hall) -> None:
    service, bad, good = hall.service(1, open_s=1.5), hall.file("bad", "hang"), hall.file("good")
    asked = service.tile.in_pool(bad, TILE)
    until(lambda: hall.opened(bad))
    left = service.tile.in_pool(good, TILE)
    assert left.cancel()
    problem(asked, ReaderFailed)
    assert service.description(hall.file("other")).width == 100
    assert hall.opened(good) == []


def test_the_newest_is_served_first_and_the_oldest_of_too_many_is_told_to_come_again(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "MOST_OF_ONE_FILE", 3)
    service, bad, good = hall.service(1, open_s=1.5), hall.file("bad", "hang"), hall.file("good")
    service.tile.in_pool(bad, TILE)
    until(lambda: hall.opened(bad))
    order: list[int] = []
    asked = [service.region.in_pool(good, (n, 0), 0, (5, 5)) for n in range(4)]
    for n, answer in enumerate(asked):
        answer.add_done_callback(lambda _, n=n: order.append(n))  # type: ignore[misc]
    assert problem(asked[0], Busy)
    assert asked[1].result(20)
    assert order == [0, 3, 2, 1]


def test_an_asker_with_no_patience_left_is_told_to_come_again(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exact.tiles.pool.contained.PATIENCE_S", 0.3)
    service = hall.service(1, open_s=3)
    with pytest.raises(Busy, match="still being read"):
        service.tile(hall.file("bad", "hang"), TILE)


def test_a_child_that_was_killed_while_idle_is_replaced_without_a_strike(hall: Hall) -> None:
    service, file = hall.service(1), hall.file("a")
    service.description(file)
    (child,) = pool_of(service).children
    os.kill(child, signal.SIGKILL)
    until(lambda: not alive(child))
    assert service.descriptor(file, 0)
    assert pool_of(service).children != [child]
    assert hall.strikes.all() == []


def alive(pid: int) -> bool:
    """Running, not only waiting to be asked how it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_idle_children_end_and_closing_ends_all(hall: Hall) -> None:
    service = hall.service(1, idle_s=0.2)
    service.description(hall.file("a"))
    until(lambda: pool_of(service).children == [])
    busy = hall.service(1)
    asked = busy.tile.in_pool(hall.file("bad", "hang"), TILE)
    until(lambda: pool_of(busy).children)
    children = pool_of(busy).children
    pool_of(busy).close()
    assert problem(asked, Busy)
    assert not any(alive(child) for child in children)
    assert hall.strikes.all() == []


def test_forgetting_closes_what_the_children_hold_open(hall: Hall) -> None:
    service, file = hall.service(1), hall.file("a")
    service.description(file)
    (child,) = pool_of(service).children
    pool_of(service).forget()
    until(lambda: not alive(child))
    assert service.descriptor(file, 0)
    assert len(hall.opened(file)) == 2


def test_a_child_is_confined_and_knows_nothing_of_the_servers_environment(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXACT_SECRET_KEY", "secret")
    service = hall.service(1)
    service.description(hall.file("a"))
    (child,) = pool_of(service).children
    status = Path(f"/proc/{child}/status").read_text()
    limits = Path(f"/proc/{child}/limits").read_text()
    assert "NoNewPrivs:\t1" in status
    assert any(line.split()[:5] == ["Max", "core", "file", "size", "0"] for line in limits.splitlines())
    assert any(line.split()[:4] == ["Max", "data", "size", str(2**30)] for line in limits.splitlines())
    assert b"secret" not in Path(f"/proc/{child}/environ").read_bytes()


def test_children_do_not_outlive_a_killed_parent(hall: Hall, tmp_path: Path) -> None:
    import subprocess
    import sys

    hall.file("bad", "hang")
    ended = subprocess.run(
        [sys.executable, "-m", "tests.tiles.pool.dying_parent", str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    child = int(ended.stdout)
    assert ended.returncode == -signal.SIGKILL
    until(lambda: not alive(child))


def test_many_askers_in_many_threads_all_get_their_own_answer(hall: Hall) -> None:
    service, files = hall.service(2), [hall.file(f"f{n}") for n in range(4)]

    def ask(n: int) -> bool:
        return len(service.region(files[n % 4], (n % 50, 0), 0, (20, 20))) > 0

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(ask, range(200)))
    assert threading.active_count() < 100
