"""Which import an annotation came with, and the imports themselves."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("projections", "0001_initial")]
    operations = []
