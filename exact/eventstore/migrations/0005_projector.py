"""Generations of read models, parked streams; see exact/eventstore/sql/projector.sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql" / "projector.sql"
BACK = """drop view es.place; drop table es.parked; drop index es.projection_live; drop index es.projection_building;
delete from es.projection where kind <> 'projection' or state = 'building';
alter table es.projection drop column kind; alter table es.projection rename column generation to version"""


class Migration(migrations.Migration):
    dependencies = [("eventstore", "0004_bulk")]
    operations = [migrations.RunSQL(SQL.read_text(), BACK)]
