"""What is remembered of a command beside its answer; see exact/eventstore/sql/commands.sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql" / "commands.sql"


class Migration(migrations.Migration):
    dependencies = [("eventstore", "0002_seals")]
    operations = [migrations.RunSQL(SQL.read_text(), migrations.RunSQL.noop)]
