"""Activity: who did what when, newest first, for people to read."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q, QuerySet

from exact.eventstore.log import Recorded
from exact.projections.base import upsert
from exact.projections.follow import OnPoison, Projection
from exact.projections.image_sets import ImageSetRow
from exact.projections.images import ImageRow


class ActivityRow(models.Model):
    """One fact: its id is its position in the log."""

    id = models.BigIntegerField(primary_key=True)
    scope_id = models.UUIDField()
    stream_id = models.UUIDField()
    version = models.IntegerField()
    name = models.TextField()
    by = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        db_table = "activity"
        ordering = ["-id"]
        indexes = [models.Index(fields=["scope_id", "-id"], name="activity_scope")]


class Activity(Projection):
    """Follows every fact.

    It decides nothing and its rows do not hang on each other, so one that cannot be shown keeps no other from being.
    """

    on_poison = OnPoison.PARK
    name = "activity"
    tables = (ActivityRow,)

    def apply(self, batch: Sequence[Recorded]) -> None:
        upsert(ActivityRow, [_row(recorded) for recorded in batch])


def _row(recorded: Recorded) -> dict[str, object]:
    fact = recorded.fact
    return {
        "id": recorded.position,
        "scope_id": recorded.scope_id,
        "stream_id": fact.originator_id,
        "version": fact.originator_version,
        "name": type(fact).__name__,
        "by": fact.by,
        "at": fact.at,
    }


def activity_of_image_set(image_set_id: UUID) -> QuerySet[ActivityRow]:
    """What happened to a set and its images."""
    images = ImageRow.objects.filter(image_set_id=image_set_id).values("id")
    return ActivityRow.objects.filter(Q(scope_id=image_set_id) | Q(scope_id__in=images))


def activity_of_team(team_id: UUID) -> QuerySet[ActivityRow]:
    """What happened in a team: to itself, its sets and their images."""
    return activity_of_teams([team_id])


def activity_of_teams(team_ids: Iterable[UUID] | QuerySet[Any, Any]) -> QuerySet[ActivityRow]:
    """What happened in several teams, given as ids or as a subquery of ids."""
    sets = ImageSetRow.objects.filter(team_id__in=team_ids).values("id")
    images = ImageRow.objects.filter(image_set__team_id__in=team_ids).values("id")
    return ActivityRow.objects.filter(Q(scope_id__in=team_ids) | Q(scope_id__in=sets) | Q(scope_id__in=images))
