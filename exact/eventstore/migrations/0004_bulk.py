"""Annotations that were brought in bulk: heads that point to the fact they came with; see exact/eventstore/sql/bulk.sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql" / "bulk.sql"


class Migration(migrations.Migration):
    dependencies = [("eventstore", "0003_commands")]
    operations = [migrations.RunSQL(SQL.read_text(), migrations.RunSQL.noop)]
