"""DATABASE_URL and REDIS_URL choose servers of one's own: none of that kind is started then."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from exact.operations.account import as_service, service_user
from tests.application import Application, none_left, processes_of

OLDER = Path("/usr/lib/postgresql/15/bin")
pytestmark = pytest.mark.skipif(not OLDER.exists(), reason="no PostgreSQL 15 on this machine")


@pytest.fixture
def postgres_15(var: Path) -> Iterator[str]:
    """The address of a PostgreSQL 15 on a socket."""
    data, user = var.with_name("15"), service_user(var)
    data.mkdir()
    os.chown(data, user.pw_uid, user.pw_gid)

    def run(*words: str | Path) -> None:
        subprocess.run(as_service(user, words, [data], "KILL"), check=True, stdout=subprocess.DEVNULL, cwd="/")

    run(OLDER / "initdb", "-D", data, "-U", "exact", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
    run(
        OLDER / "pg_ctl",
        "start",
        "-w",
        "-D",
        data,
        "-l",
        data / "log",
        "-o",
        f"-k {data} -c listen_addresses= -c fsync=off",
    )
    run(OLDER / "createdb", "-h", data, "-U", "exact", "exact")
    yield f"postgresql://exact@/exact?host={data}"
    run(OLDER / "pg_ctl", "stop", "-w", "-m", "fast", "-D", data)


def test_serves_from_postgresql_15(var: Path, postgres_15: str) -> None:
    up = Application(var, DATABASE_URL=postgres_15)
    up.start()
    assert not any("pginstall" in words for words in processes_of(var).values())
    assert up.stop() == 0
    assert none_left(var) == {}
