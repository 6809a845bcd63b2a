"""Every table there is stands in one of the lists: what a backup forgets is found here, not when it is needed."""

import pytest
from django.apps import apps
from django.db import connection

from exact.operations.backups.tables import KEPT, LEFT_OUT, read_model_tables

pytestmark = pytest.mark.django_db(transaction=True)

THERE_ARE = """select case n.nspname when 'public' then '' else n.nspname || '.' end || c.relname from pg_class c
    join pg_namespace n on n.oid = c.relnamespace where n.nspname in ('es', 'public') and c.relkind in ('r', 'p', 'm')
    and not c.relispartition"""


def tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(THERE_ARE)
        return {name for (name,) in cursor.fetchall()}


def decided() -> set[str]:
    return {kept.name for kept in KEPT} | set(LEFT_OUT) | read_model_tables()


def test_of_every_table_it_is_decided_whether_a_backup_holds_it() -> None:
    assert tables() - decided() == set()


def test_of_every_model_it_is_decided_whether_a_backup_holds_it() -> None:
    models = {model._meta.db_table for model in apps.get_models(include_auto_created=True) if model._meta.managed}
    assert models - decided() == set()


def test_no_table_is_both_kept_and_left_out() -> None:
    kept = [kept.name for kept in KEPT]
    assert len(kept) == len(set(kept))
    assert set(kept) & (set(LEFT_OUT) | read_model_tables()) == set()


def test_what_is_kept_is_there() -> None:
    assert {kept.name for kept in KEPT} <= tables()
