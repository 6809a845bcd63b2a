"""A disk that fills up while people write refuses with a sentence and loses nothing; then all goes on by itself."""

import random
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest
import requests

from exact.datasets.exporting import write
from exact.domain.errors import Busy
from exact.storage import originals
from exact.storage.uploads import receiving
from exact.tiles.errors import NoRoom
from exact.tiles.source import OpenOptions
from exact.tiles.unpacked import unpack
from tests.application import Application, none_left
from tests.crash import verdict
from tests.crash.curator import Curator
from tests.crash.disk import Disk, small_disk
from tests.crash.killer import kill, well_again
from tests.crash.place import Place, a_place, picture
from tests.crash.trial import BACK_WITHIN_S
from tests.crash.writers import Writer

SIZE_MB = 500
"""What EXACT wants free at its start, what PostgreSQL makes then, and some."""
CLIENTS = 4
ATTEMPTS = 4
"""Lives of PostgreSQL on the full disk: so many in a row made a keeper give up, once."""


@pytest.fixture
def disk() -> Iterator[Disk]:
    """Unmounted at the end, whatever happened."""
    folder = Path(tempfile.mkdtemp(prefix="exact-full-"))
    folder.chmod(0o755)
    with small_disk(folder / "disk", SIZE_MB) as disk:
        yield disk
    shutil.rmtree(folder)


@pytest.fixture
def up(disk: Disk) -> Iterator[Application]:
    """Everything it writes, what it says as well, goes to the small disk."""
    application = Application(disk.folder / "var")
    application.start()
    yield application
    application.kill()
    assert not none_left(disk.folder, 20)


def test_a_full_disk_only_pauses(up: Application, disk: Disk) -> None:
    """Filled under writing clients; PostgreSQL and Redis are killed, too, and cannot start before there is room."""
    place, until = a_place(up, people=CLIENTS), threading.Event()
    writers = [Writer(place, who, 0, until) for who in place.people]
    curator = Curator(place, 0, until)
    for client in (*writers, curator):
        client.start()
    eventually(lambda: all(writer.told.acknowledged for writer in writers))
    disk.fill()
    eventually(lambda: refused(writers), meanwhile=disk.fill)
    assert told_at_an_upload(place) == 503
    for kind in ("postgres", "redis"):
        assert kill(up, kind, random.Random(0))
    log = up.var / "log" / "PostgreSQL.log"
    eventually(lambda: log.read_text().count("No space left on device") >= ATTEMPTS, meanwhile=disk.fill)
    assert up.process is not None
    assert up.process.poll() is None

    disk.make_room()
    before = granted(writers)
    well_again(up, BACK_WITHIN_S)
    eventually(lambda: granted(writers) >= before + 2 * CLIENTS)
    until.set()
    for client in (*writers, curator):
        client.deadline = time.monotonic() + BACK_WITHIN_S
        client.join()
    assert problems(up, writers, curator) == []
    assert list((up.var / "uploads").iterdir()) == []


def test_on_a_full_disk_nothing_is_half_done(tmp_path: Path) -> None:
    """A file on its way in, one moved to its place from another disk, an export, an unpacked volume."""
    with small_disk(tmp_path / "disk", 1) as disk:
        received, kept, written, cache = (disk.folder / name for name in ("uploads", "originals", "exports", "cache"))
        with pytest.raises(Busy, match="disk is full"), receiving(iter([b"x" * 2**21]), "a.png", folder=received):
            pass
        arrived = tmp_path / "arrived"
        arrived.write_bytes(b"x" * 2**21)
        with pytest.raises(Busy, match="disk is full"):
            originals.keep(arrived, "ab" * 32, kept)
        with pytest.raises(OSError, match="No space left"):
            write(Nothing(), Endless(), written / "a.csv")  # type: ignore[arg-type]
        with pytest.raises(NoRoom, match="disk is full"):
            unpack(OpenOptions(cache, "one", 1), "plane", 2**25, lambda flat: flat.fill(1))
        assert [file for file in disk.folder.rglob("*") if file.is_file()] == []
    assert arrived.exists()


class Nothing:
    """A document without images."""

    title, position, image_count, single_image = "nothing", 0, 0, False


class Endless:
    """A format that writes more than there is room for."""

    def write(self, _document: object, out: BinaryIO) -> None:
        """Two megabytes."""
        out.write(b"x" * 2**21)


def eventually(holds: Callable[[], bool], meanwhile: Callable[[], None] = lambda: None) -> None:
    """Waits for it."""
    deadline = time.monotonic() + BACK_WITHIN_S
    while not holds():
        assert time.monotonic() < deadline
        meanwhile()
        time.sleep(0.1)


def refused(writers: list[Writer]) -> bool:
    """Whether the disk is in everybody's way."""
    return all(writer.told.busy for writer in writers)


def granted(writers: list[Writer]) -> int:
    """Commands acknowledged so far."""
    return sum(len(writer.told.acknowledged) for writer in writers)


def told_at_an_upload(place: Place) -> int:
    """The status of an answer with a sentence, for a file that there is no room for."""
    url = f"{place.url}api/v1/images/images/?image_set={place.image_set}"
    files = {"file": ("large.png", picture(4711, 1200))}
    answer = requests.post(url, files=files, headers=place.owner.headers, timeout=60)
    assert answer.json()["detail"].endswith(("make room, then try again.", "try again."))
    return answer.status_code


def problems(up: Application, writers: list[Writer], curator: Curator) -> list[str]:
    """All that should not be."""
    told = [writer.told for writer in writers]
    faults = [*curator.faults, *(fault for one in told for fault in one.faults)]
    with verdict.database(up) as connection:
        return [
            *faults,
            *(f"{one.unanswered} were never answered" for one in told if one.unanswered),
            *verdict.lost(connection, told),
            *verdict.doubled(connection, told),
            *verdict.broken(connection),
            *verdict.unkept(up, connection),
            *verdict.unsealed(up),
            *verdict.differing(up),
        ]
