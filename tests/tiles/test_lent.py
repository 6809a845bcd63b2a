"""Open files of an image of many files."""

import threading

import pytest

from exact.tiles.lent import Lent


class Thing:
    """Knows whether it was closed."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.closed = False

    def close(self) -> None:
        self.closed = True


def test_the_least_recently_used_is_closed_first() -> None:
    lent, opened = Lent(9, Thing, max_open=2), []
    for number in (0, 1, 0, 2):
        with lent.use(number) as thing:
            opened.append(thing)
    assert [thing.closed for thing in opened] == [False, True, False, False]
    lent.close()
    assert all(thing.closed for thing in opened)


def test_what_is_read_is_never_closed() -> None:
    lent = Lent(9, Thing, max_open=1)
    with lent.use(0) as first:
        for number in range(1, 9):
            with lent.use(number):
                pass
        lent.close()
        assert not first.closed
    lent.close()
    assert first.closed


def test_one_that_cannot_be_opened_is_tried_again() -> None:
    attempts = []

    def open_one(number: int) -> Thing:
        attempts.append(number)
        if len(attempts) == 1:
            raise OSError("gone")
        return Thing(number)

    lent = Lent(1, open_one)
    with pytest.raises(OSError, match="gone"), lent.use(0):
        raise AssertionError("it is not lent")
    with lent.use(0) as thing:
        assert isinstance(thing, Thing)
    assert attempts == [0, 0]


def test_threads_share_one_open_file() -> None:
    lent, seen = Lent(1, Thing), []
    together = threading.Barrier(4)

    def read() -> None:
        with lent.use(0) as thing:
            together.wait(10)
            seen.append(thing)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, seen))) == 1
