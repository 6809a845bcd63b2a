"""Encoded tiles in memory: bounded in bytes, made once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from exact.tiles.remembered import Remembered
from exact.tiles.tile_cache import ENTRY_BYTES, TileCache


def test_many_threads_make_one_tile_once() -> None:
    cache, gate, made = TileCache(10_000), threading.Event(), []

    def make() -> bytes:
        gate.wait(5)
        made.append(1)
        return b"tile"

    with ThreadPoolExecutor(50) as threads:
        asked = [threads.submit(cache.get_or_make, "key", make) for _ in range(50)]
        gate.set()
        assert {one.result() for one in asked} == {b"tile"}
    assert len(made) == 1


def test_it_never_holds_more_bytes_than_allowed_and_forgets_the_least_recently_used() -> None:
    cache = TileCache(3 * (1000 + ENTRY_BYTES))
    for key in ("a", "b", "c", "a", "d"):
        cache.get_or_make(key, lambda: bytes(1000))
    assert [cache.get(key) is not None for key in "abcd"] == [True, False, True, True]
    assert cache.held_bytes == 3 * (1000 + ENTRY_BYTES)


def test_a_tile_that_is_larger_than_everything_is_returned_and_not_kept() -> None:
    cache = TileCache(100)
    assert cache.get_or_make("key", lambda: bytes(5000)) == bytes(5000)
    assert (cache.get("key"), cache.held_bytes) == (None, 0)


def test_a_failure_reaches_whoever_asked_and_is_not_kept() -> None:
    cache = TileCache(1000)

    def fail() -> bytes:
        raise ValueError("not this time")

    with pytest.raises(ValueError, match="not this time"):
        cache.get_or_make("key", fail)
    assert cache.get_or_make("key", lambda: b"now") == b"now"


def test_an_answer_is_believed_until_its_time_and_not_longer() -> None:
    remembered: Remembered[str, str] = Remembered(2)
    remembered.put("a", "yes", until=10.0)
    assert (remembered.get("a", 9.9), remembered.get("a", 10.0)) == ("yes", None)


def test_of_too_many_answers_the_oldest_is_forgotten() -> None:
    remembered: Remembered[str, int] = Remembered(2)
    for n, key in enumerate("abc"):
        remembered.put(key, n, until=10.0)
    assert [remembered.get(key, 0.0) for key in "abc"] == [None, 1, 2]
    assert len(remembered) == 2
