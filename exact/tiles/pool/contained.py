"""The mark of a method that reads pixels: it runs here if its file may be opened here, else in a child of the pool."""

import inspect
import typing
from collections.abc import Callable
from concurrent.futures import Future
from functools import cached_property
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar

import msgspec

from exact.domain.errors import Busy
from exact.tiles.errors import Contained
from exact.tiles.pool.messages import Call
from exact.tiles.slide_cache import Original

if TYPE_CHECKING:
    from exact.tiles.service import TileService

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE_S = 12.0
"""Whoever waits longer than this is told to come again: the file may be large and still be opening."""


class contained(Generic[P, T]):  # noqa: N801 - a decorator
    """Above a method of TileService whose first argument is the file. Its arguments and its answer must be plain:
    numbers, texts, bytes, dataclasses of such. A tile whose only further argument is `address` is kept in the cache.
    """

    def __init__(self, method: Callable[Concatenate[Any, Original, P], T]) -> None:  # Any: the service
        self.method = method
        self.__doc__ = method.__doc__

    def __get__(self, service: "TileService", owner: type | None = None) -> "Asking[P, T]":
        return Asking(self, service)

    @cached_property
    def signature(self) -> inspect.Signature:
        """Names its arguments."""
        return inspect.signature(self.method)

    @cached_property
    def hints(self) -> dict[str, Any]:  # Any: types
        """The types of its arguments and of its answer."""
        return typing.get_type_hints(self.method)

    def named(self, file: Original, args: tuple[Any, ...], more: dict[str, Any]) -> dict[str, Any]:  # Any: its own
        """The arguments after the file, by name."""
        bound = self.signature.bind(None, file, *args, **more).arguments
        return dict(list(bound.items())[2:])

    def read(self, told: dict[str, Any]) -> dict[str, Any]:  # Any: as above
        """The arguments out of what came through the socket."""
        return {name: msgspec.convert(value, self.hints[name]) for name, value in told.items()}

    def answer(self, content: bytes) -> T:
        """What the method returned in the child."""
        answer: T = msgspec.msgpack.decode(content, type=self.hints["return"])
        return answer


class Asking(Generic[P, T]):
    """A contained method of one service: called it waits; the tile route asks its two halves one after the other."""

    def __init__(self, contained: contained[P, T], service: "TileService") -> None:
        self._contained = contained
        self._service = service

    def __call__(self, file: Original, *args: P.args, **more: P.kwargs) -> T:
        """The answer, wherever it is made."""
        try:
            return self.here(file, *args, **more)
        except Contained:
            return within_patience(self.in_pool(file, *args, **more))

    def here(self, file: Original, *args: P.args, **more: P.kwargs) -> T:
        """The answer of this process; Contained if it may not be made here."""
        return self._contained.method(self._service, file, *args, **more)

    def in_pool(self, file: Original, *args: P.args, **more: P.kwargs) -> "Future[T]":
        """The answer of a child, later; may be cancelled until it has begun."""
        assert self._service.pool is not None
        named = self._contained.named(file, args, more)
        call = Call(self._contained.method.__name__, file.sha256, str(file.path), named)

        def finish(content: bytes) -> T:
            answer = self._contained.answer(content)
            self._service.keep(file, named, answer)
            return answer

        return self._service.pool.submit(call, finish)


def within_patience(answer: "Future[T]") -> T:
    """The answer, or Busy; what has not begun by then is dropped."""
    try:
        return answer.result(PATIENCE_S)
    except TimeoutError:
        if answer.done():
            raise
        answer.cancel()
        raise still_reading() from None


def still_reading() -> Busy:
    """What is said to whoever has waited long enough."""
    return Busy("This image is still being read. Try again in a moment.")
