"""Threads of the library's suites give their connections back, and each test has a log with a seal key of its own."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
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


@pytest.fixture(autouse=True)
def own_seal_key(settings: Any, tmp_path: Path) -> None:
    """Each test has a log of its own."""
    settings.SEAL_KEY = tmp_path / "seal" / "seal.key"
