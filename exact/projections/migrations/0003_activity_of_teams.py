"""The team of every fact, so that the history of a team can be read by position; the projector fills it in again."""

from django.db import migrations, models

AGAIN = (
    "delete from es.parked where projection = 'activity'; update es.projection set position = 0 where name = 'activity'"
)


class Migration(migrations.Migration):
    dependencies = [("projections", "0002_imports"), ("eventstore", "0005_projector")]
    operations = [
        migrations.CreateModel(
            name="ActivityPlace",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("team_id", models.UUIDField()),
                ("image_set_id", models.UUIDField(null=True)),
            ],
            options={"db_table": "activity_place"},
        ),
        migrations.AddField("activityrow", "image_set_id", models.UUIDField(null=True)),
        migrations.AddField("activityrow", "team_id", models.UUIDField(null=True)),
        migrations.AddIndex("activityrow", models.Index(fields=["image_set_id", "-id"], name="activity_image_set")),
        migrations.AddIndex("activityrow", models.Index(fields=["team_id", "-id"], name="activity_team")),
        migrations.RunSQL(AGAIN, migrations.RunSQL.noop),
    ]
