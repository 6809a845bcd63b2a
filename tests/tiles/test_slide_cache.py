"""Open images: opened once, bounded, never closed under a reader, dropped after an error."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from exact.tiles.errors import DamagedFile, NoSuchTile
from exact.tiles.formats import open_image
from exact.tiles.looks import PLAIN, Look
from exact.tiles.slide_cache import FAILED_OPEN_S, Grid, Original, SlideCache
from exact.tiles.source import TileSource
from tests.samples import options, picture, volume, voxels


class Opener:
    """Opens one picture again and again, and counts."""

    def __init__(self, path: Path, cost: int = 100) -> None:
        self.path, self.cost = path, cost
        self.opened: list[TileSource] = []
        self.closed: list[TileSource] = []
        self.fails = False
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, file: Original) -> TileSource:
        from exact.tiles.formats import picture as pictures

        self.gate.wait(5)
        if self.fails:
            raise DamagedFile("It is broken.")
        opener, source = self, pictures.open_picture(self.path, options(self.path.parent))

        class Counted(type(source)):  # type: ignore[misc]
            cost = self.cost

            def close(self) -> None:
                opener.closed.append(self)

        source.__class__ = Counted
        self.opened.append(source)
        return source


@pytest.fixture
def opener(tmp_path: Path) -> Opener:
    return Opener(picture(tmp_path / "a.png"))


def cache_of(opener: Opener, **limits: int) -> SlideCache:
    """Wide limits, unless the test says otherwise."""
    return SlideCache(opener, **{"max_handles": 10, "max_bytes": 10_000, **limits})


def file(name: str = "a") -> Original:
    """An original of that hash."""
    return Original(name, Path(name))


def test_a_hundred_threads_open_a_cold_file_once(opener: Opener) -> None:
    cache = cache_of(opener)
    opener.gate.clear()

    def read(_: int) -> tuple[int, ...]:
        with cache.lease(file()) as source:
            return source.dimensions

    with ThreadPoolExecutor(100) as threads:
        reads = [threads.submit(read, n) for n in range(100)]
        opener.gate.set()
        assert {read.result() for read in reads} == {(90, 60)}
    assert len(opener.opened) == 1


def test_the_least_recently_used_handle_is_closed_when_there_are_too_many(opener: Opener) -> None:
    cache = cache_of(opener, max_handles=2)
    for name in ("a", "b", "a", "c"):
        with cache.lease(file(name)):
            pass
    assert len(cache) == 2
    assert opener.closed == [opener.opened[1]]


def test_handles_are_bounded_in_bytes_too_but_one_is_always_kept(opener: Opener) -> None:
    cache = cache_of(opener, max_bytes=250)
    for name in "abcd":
        with cache.lease(file(name)):
            pass
    assert (len(cache), cache.held_bytes) == (2, 200)
    tiny = cache_of(opener, max_bytes=1)
    with tiny.lease(file()):
        assert len(tiny) == 1


def test_a_handle_in_use_is_closed_when_its_last_reader_is_done(opener: Opener) -> None:
    cache = cache_of(opener, max_handles=1)
    with cache.lease(file("a")) as first, cache.lease(file("a")):
        with cache.lease(file("b")):
            assert opener.closed == []
        assert first.read_region((0, 0), 0, (5, 5)).shape == (5, 5, 3)
    assert opener.closed == [first]


def test_an_error_drops_the_handle_and_the_next_reader_gets_a_fresh_one(opener: Opener) -> None:
    cache = cache_of(opener)
    with pytest.raises(DamagedFile), cache.lease(file()) as spoiled:
        raise DamagedFile("A part cannot be read.")
    with cache.lease(file()) as fresh:
        assert fresh is not spoiled
    assert opener.closed == [spoiled]


def test_a_wrong_address_does_not_drop_the_handle(opener: Opener) -> None:
    cache = cache_of(opener)
    with pytest.raises(NoSuchTile), cache.lease(file()):
        raise NoSuchTile("There is none.")
    assert (len(cache), opener.closed) == (1, [])


def test_a_file_that_cannot_be_opened_is_left_alone_for_a_while(opener: Opener) -> None:
    now = [0.0]
    cache = SlideCache(opener, max_handles=2, max_bytes=1000, clock=lambda: now[0])
    opener.fails = True
    with pytest.raises(DamagedFile), cache.lease(file()):
        pass
    opener.fails = False
    now[0] = FAILED_OPEN_S - 1
    with pytest.raises(DamagedFile, match="broken"), cache.lease(file()):
        pass
    now[0] = FAILED_OPEN_S + 1
    with cache.lease(file()) as source:
        assert source.dimensions == (90, 60)


def test_views_of_one_plane_and_grid_are_shared(opener: Opener) -> None:
    cache = cache_of(opener)
    with cache.view(file(), 0, Grid()) as first, cache.view(file(), 0, Grid()) as second:
        assert first.pyramid is second.pyramid
    with cache.view(file(), 0, Grid(256, 0)) as other:
        assert other.pyramid is not first.pyramid
        assert other.pyramid.tile_size == 256


def test_an_image_with_one_plane_ignores_which_one_is_asked_for(opener: Opener) -> None:
    with cache_of(opener).view(file(), 7, Grid()) as view:
        assert (view.plane, view.shown_frame(5)) == (0, 0)


def test_closing_gives_up_everything(opener: Opener) -> None:
    cache = cache_of(opener)
    for name in "abc":
        with cache.lease(file(name)):
            pass
    cache.close()
    assert (len(cache), len(opener.closed)) == (0, 3)


def test_readers_and_evictions_in_many_threads_never_meet_a_closed_handle(opener: Opener) -> None:
    cache = cache_of(opener, max_handles=2)

    def read(n: int) -> bool:
        with cache.lease(file("abcd"[n % 4])) as source:
            return source not in opener.closed and source.read_region((0, 0), 0, (3, 3)).shape == (3, 3, 3)

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(read, range(400)))
    cache.close()
    assert len(opener.closed) == len(opener.opened)


def test_an_image_looked_at_otherwise_is_remembered_with_its_handle(tmp_path: Path) -> None:
    file = Original("a", volume(tmp_path / "a.nii"))
    slides = SlideCache(lambda file: open_image(file.path, options(tmp_path)), max_handles=1, max_bytes=2**30)
    look, other = Look(window=(0.0, 9.0)), Look(window=(1.0, 9.0))
    with slides.view(file, 0, Grid()) as view:
        first = view.under(look).source
        assert view.under(other).source is not first
    with slides.view(file, 1, Grid()) as view:
        assert view.under(look).source is first
        assert view.under(PLAIN).source is view.source
        for low in range(20):
            view.under(Look(window=(float(low), 100.0)))
        assert len(view.looks) <= 8


def test_a_thousand_files_stay_within_the_limits_and_the_descriptors_of_closed_ones_are_given_back(
    tmp_path: Path,
) -> None:
    from exact.tiles.formats.nifti import open_volume

    first = volume(tmp_path / "0.nii", voxels((9, 8, 7)))
    content = first.read_bytes()
    for number in range(1, 1000):
        (tmp_path / f"{number}.nii").write_bytes(content)
    cache = SlideCache(
        lambda original: open_volume(original.path, options(tmp_path, original.sha256)), max_handles=40, max_bytes=2**29
    )
    before = descriptors()
    for number in range(1000):
        with cache.lease(Original(str(number), tmp_path / f"{number}.nii")) as source:
            assert source.read_region((0, 0), 0, (5, 5)).shape == (5, 5, 1)
        assert len(cache) <= 40
        assert cache.held_bytes <= 2**29
    maps = sum(".nii" in line for line in Path("/proc/self/maps").read_text().splitlines())
    assert (cache.opened, maps <= 41, descriptors() <= before + 41) == (1000, True, True)
    cache.close()
    assert descriptors() <= before


def descriptors() -> int:
    """Files that this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))
