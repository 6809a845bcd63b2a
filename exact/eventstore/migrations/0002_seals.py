"""Seals over the log: tree, signed heads; see exact/eventstore/sql/seals.sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql" / "seals.sql"


class Migration(migrations.Migration):
    dependencies = [("eventstore", "0001_log")]
    operations = [migrations.RunSQL(SQL.read_text(), migrations.RunSQL.noop)]
