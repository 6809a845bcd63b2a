"""Imports, the images they bring annotations to, and who follows an import in the counts of images."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projections", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportImageRow",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("version", models.IntegerField()),
                ("chunks", models.IntegerField()),
                ("count", models.IntegerField()),
                ("kept", models.IntegerField()),
                ("shown", models.BooleanField()),
                ("removed", models.BooleanField()),
                ("moves", models.IntegerField()),
            ],
            options={
                "db_table": "import_images",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="ImportRow",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("number", models.IntegerField(unique=True)),
                ("version", models.IntegerField()),
                ("filename", models.TextField()),
                ("sha256", models.TextField()),
                ("source", models.TextField()),
                ("model", models.TextField()),
                ("model_digest", models.TextField()),
                ("parameters", models.JSONField(null=True)),
                ("progress", models.TextField()),
                ("rows", models.IntegerField()),
                ("set_aside", models.IntegerField()),
                ("annotation_count", models.IntegerField()),
                ("image_count", models.IntegerField()),
                ("kept", models.IntegerField()),
                ("reason", models.TextField()),
                ("started_by", models.UUIDField()),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "imports",
                "ordering": ["number"],
            },
        ),
        migrations.AddField(
            model_name="imageprogressitem",
            name="leader",
            field=models.UUIDField(null=True),
        ),
        migrations.AddIndex(
            model_name="imageprogressitem",
            index=models.Index(
                condition=models.Q(("leader__isnull", False)), fields=["leader"], name="image_progress_followers"
            ),
        ),
        migrations.AddField(
            model_name="importimagerow",
            name="image",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="imports",
                to="projections.imagerow",
            ),
        ),
        migrations.AddField(
            model_name="importrow",
            name="image_set",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="imports",
                to="projections.imagesetrow",
            ),
        ),
        migrations.AddField(
            model_name="importimagerow",
            name="import_row",
            field=models.ForeignKey(
                db_column="import_id",
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="images",
                to="projections.importrow",
            ),
        ),
    ]
