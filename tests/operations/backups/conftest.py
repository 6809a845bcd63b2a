"""A world to back up, and an empty database beside it on the same server, which subprocesses restore into."""

import contextlib
import io
import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management.base import OutputWrapper

from exact.operations.backups.making import make_backup
from exact.operations.backups.manifest import Manifest
from exact.operations.backups.progress import Progress
from exact.operations.folders import make_folders, make_secret_key
from tests.application import ENDS_WITH_US, LEFT_OUT, ROOT
from tests.architecture.world import World

COUNT = itertools.count(1)
WAITING = "select count(*) from pg_stat_activity where datname = %s and wait_event_type = 'Lock'"


def connect(database: str) -> psycopg.Connection[Any]:
    """To one database of the test's own server."""
    return psycopg.connect(host=str(settings.RUN), user="exact", dbname=database, autocommit=True)


def quiet() -> Progress:
    """Nobody watches."""
    return Progress(OutputWrapper(io.StringIO()))


class Machine:
    """A folder and a database of its own: where something is restored."""

    def __init__(self, var: Path, database: str) -> None:
        self.var, self.database = var, database
        url = f"postgresql://exact@/{database}?host={settings.RUN}"
        kept = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
        self.environment = kept | {"EXACT_VAR": str(var), "DATABASE_URL": url, "PYTHONDONTWRITEBYTECODE": "1"}

    def command(self, *words: str | Path, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        """A management command that runs now."""
        line = [*ENDS_WITH_US, *before, sys.executable, str(ROOT / "manage.py"), *map(str, words)]
        return subprocess.Popen(
            line, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.var.parent
        )

    def manage(self, *words: str | Path, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """A management command to its end."""
        running = self.command(*words, before=before)
        out, err = running.communicate(timeout=120)
        return subprocess.CompletedProcess(running.args, running.returncode, out, err)

    def refused(self, *words: str | Path) -> str:
        """What a management command says when it refuses."""
        done = self.manage(*words)
        assert done.returncode == 1, done
        assert "Traceback" not in done.stderr, done.stderr
        return done.stderr

    def kill_when_waiting(self, *words: str | Path, lock: str) -> None:
        """Starts a command, holds it up at a table with a lock, and kills it there as the kernel would."""
        with connect(self.database) as holding, connect(self.database) as looking, holding.transaction():
            holding.execute(f"lock table {lock}")
            running = self.command(*words)
            while looking.execute(WAITING, [self.database]).fetchone() != (1,):
                assert running.poll() is None, running.communicate()
            running.kill()
            running.wait()

    def rows(self, query: str) -> list[Any]:
        """Of this machine's database."""
        with connect(self.database) as connection:
            return connection.execute(query).fetchall()

    def is_empty(self) -> bool:
        """No tables, or none with rows that anybody would miss."""
        (tables,) = self.rows("select to_regclass('es.event'), to_regclass('users')")
        return all(name is None or self.rows(f"select count(*) from {name}") == [(0,)] for name in tables)


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, services: object) -> Path:
    """Folders of the test's own for the server that is backed up; its sockets stay where they are."""
    folder = tmp_path / "var"
    for name in ("ORIGINALS", "UPLOADS", "EXPORTS", "CACHE"):
        monkeypatch.setattr(settings, name, folder / name.lower())
    monkeypatch.setattr(settings, "VAR", folder)
    monkeypatch.setattr(settings, "SEAL_KEY", folder / "seal" / "seal.key")
    make_folders()
    make_secret_key()
    return folder


@pytest.fixture
def world(var: Path, transactional_db: None) -> World:
    """A team with everything in it."""
    return World()


@pytest.fixture
def here(var: Path, transactional_db: None) -> Machine:
    """The machine that is backed up, for commands of its own."""
    from django.db import connection

    return Machine(var, str(connection.settings_dict["NAME"]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where backups go."""
    return tmp_path / "backups"


@pytest.fixture
def back_up(folder: Path, var: Path) -> Callable[[], Manifest]:
    """Makes a backup of the test's database."""
    return lambda: make_backup(folder, quiet())


@contextlib.contextmanager
def a_machine(var: Path, template: str = "template1") -> Iterator[Machine]:
    """With a folder that is not there yet and a database of its own."""
    name = f"restored_{next(COUNT)}"
    with connect("postgres") as server:
        server.execute(f"create database {name} template {template}")
    yield Machine(var, name)
    with connect("postgres") as server:
        server.execute(f"drop database {name} with (force)")


@pytest.fixture
def elsewhere(tmp_path: Path, services: object) -> Iterator[Machine]:
    """A machine without tables."""
    with a_machine(tmp_path / "elsewhere") as machine:
        yield machine


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory, services: object) -> Iterator[str]:
    """The name of a database with empty tables."""
    with a_machine(tmp_path_factory.mktemp("tables") / "var") as machine:
        assert machine.manage("migrate", "-v0").returncode == 0
        yield machine.database


@pytest.fixture
def with_tables(tmp_path: Path, tables: str) -> Iterator[Machine]:
    """A machine with empty tables."""
    with a_machine(tmp_path / "elsewhere", tables) as machine:
        yield machine
