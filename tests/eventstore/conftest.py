"""The library's suites start a hundred threads; here each job gives its Django connection back."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from eventsourcing.tests import application, persistence

MOST_THREADS = 20


class ClosingExecutor(ThreadPoolExecutor):
    """At most 20 threads, and each job closes its connections: Django itself does so only after a request."""

    def __init__(self, max_workers: int) -> None:
        super().__init__(min(max_workers, MOST_THREADS))

    def submit(self, do: Callable[..., Any], *args: Any) -> Future[Any]:  # type: ignore[override]
        return super().submit(closing, do, *args)


def closing(do: Callable[..., Any], *args: Any) -> Any:
    """What the job answers; the thread's connections are closed after it."""
    try:
        return do(*args)
    finally:
        connections.close_all()


@pytest.fixture(autouse=True)
def few_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suites take their executor from here."""
    for suite in (application, persistence):
        monkeypatch.setattr(suite, "ThreadPoolExecutor", ClosingExecutor)
