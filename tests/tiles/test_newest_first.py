"""The threads of the tile route: the newest work first, and none that nobody waits for."""

import threading

import pytest

from exact.tiles.newest_first import NewestFirst


def test_what_was_asked_last_is_done_first_and_what_was_cancelled_never() -> None:
    threads, gate, done = NewestFirst(1, "test"), threading.Event(), list[int]()
    began = threading.Event()
    threads.submit(lambda: (began.set(), gate.wait(5)))
    assert began.wait(5)
    works = [threads.submit(done.append, number) for number in range(4)]
    assert works[2].cancel()
    gate.set()
    works[0].result(5)
    assert done == [3, 1, 0]


def test_an_error_is_told_and_the_thread_goes_on() -> None:
    threads = NewestFirst(1, "test")
    with pytest.raises(ZeroDivisionError):
        threads.submit(lambda: 1 // 0).result(5)
    assert threads.submit(lambda: 7).result(5) == 7


def test_after_the_end_nothing_is_taken_and_what_waits_may_be_cancelled() -> None:
    threads, gate, began = NewestFirst(1, "test"), threading.Event(), threading.Event()
    running = threads.submit(lambda: (began.set(), gate.wait(5)))
    assert began.wait(5)
    waiting = threads.submit(lambda: 7)
    threads.shutdown(wait=False, cancel_futures=True)
    gate.set()
    assert running.result(5)
    assert waiting.cancelled()
    with pytest.raises(RuntimeError):
        threads.submit(lambda: 7)
