"""Snapshots: states of long streams, kept so that loading one folds only the facts after it; any may be thrown away.

A snapshot is of use only to the program that made it: its kind names the state's class and the domain's code, so that a
state of another shape, or folded by another rule, is never taken for one of ours.
"""

import hashlib
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints
from uuid import UUID

import msgspec
from django.db import connection

from exact import domain
from exact.domain.registry import NOUNS

EVERY = 100
"""Facts of one stream from one snapshot to the next."""


def states_of(noun: ModuleType) -> tuple[type[Any], ...]:
    """What the noun's `evolve` may answer; one that has two kinds of streams has two kinds of states."""
    answer = get_type_hints(noun.evolve)["return"]
    return get_args(answer) or (answer,)


STATES: dict[str, type[Any]] = {kind.__name__: kind for noun in NOUNS for kind in states_of(noun)}
"""The states of the nouns by the names of their classes."""


@cache
def code() -> str:
    """Twelve digits that change with any line of the domain, and so with the shape of every state."""
    digest = hashlib.sha256()
    for file in sorted(Path(*domain.__path__).glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def kind_of(state: type[Any]) -> str:
    """What a snapshot of that state is called: `Team 3f9a0c51d2e4`."""
    return f"{state.__name__} {code()}"


def keep(state: Any) -> None:  # Any: the state of whatever noun it is
    """Write the state down, and forget older snapshots of the same stream."""
    sql = """with older as (delete from es.snapshot where stream_id = %(id)s and version < %(version)s)
        insert into es.snapshot values (%(id)s, %(version)s, %(kind)s, 1, %(data)s)
        on conflict (stream_id, version) do update set type = excluded.type, data = excluded.data"""
    row = {"id": state.id, "version": state.version, "kind": kind_of(type(state)), "data": msgspec.json.encode(state)}
    with connection.cursor() as cursor:
        cursor.execute(sql, row)


def newest(stream_id: UUID) -> Any:  # Any: see above
    """The newest state kept of a stream by this program; None where there is none."""
    sql = "select type, data from es.snapshot where stream_id = %s and type = any(%s) order by version desc limit 1"
    with connection.cursor() as cursor:
        cursor.execute(sql, [stream_id, [kind_of(state) for state in STATES.values()]])
        row = cursor.fetchone()
    return msgspec.json.decode(row[1], type=STATES[row[0].partition(" ")[0]]) if row else None


def forget() -> None:
    """Throw all snapshots away: what they save is time."""
    with connection.cursor() as cursor:
        cursor.execute("delete from es.snapshot")
