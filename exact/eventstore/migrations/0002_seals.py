"""Seals over the log: tree, signed heads; see exact/eventstore/sql/seals.sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql" / "seals.sql"
REVERSE = """
drop table es.seal, es.seal_tile, es.seal_edge, es.seal_published;
drop function es.leaf, es.refuse_seal_change, es.refuse_seal_shrinking;"""


class Migration(migrations.Migration):
    dependencies = [("eventstore", "0001_log")]
    operations = [migrations.RunSQL(SQL.read_text(), REVERSE)]
