"""The library's suites get along with few threads, and each test has a log with a seal key of its own."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.tests import application, persistence

MOST_THREADS = 20


class SmallExecutor(ThreadPoolExecutor):
    """At most 20 threads."""

    def __init__(self, max_workers: int) -> None:
        super().__init__(min(max_workers, MOST_THREADS))


@pytest.fixture(autouse=True)
def few_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suites take their executor from here."""
    for suite in (application, persistence):
        monkeypatch.setattr(suite, "ThreadPoolExecutor", SmallExecutor)


@pytest.fixture(autouse=True)
def own_seal_key(settings: Any, tmp_path: Path) -> None:
    """Each test has a log of its own."""
    settings.SEAL_KEY = tmp_path / "seal" / "seal.key"
