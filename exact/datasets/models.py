"""Exports on their way: an ordinary table, because a file that was made is no fact; it can be made again."""

from django.db import models
from django.utils import timezone

from exact.domain.identifiers import new_id


class Export(models.Model):
    """One file being written by the worker: of a frozen version, or of one image at a position."""

    id = models.UUIDField(primary_key=True, default=new_id)
    team_id = models.UUIDField()
    dataset_version_id = models.UUIDField(null=True)
    image_id = models.UUIDField(null=True)
    position = models.BigIntegerField()
    format = models.TextField()
    filename = models.TextField()
    requested_by = models.UUIDField()
    requested_at = models.DateTimeField(default=timezone.now)
    state = models.TextField(default="queued")
    progress = models.FloatField(default=0.0)
    sha256 = models.TextField(default="")
    size_bytes = models.BigIntegerField(default=0)
    problem = models.TextField(default="")
    attempts = models.SmallIntegerField(default=0)

    class Meta:
        db_table = "exports"
        ordering = ["-requested_at"]
