"""Imports on their way: an ordinary table, because how far a file has come is no fact; what it has brought is one."""

from enum import StrEnum

from django.db import models
from django.utils import timezone

from exact.domain.identifiers import new_id


class State(StrEnum):
    """Where the run of one import stands."""

    QUEUED = "queued"
    CHECKING = "checking"
    IMPORTING = "importing"
    SHOWING = "showing"
    COMPLETE = "complete"
    REFUSED = "refused"  # bad rows, and the sender wanted all or nothing: nothing is shown
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = (State.QUEUED, State.CHECKING, State.IMPORTING, State.SHOWING)


class OnBadRows(StrEnum):
    """What a bad row does to the others."""

    REFUSE = "refuse"
    SET_ASIDE = "set_aside"


class ImportRun(models.Model):
    """One file being imported by the worker; its id is the import's. `share` counts the work of its state, 0 to 1."""

    id = models.UUIDField(primary_key=True, default=new_id)
    team_id = models.UUIDField()
    image_set_id = models.UUIDField(db_index=True)
    requested_by = models.UUIDField()
    requested_at = models.DateTimeField(default=timezone.now)
    wish = models.BinaryField()
    format = models.TextField()
    filename = models.TextField()
    sha256 = models.TextField()
    size_bytes = models.BigIntegerField()
    defaults = models.JSONField()
    on_bad_rows = models.TextField(default=OnBadRows.REFUSE.value)
    origin = models.JSONField()
    state = models.TextField(default=State.QUEUED.value)
    share = models.FloatField(default=0.0)
    rows_seen = models.IntegerField(default=0)
    rows_good = models.IntegerField(default=0)
    rows_bad = models.IntegerField(default=0)
    rows_done = models.IntegerField(default=0)
    batches_done = models.IntegerField(default=0)
    problem_counts = models.JSONField(default=dict)
    problem = models.TextField(default="")
    cancelled_by = models.UUIDField(null=True)
    attempts = models.IntegerField(default=0)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "import_runs"
        ordering = ["-requested_at", "id"]
