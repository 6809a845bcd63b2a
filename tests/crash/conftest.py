"""One application for all that is killed here, with a team that works in it."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.application import Application, none_left
from tests.crash.place import Place, a_place

CLIENTS = 8


@pytest.fixture(scope="package")
def up() -> Iterator[Application]:
    """In /tmp with a short name: sockets have short paths. Nothing may run on it when it has ended."""
    folder = Path(tempfile.mkdtemp(prefix="exact-crash-"))
    folder.chmod(0o755)
    application = Application(folder / "var")
    application.start()
    yield application
    application.kill()  # the last kill: whatever is left ends by itself
    left = none_left(folder, 20)
    shutil.rmtree(folder, ignore_errors=True)
    assert not left, f"processes are left: {left}"


@pytest.fixture(scope="package")
def place(up: Application) -> Place:
    """Where eight people work."""
    return a_place(up, people=CLIENTS)
