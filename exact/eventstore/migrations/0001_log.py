"""The log's tables and its append function, as SQL: see exact/eventstore/sql/log.sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql" / "log.sql"


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(SQL.read_text(), "drop schema es cascade")]
