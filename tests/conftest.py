"""One PostgreSQL and one Redis for the whole run, started for the first test that asks, in a folder of their own."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.application import Application, none_left

VAR = Path(tempfile.mkdtemp(prefix="exact-tests-"))
os.environ["EXACT_VAR"] = str(VAR)
os.environ["DJANGO_SETTINGS_MODULE"] = "exact.settings"
for name in ("DATABASE_URL", "REDIS_URL", "EXACT_POSTGRES_POOL"):
    os.environ.pop(name, None)

import django  # noqa: E402 - the variables come first
from asgiref.sync import SyncToAsync  # noqa: E402

django.setup()  # tests import the rooms while pytest collects them

from django.conf import settings  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.test import TransactionTestCase  # noqa: E402

# A slow hash for every user a test makes would be most of the run.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]

THREAD_OF_ASYNC_TESTS = SyncToAsync.single_thread_executor
"""Where `sync_to_async` does what a test asks of the database."""
RUN_THREAD = Thread.run


def run_and_close(thread: Thread) -> None:
    """A thread that ends closes its connections: Django itself does so only after a request."""
    try:
        RUN_THREAD(thread)
    finally:
        connections.close_all()


Thread.run = run_and_close  # type: ignore[method-assign]
EMPTY = r"""
do $$
declare name text; many boolean;
begin
    set local session_replication_role = replica;  -- the log refuses to be emptied, and rows refer to each other
    for name in select c.oid::regclass::text from pg_class c
        where c.relkind in ('r', 'p') and not c.relispartition
          and c.relnamespace in ('es'::regnamespace, 'public'::regnamespace)
          and c.relname not in ('django_migrations', 'django_content_type', 'auth_permission')
    loop
        execute format('select count(*) = 1000 from (select from %s limit 1000) found', name) into many;
        execute case when many then 'truncate ' || name || ' cascade' else 'delete from ' || name end;
    end loop;
    for name in select oid::regnamespace::text from pg_namespace where nspname like 'view\_%' loop
        execute 'drop schema ' || name || ' cascade';
    end loop;
end $$"""
"""Few rows are deleted in a tenth of the time that Django's own emptying takes: it makes new files for each table."""
FIRST_NUMBERS = """
select setval(oid::regclass, 1, false) from pg_class where relnamespace = 'es'::regnamespace and relkind = 'S'"""
OTHERS = """
select pid, application_name, query from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Each process reads its settings when its own copy of this file has named its folder, and not before."""
    os.environ.pop("DJANGO_SETTINGS_MODULE")


TOGETHER = {
    "crash": ("tests/crash/",),
    "server": (
        "tests/journeys/",
        "tests/exchange/test_imports_server.py",
        "tests/ingest/test_uploads_server.py",
        "tests/tiles/test_who_sees_what.py",
    ),
    "backups": ("tests/operations/backups/",),
    "up": ("tests/operations/test_up.py",),
}
"""Folders and files whose tests share what takes long to start."""


MEASURED = ("tests/operations/test_up.py::test_starts_again_quickly",)
"""What is measured does not begin the run beside the crash trials, as those do."""


class Together(LoadScopeScheduling):
    """One test after the other for whoever is free; first of all those that share something, to one process."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(MEASURED):
            return nodeid
        return next((group for group, places in TOGETHER.items() if nodeid.startswith(places)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:  # Any: of py
    """xdist's own way to name groups does nothing with the newest pytest."""
    return Together(config, log)


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
    """Positions and numbers start from 1, and nobody is left at the database in the end: it would keep the next out."""
    marker = request.node.get_closest_marker("django_db")
    if "transactional_db" in request.fixturenames or (marker and marker.kwargs.get("transaction")):
        request.getfixturevalue("transactional_db")
        asked(FIRST_NUMBERS)
        yield
        THREAD_OF_ASYNC_TESTS.submit(connections.close_all).result()  # it lives as long as the run
        alone()
    else:
        yield


def forget_everything(_: TransactionTestCase) -> None:
    """No row of any table is left, and no old generation of a read model."""
    with connection.cursor() as cursor:
        cursor.execute(EMPTY)


TransactionTestCase._fixture_teardown = forget_everything


def asked(sql: str) -> list[Any]:
    """The rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def alone(within_s: float = 5.0) -> None:
    """Until no other connection is open: those of threads and processes that have ended go in a moment."""
    deadline = time.monotonic() + within_s
    while others := asked(OTHERS):
        assert time.monotonic() < deadline, f"the test leaves connections open: {others}"
        time.sleep(0.005)


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
