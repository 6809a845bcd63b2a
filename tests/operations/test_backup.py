"""The whole way: a server is backed up while people work, is lost, and stands again elsewhere as it was."""

import hashlib
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from exact.operations.backups.manifest import Manifest, read
from exact.operations.backups.restoring import SKIP
from tests.application import ADMIN, PASSWORD, Application
from tests.journeys.desk import Office

SMALL_DEMO = "from exact.operations import demo; demo.SLIDE_PX = 4096; demo.make_demo(print)"
FACTS = "select e::text from es.event e where position <= %s order by position"
PEOPLE = "select u::text from users u order by id"
TILE = "images/image/1/1/0/tile_files/11/0_0.jpeg"


def rows(application: Application, query: str, *params: Any) -> list[tuple[str]]:
    """Of the application's own database, while it runs."""
    socket = str(application.var / "run")
    with psycopg.connect(host=socket, user="exact", dbname="exact") as connection:
        return connection.execute(query, params).fetchall()


def manage(application: Application, *words: str | Path) -> str:
    """A management command that succeeds."""
    done = application.manage(*map(str, words))
    assert done.returncode == 0, done.stderr
    return done.stdout


def exported(application: Application, path: Path) -> str:
    """SHA-256 of demo@1 as GeoJSON."""
    manage(application, "export_dataset", "demo@1", "--format", "geojson", "--out", path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def tile(application: Application) -> bytes:
    """One of the slide."""
    answer = requests.get(application.url + TILE, auth=(ADMIN, PASSWORD), timeout=30)
    assert answer.status_code == 200
    return answer.content


class Colleague(threading.Thread):
    """Draws all the time; remembers the positions of what was acknowledged."""

    def __init__(self, office: Office) -> None:
        super().__init__()
        self.office, self.done = office, threading.Event()
        self.drawn: list[dict[str, Any]] = []
        self.again = office.get("api/v1/annotations/annotations/", limit=1)["results"][0]

    def run(self) -> None:
        while not self.done.is_set():
            self.drawn.append(draw(self.office, self.again["image"], self.again["annotation_type"]))


def draw(office: Office, image: int, annotation_type: int) -> dict[str, Any]:
    """An ellipse, as the ancestor's client posts it."""
    vector = {"x1": 10, "y1": 10, "x2": 60, "y2": 60}
    body = {"image": image, "annotation_type": annotation_type, "vector": vector}
    made: dict[str, Any] = office.post("api/v1/annotations/annotations/", body)
    return made


@pytest.fixture
def lost() -> Iterator[Application]:
    """The server that will be lost."""
    folder = Path(tempfile.mkdtemp(prefix="exact-up-"))
    application = Application(folder / "var")
    application.start()
    yield application
    assert application.process is not None
    if application.process.poll() is None:
        application.stop()
    shutil.rmtree(folder)


def test_a_lost_server_stands_again_on_an_empty_machine(lost: Application, up: Application, tmp_path: Path) -> None:
    assert "annotations" in manage(lost, "shell", "-c", SMALL_DEMO)
    colleague = Colleague(Office(lost, ADMIN, PASSWORD))
    colleague.start()
    manage(lost, "backup", tmp_path / "backups")
    colleague.done.set()
    colleague.join()
    manifest = read(tmp_path / "backups")
    before = remembered(lost, manifest, tmp_path / "before.zip")
    lost.stop()
    shutil.rmtree(lost.var)

    said = manage(up, "restore", tmp_path / "backups")
    assert f"facts up to position {manifest.database.position:,}" in said
    assert "Seals verified up to position" in said
    up.words = ["--port", str(up.port)]
    up.start()
    assert remembered(up, manifest, tmp_path / "after.zip") == before
    assert "replay and table are equal" in manage(up, "compare", "all")
    assert up.manage("restore", tmp_path / "backups").stderr.startswith(f"EXACT already runs on {up.var}")
    again = draw(Office(up, ADMIN, PASSWORD), colleague.again["image"], colleague.again["annotation_type"])
    assert again["id"] == manifest.database.sequences["es.number_annotation"] + SKIP + 1
    assert again["id"] > max(drawn["id"] for drawn in colleague.drawn)


def remembered(application: Application, manifest: Manifest, path: Path) -> list[Any]:
    """What must be the same afterwards: facts, people, bytes of an export and of a tile, behind the same password."""
    facts = rows(application, FACTS, manifest.database.position)
    assert len(facts) == manifest.database.rows_of("es.event")
    return [facts, rows(application, PEOPLE), exported(application, path), tile(application)]
