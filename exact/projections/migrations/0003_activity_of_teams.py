"""The team of every fact, so that the history of a team can be read by position."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("projections", "0002_imports")]
    operations = []
