"""Open files of an image of many files: a bounded number of them, none closed while it is read."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

MAX_OPEN = 32


class Closable(Protocol):
    """An open file."""

    def close(self) -> None:
        """Gives it up."""


T = TypeVar("T", bound=Closable)


@dataclass
class Loan(Generic[T]):
    """One open file, and how many are reading it."""

    thing: T
    readers: int = 0


class Lent(Generic[T]):
    """Opens by number when asked; the least recently used that nobody reads are closed first."""

    def __init__(self, count: int, open_one: Callable[[int], T], max_open: int = MAX_OPEN) -> None:
        self.count = count
        self._open_one = open_one
        self.max_open = max_open
        self._loans: OrderedDict[int, Loan[T]] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def use(self, number: int) -> Iterator[T]:
        """Open while the block runs."""
        with self._lock:
            loan = self._loans.get(number) or Loan(self._open_one(number))
            self._loans[number] = loan
            self._loans.move_to_end(number)
            loan.readers += 1
        try:
            yield loan.thing
        finally:
            with self._lock:
                loan.readers -= 1
                self._close_idle(self.max_open)

    def close(self) -> None:
        """Closes all that nobody reads; harmless when repeated."""
        with self._lock:
            self._close_idle(0)

    def _close_idle(self, keep: int) -> None:
        for number in [number for number, loan in self._loans.items() if not loan.readers]:
            if len(self._loans) <= keep:
                return
            self._loans.pop(number).thing.close()
