"""Threads that do the newest work first: on a busy server what was asked last is what is looked at."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, ParamSpec, TypeVar

from typing_extensions import override

P = ParamSpec("P")
T = TypeVar("T")
Work = tuple["Future[Any]", Callable[[], Any]]  # Any: each work's own


class NewestFirst(Executor):
    """An executor whose waiting work is a stack. What was cancelled is not begun. Threads end with the process."""

    def __init__(self, threads: int, name: str) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[Work] = deque()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._serve, name=f"{name}-{number}", daemon=True) for number in range(threads)
        ]

    @override
    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        work: Future[T] = Future()
        with self._changed:
            if self._closed:
                raise RuntimeError("nothing is taken any more")
            if not self._threads[0].ident:
                for thread in self._threads:
                    thread.start()
            self._waiting.append((work, lambda: fn(*args, **kwargs)))
            self._changed.notify()
        return work

    @override
    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        with self._changed:
            self._closed = True
            if cancel_futures:
                for work, _ in self._waiting:
                    work.cancel()
            self._changed.notify_all()
        if wait and self._threads[0].ident:
            for thread in self._threads:
                thread.join()

    def _serve(self) -> None:
        while (taken := self._take()) is not None:
            work, call = taken
            if not work.set_running_or_notify_cancel():
                continue
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001 - whoever asked hears of it
                work.set_exception(error)
            else:
                work.set_result(result)
            del taken, work, call

    def _take(self) -> Work | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            return self._waiting.pop() if self._waiting else None
