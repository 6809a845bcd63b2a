"""A folder for each test that starts the application."""

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.application import Application, processes_of


@pytest.fixture
def var() -> Iterator[Path]:
    """In /tmp with a short name: sockets have short paths. Nothing may run on it when the test ends."""
    folder = Path(tempfile.mkdtemp(prefix="exact-up-"))
    folder.chmod(0o755)
    yield folder / "var"
    left = processes_of(folder)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)
    assert not left, f"processes are left: {left}"


@pytest.fixture
def up(var: Path) -> Iterator[Application]:
    """Not started yet; stopped at the end whatever happened."""
    application = Application(var)
    yield application
    if application.process is not None and application.process.poll() is None:
        application.stop()
