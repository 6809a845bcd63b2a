"""One PostgreSQL and one Redis for the whole run, started for the first test that asks, in a folder of their own."""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.application import Application, none_left

VAR = Path(tempfile.mkdtemp(prefix="exact-tests-"))
os.environ["EXACT_VAR"] = str(VAR)
os.environ["DJANGO_SETTINGS_MODULE"] = "exact.settings"
for name in ("DATABASE_URL", "REDIS_URL", "EXACT_POSTGRES_POOL"):
    os.environ.pop(name, None)

import django  # noqa: E402 - the variables come first

django.setup()  # tests import the rooms while pytest collects them

from django.conf import settings  # noqa: E402

# A slow hash for every user a test makes would be most of the run.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]

FACTS = """
select (select string_agg(c.oid::regclass::text, ', ') from pg_class c
         where c.relnamespace = 'es'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition),
       (select array_agg(c.oid::regclass::text) from pg_class c
         where c.relnamespace = 'es'::regnamespace and c.relkind = 'S')"""


@pytest.fixture(scope="session")
def services() -> Iterator[Any]:
    """The real servers. Not durable: what a power cut would lose is of no use to a test."""
    from exact.operations.folders import make_folders
    from exact.operations.services import Services

    make_folders()
    running = Services(durable=False)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(services: Any) -> None:
    """pytest-django asks for this before it makes the test database: only then is a server needed."""


@pytest.fixture(autouse=True)
def empty_log(request: pytest.FixtureRequest) -> Iterator[None]:
    """Django empties the tables of models; the log refuses to be emptied, and is emptied past its own refusal here."""
    marker = request.node.get_closest_marker("django_db")
    if "transactional_db" in request.fixturenames or (marker and marker.kwargs.get("transaction")):
        request.getfixturevalue("transactional_db")
        forget_facts()
        yield
        gc.collect()  # threads that died keep their connection until their objects are collected
    else:
        yield


GENERATIONS = "select oid::regnamespace::text from pg_namespace where nspname like 'view\\_%'"


def forget_facts() -> None:
    """The tables of `es` are empty, no old generation of a read model is kept, positions and numbers start from 1."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(FACTS)
        tables, sequences = cursor.fetchone()
        restarts = "".join(f"alter sequence {name} restart; " for name in sequences)
        cursor.execute(GENERATIONS)
        for (schema,) in cursor.fetchall():
            cursor.execute(f"drop schema {schema} cascade")
        replica, default = (f"set session_replication_role = {role};" for role in ("replica", "default"))
        cursor.execute(f"{replica} truncate {tables}; {restarts} {default}")


@pytest.fixture(scope="session")
def server() -> Iterator[Application]:
    """The whole application as real processes on a free port, with an administrator (tests/application.py)."""
    running = Application(VAR / "server")
    running.start()
    yield running
    running.stop()
    assert not none_left(running.var), f"processes are left: {none_left(running.var, 0)}"


def pytest_sessionfinish() -> None:
    """The folder goes with the run; the servers have been stopped by then, or die with this process."""
    shutil.rmtree(VAR, ignore_errors=True)
