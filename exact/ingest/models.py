"""Files on their way to becoming images: ordinary tables, because what is on its way is no fact; the images are."""

from enum import StrEnum

from django.db import models
from django.utils import timezone

from exact.domain.identifiers import new_id


class State(StrEnum):
    """Where a delivery stands."""

    RECEIVING = "receiving"
    QUEUED = "queued"
    READING = "reading"  # archives are unpacked, headers read, all of it grouped
    REGISTERING = "registering"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"


WORKING = (State.QUEUED, State.READING, State.REGISTERING)
UNFINISHED = (State.RECEIVING, *WORKING)


class Outcome(StrEnum):
    """What has become of one image of a delivery."""

    WAITING = "waiting"
    READING = "reading"
    REGISTERED = "registered"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


ENDED = (Outcome.REGISTERED, Outcome.DUPLICATE, Outcome.REFUSED)


class Delivery(models.Model):
    """Files that were sent together; `share` counts the work of its state, 0 to 1."""

    id = models.UUIDField(primary_key=True, default=new_id)
    team_id = models.UUIDField()
    image_set_id = models.UUIDField(db_index=True)
    sent_by = models.UUIDField(db_index=True)
    began_at = models.DateTimeField(default=timezone.now)
    touched_at = models.DateTimeField(default=timezone.now)
    state = models.TextField(default=State.RECEIVING.value)
    share = models.FloatField(default=0.0)
    alone = models.BooleanField(default=False)
    """Of one file, which starts the work when it is whole."""
    aside = models.JSONField(default=list)
    problem = models.TextField(default="")
    attempts = models.IntegerField(default=0)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "deliveries"
        ordering = ["-began_at", "id"]


class DeliveredFile(models.Model):
    """One file: how much of it has come is the length of the file on disk."""

    id = models.UUIDField(primary_key=True, default=new_id)
    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="files")
    path = models.TextField()
    size_bytes = models.BigIntegerField()
    modified_ms = models.BigIntegerField(null=True)
    """When it was changed last, as the browser tells: a file that is chosen again is known by it."""
    metadata = models.TextField(default="")
    sha256 = models.TextField(default="")
    whole = models.BooleanField(default=False)
    unchecked_from = models.BigIntegerField(null=True)
    """Where a piece began whose checksum was not compared yet: after a crash it is sent again."""

    class Meta:
        db_table = "delivered_files"
        ordering = ["path", "id"]
        constraints = [models.UniqueConstraint(fields=["delivery", "path"], name="one_file_of_a_path")]


class SeenFile(models.Model):
    """A file that stays where it is, as it was when it was read: the same again need not be read again."""

    url = models.TextField(primary_key=True)
    size_bytes = models.BigIntegerField()
    stamp = models.TextField()
    sha256 = models.TextField()
    problem = models.TextField(default="")
    """Why the image that it is, or is part of, was refused."""

    class Meta:
        db_table = "seen_files"


class DeliveredImage(models.Model):
    """One image that the files were cut into, and what has become of it."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="images")
    name = models.TextField()
    sha256 = models.TextField()
    files = models.IntegerField()
    size_bytes = models.BigIntegerField()
    outcome = models.TextField(default=Outcome.WAITING.value)
    share = models.FloatField(default=0.0)
    image = models.IntegerField(null=True)
    """The number of the image it became, or that the set has already."""
    code = models.TextField(default="")
    sentence = models.TextField(default="")

    class Meta:
        db_table = "delivered_images"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["delivery", "name", "sha256"], name="one_row_of_an_image")]
