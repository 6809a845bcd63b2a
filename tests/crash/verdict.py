"""What must hold when all is over: each acknowledged command stored once, no holes, and views equal to the facts."""

import hashlib
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import requests

from exact.settings import run_folder
from tests.application import Application
from tests.crash.curator import IMPORTED
from tests.crash.listener import Listener
from tests.crash.writers import Acknowledged, Told

COMMAND = """select position, n, (result ->> 'version')::bigint, (result ->> 'number')::bigint
    from es.command where command_id = %s"""
FACTS = "select position, version from es.event where command_id = %s order by position"
HOLES = """select stream_id::text, count(*), min(version), max(version) from es.event group by stream_id
    having min(version) <> 1 or max(version) <> count(*)"""
HEADS = """select s.stream_id::text from es.stream s full join
    (select stream_id, max(version) as version from es.event group by stream_id) e using (stream_id)
    where s.version is distinct from e.version and not (e.version is null and s.version = 1 and s.bulk > 0)"""
TWINS = """select said.description, count(*) from es.event,
        lateral (select convert_from(data, 'utf8')::jsonb ->> 'description' as description) said
    where type = 'AnnotationDrawn' and said.description <> '' group by said.description having count(*) > 1"""
RUN = "select state, rows_done from import_runs where id = %s"
BROUGHT = """select
    (select count(*) from annotations a join es.stream s on s.stream_id = a.id where s.bulk is not null),
    (select count(*) from import_runs where state = 'complete')"""
OF_SCOPE = "select position from es.event where scope_id = %s and type <> 'AnnotationsImported' order by position"
"""What pages get: not what an import brings before it is shown."""


@contextmanager
def database(up: Application) -> Iterator[psycopg.Connection[Any]]:  # Any: rows
    """The application's own, from outside."""
    with psycopg.connect(host=str(run_folder(Path(up.var))), user="exact", dbname="exact", autocommit=True) as found:
        yield found


def caught_up(up: Application, within_s: float = 30.0) -> None:
    """Until the asynchronous read models have folded everything."""
    deadline = time.monotonic() + within_s
    while True:
        rows = requests.get(f"{up.url}health/", timeout=10).json()["projections"]
        if rows and all(row["lag"] == 0 for row in rows):
            return
        assert time.monotonic() < deadline, rows
        time.sleep(0.1)


def lost(connection: psycopg.Connection[Any], told: Iterable[Told]) -> list[str]:
    """Acknowledged commands that are not stored, or not as they were answered."""
    return [line for one in told for said in one.acknowledged for line in unlike(connection, said)]


def unlike(connection: psycopg.Connection[Any], said: Acknowledged) -> Iterator[str]:
    """What the log says of one answer, where it says something else."""
    kept = connection.execute(COMMAND, [said.command_id]).fetchone()
    if kept is None:
        yield f"{said}: not stored"
        return
    first, count, version, number = kept
    stored = (first + max(count, 1) - 1, version, number)
    if stored != (said.position, said.version, said.number):
        yield f"{said}: stored as position {stored[0]}, version {stored[1]}, number {stored[2]}"
    facts = connection.execute(FACTS, [said.command_id]).fetchall()
    if [fact[0] for fact in facts] != list(range(first, first + count)):
        yield f"{said}: {count} facts from {first}, but stored {facts}"
    if facts and facts[-1][1] != said.version:
        yield f"{said}: its last fact has version {facts[-1][1]}"


def doubled(connection: psycopg.Connection[Any], told: Iterable[Told]) -> list[str]:
    """Wishes granted twice: more than one drawing under one key, or a refused one that is stored all the same."""
    twins = [f"{name}: drawn {count} times" for name, count in connection.execute(TWINS).fetchall()]
    refused: list[UUID] = [command_id for one in told for command_id in one.refused]
    kept = connection.execute("select command_id from es.command where command_id = any(%s)", [refused]).fetchall()
    return twins + [f"{command_id}: refused, but stored" for (command_id,) in kept]


def broken(connection: psycopg.Connection[Any]) -> list[str]:
    """Streams with holes, and heads that say something else than the facts."""
    holes = [f"stream {row}" for row in connection.execute(HOLES).fetchall()]
    return holes + [f"head {row}" for row in connection.execute(HEADS).fetchall()]


def unheard(connection: psycopg.Connection[Any], listener: Listener, within_s: float = 30.0) -> list[str]:
    """Where the facts that a live page got are not exactly those of its image."""
    stored = [row[0] for row in connection.execute(OF_SCOPE, [listener.image_id]).fetchall()]
    deadline = time.monotonic() + within_s
    while listener.last < stored[-1] and time.monotonic() < deadline:
        time.sleep(0.05)
    heard = listener.positions
    missing, extra = sorted(set(stored) - set(heard)), len(heard) - len(set(heard))
    return [f"missing: {missing[:20]}"] * bool(missing) + [f"{extra} came twice"] * bool(extra) + listener.faults


def unkept(up: Application, connection: psycopg.Connection[Any]) -> list[str]:
    """Images whose file is not there, whole."""
    folder, problems = Path(up.var) / "originals", []
    for (sha256,) in connection.execute("select distinct sha256 from images").fetchall():
        file = folder / sha256[:2] / sha256[2:4] / sha256
        if not file.exists() or hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
            problems.append(f"{file} is not whole")
    return problems


def unwritten(up: Application, connection: psycopg.Connection[Any], asked: Iterable[str], within_s: float) -> list[str]:
    """Exports that were promised and are not finished in time, or whose file is another."""
    wanted, deadline = list(asked), time.monotonic() + within_s
    sql = "select id::text, state, sha256, problem, attempts from exports where id = any(%s::uuid[])"
    while True:
        rows = connection.execute(sql, [wanted]).fetchall()
        waiting = [row for row in rows if row[1] in ("queued", "running")]
        if not waiting or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    sums = {hashlib.sha256(file.read_bytes()).hexdigest() for file in (Path(up.var) / "exports").glob("[!.]*")}
    return [f"export {row}" for row in rows if row[1] != "ready" or row[2] not in sums] + [
        f"export {one}: no row" for one in {*wanted} - {row[0] for row in rows}
    ]


def unsealed(up: Application, within_s: float = 30.0) -> list[str]:
    """What the log's own seals say against it, once every fact is sealed."""
    deadline = time.monotonic() + within_s
    while (verified := up.manage("verify_log")).returncode == 0:
        if "wait to be sealed: 0." in verified.stdout:
            return []
        if time.monotonic() > deadline:
            break
    return (verified.stdout + verified.stderr).splitlines()


def unimported(connection: psycopg.Connection[Any], promised: Iterable[str], within_s: float) -> list[str]:
    """Imports that were promised and are not complete in time; and whether all brought what they had, once."""
    deadline, found = time.monotonic() + within_s, []
    for one in promised:
        while (row := connection.execute(RUN, [one]).fetchone()) != ("complete", IMPORTED):
            if row is None or row[0] in ("complete", "failed") or time.monotonic() > deadline:
                found.append(f"import {one}: {row}")
                break
            time.sleep(0.1)
    brought, complete = connection.execute(BROUGHT).fetchone() or (0, 0)
    return found + [f"{brought} annotations of {complete} imports"] * (brought != complete * IMPORTED)


def differing(up: Application) -> list[str]:
    """Rows of read models that are not what a fresh fold of the facts gives."""
    caught_up(up)
    compared = up.manage("compare", "all")
    return [] if compared.returncode == 0 else (compared.stdout + compared.stderr).splitlines()
