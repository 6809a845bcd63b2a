"""Generations of read models, parked streams; see exact/eventstore/sql/projector.sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql" / "projector.sql"


class Migration(migrations.Migration):
    dependencies = [("eventstore", "0004_bulk")]
    operations = [migrations.RunSQL(SQL.read_text(), migrations.RunSQL.noop)]
