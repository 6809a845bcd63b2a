"""Teams and their members: who belongs where, read by every permission check."""

from uuid import UUID

from django.db import models

from exact.domain import teams
from exact.domain.identifiers import derived_id
from exact.projections.base import Detail, Inline, Row


class TeamRow(models.Model):
    """One team."""

    id = models.UUIDField(primary_key=True)
    number = models.IntegerField(unique=True)
    version = models.IntegerField()
    name = models.TextField()

    class Meta:
        db_table = "teams"
        ordering = ["number"]


class MemberRow(models.Model):
    """One person in one team."""

    id = models.UUIDField(primary_key=True)
    number = models.IntegerField(unique=True)
    team = models.ForeignKey(TeamRow, models.CASCADE, related_name="members", db_constraint=False)
    person_id = models.UUIDField(db_index=True)
    role = models.TextField()

    class Meta:
        db_table = "members"
        ordering = ["number"]


def team_row(team: teams.Team) -> Row:
    """The row of a team."""
    return {"id": team.id, "number": team.number, "version": team.version, "name": team.name}


def member_rows(team: teams.Team) -> list[Row]:
    """The rows of its members; a dissolved team has none, so that nobody may do anything in it."""
    members = () if team.withdrawn else team.members
    return [
        {
            "id": derived_id(team.id, member.person_id),
            "number": member.number,
            "team_id": team.id,
            "person_id": member.person_id,
            "role": member.role.value,
        }
        for member in members
    ]


TEAMS = Inline(
    name="teams",
    noun=teams,
    state=teams.Team,
    model=TeamRow,
    row_of=team_row,
    details=(
        Detail(
            model=MemberRow,
            rows_of=member_rows,
            owner="team_id",
            moved_by=(
                teams.TeamFounded,
                teams.MemberAdded,
                teams.RoleChanged,
                teams.MemberRemoved,
                teams.TeamDissolved,
                teams.TeamRestored,
            ),
        ),
    ),
)


def role_of(person_id: UUID, team_id: UUID) -> teams.Role | None:
    """The person's role in the team; None for a stranger. One query."""
    role = MemberRow.objects.filter(team_id=team_id, person_id=person_id).values_list("role", flat=True).first()
    return teams.Role(role) if role else None


def teams_of(person_id: UUID) -> models.QuerySet[TeamRow]:
    """The teams a person is a member of."""
    return TeamRow.objects.filter(members__person_id=person_id)
