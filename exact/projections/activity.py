"""Activity: who did what when in which team, newest first, for people to read."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal
from uuid import UUID

from django.db import connection, models
from django.db.models import QuerySet

from exact.domain.facts import Fact
from exact.domain.image_sets import ImageSetCreated
from exact.domain.images import ImageRegistered
from exact.domain.teams import TeamFounded
from exact.eventstore.history import Span
from exact.eventstore.log import Recorded
from exact.projections.base import Row, copy, upsert
from exact.projections.follow import OnPoison, Projection

NAME = "activity"


class ActivityRow(models.Model):
    """One fact: its id is its position in the log. Without a team where the log does not say whose the scope is."""

    id = models.BigIntegerField(primary_key=True)
    scope_id = models.UUIDField()
    image_set_id = models.UUIDField(null=True)
    team_id = models.UUIDField(null=True)
    stream_id = models.UUIDField()
    version = models.IntegerField()
    name = models.TextField()
    by = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        db_table = "activity"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["scope_id", "-id"], name="activity_scope"),
            models.Index(fields=["image_set_id", "-id"], name="activity_image_set"),
            models.Index(fields=["team_id", "-id"], name="activity_team"),
        ]


class ActivityPlace(models.Model):
    """Where a scope (a team, an image set, an image) belongs; the id is the scope's."""

    id = models.UUIDField(primary_key=True)
    team_id = models.UUIDField()
    image_set_id = models.UUIDField(null=True)

    class Meta:
        db_table = "activity_place"


class Activity(Projection):
    """Follows every fact.

    It decides nothing, so a fact that cannot be shown keeps no other from being. One that tells where a scope belongs
    and is parked leaves the facts of that scope without a team, until the read model is rebuilt.
    """

    on_poison = OnPoison.PARK
    name = NAME
    tables = (ActivityRow, ActivityPlace)

    def apply(self, batch: Sequence[Recorded]) -> None:
        upsert(ActivityRow, _folded(batch))

    def fill(self, part: Sequence[Recorded]) -> None:
        copy(ActivityRow, _folded(part))


Places = dict[UUID, Row]
NOWHERE: Row = {"team_id": None, "image_set_id": None}


def _folded(batch: Sequence[Recorded]) -> list[Row]:
    """The rows of these facts; the places that they tell of are kept."""
    known = _known(batch)
    found = {place["id"]: place for recorded in batch if (place := _place(recorded.fact, known))}
    upsert(ActivityPlace, found.values())
    return [_row(recorded, known.get(recorded.scope_id, NOWHERE)) for recorded in batch]


def _known(batch: Sequence[Recorded]) -> Places:
    """The places of the scopes in these facts, and of the sets that images come into, as far as earlier facts told."""
    sets = {recorded.fact.image_set_id for recorded in batch if isinstance(recorded.fact, ImageRegistered)}
    rows = ActivityPlace.objects.filter(id__in={recorded.scope_id for recorded in batch} | sets)
    return {row["id"]: {**row} for row in rows.values("id", "team_id", "image_set_id")}


def _place(fact: Fact, known: Places) -> Row | None:
    """The place that a fact tells of, which is known from then on."""
    match fact:
        case TeamFounded():
            place = {"team_id": fact.originator_id, "image_set_id": None}
        case ImageSetCreated():
            place = {"team_id": fact.team_id, "image_set_id": fact.originator_id}
        case ImageRegistered() if fact.image_set_id in known:
            place = known[fact.image_set_id]
        case _:
            return None
    known[fact.originator_id] = {**place, "id": fact.originator_id}
    return known[fact.originator_id]


def _row(recorded: Recorded, place: Row) -> Row:
    fact = recorded.fact
    return {
        "id": recorded.position,
        "scope_id": recorded.scope_id,
        "image_set_id": place["image_set_id"],
        "team_id": place["team_id"],
        "stream_id": fact.originator_id,
        "version": fact.originator_version,
        "name": type(fact).__name__,
        "by": fact.by,
        "at": fact.at,
    }


def activity_of_image_set(image_set_id: UUID) -> QuerySet[ActivityRow]:
    """What happened to a set and its images."""
    return ActivityRow.objects.filter(image_set_id=image_set_id)


def activity_of_team(team_id: UUID) -> QuerySet[ActivityRow]:
    """What happened in a team: to itself, its products and versions, its sets and their images."""
    return ActivityRow.objects.filter(team_id=team_id)


def activity_of_teams(team_ids: Iterable[UUID] | QuerySet[Any, Any]) -> QuerySet[ActivityRow]:
    """What happened in several teams, given as ids or as a subquery of ids."""
    return ActivityRow.objects.filter(team_id__in=team_ids)


Where = Literal["scope_id", "image_set_id", "team_id"]


def positions(where: Where, id: UUID, span: Span) -> list[int]:
    """Where those facts of a scope, a set or a team stand that the span asks for.

    By hand, because Django takes longer to write this statement than PostgreSQL to answer it.
    """
    asked = {
        "name = any(%(names)s)": span.names,
        "by = %(by)s": span.by,
        "at >= %(since)s": span.since,
        "at < %(until)s": span.until,
    }
    conditions = [f"{where} = %(id)s", "id > %(after)s", "id < %(before)s", *(sql for sql in asked if asked[sql])]
    sql = f"select id from activity where {' and '.join(conditions)} order by id"  # noqa: S608 - columns of ours
    values = {name: getattr(span, name) for name in span.__struct_fields__} | {"id": id, "names": list(span.names)}
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} {'desc' if span.newest_first else 'asc'} limit %(limit)s", values)
        return [row[0] for row in cursor.fetchall()]
