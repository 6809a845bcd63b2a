"""users/team_membership: who is in my teams, in which role; the ancestor's `is_admin` beside our five roles."""

from typing import Any
from uuid import UUID

from django.db.models import Q
from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from exact.accounts.models import User
from exact.accounts.permissions import Permission
from exact.accounts.policy import require
from exact.api.filters import WholeNumber
from exact.api.people import asker
from exact.api.references import referred
from exact.api.resources import NUMBER_MAX, Person, Ref, Resource, Rows
from exact.api.v1.users import PersonShown, known_to
from exact.api.views import Resources
from exact.api.wishes import etag, granted, wish
from exact.commands.bus import Answer
from exact.commands.teams import AddMember, ChangeRole, RemoveMember
from exact.domain.teams import Role
from exact.projections.models import MemberRow, TeamRow

ADMINS = (Role.OWNER.value, Role.ADMIN.value)
PLAIN_MEMBER = Role.VERIFIER
"""What the ancestor's members could do: annotate and verify."""


class UserOfMember(Person):
    """Shown as the user's id; written as that or as the opaque person_id."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.read_only = False

    def to_internal_value(self, data: Any) -> int | UUID:
        """The id of a user, or a person_id."""
        if isinstance(data, str) and not data.isdigit():
            person_id: UUID = serializers.UUIDField().run_validation(data)
            return person_id
        return int(serializers.IntegerField(min_value=1, max_value=NUMBER_MAX).run_validation(data))


class AdminFlag(serializers.BooleanField):
    """The ancestor's only distinction between members."""

    def get_attribute(self, instance: MemberRow) -> bool:
        return instance.role in ADMINS


class MembershipResource(Resource):
    """One person in one team."""

    model = MemberRow
    id = serializers.IntegerField(source="number", read_only=True)
    uuid = serializers.UUIDField(source="id", read_only=True)
    team = Ref("team")
    user = UserOfMember(source="person_id", required=False)
    username = serializers.CharField(write_only=True, required=False)
    person_id = serializers.UUIDField(read_only=True)
    role = serializers.ChoiceField([role.value for role in Role], required=False)
    is_admin = AdminFlag(required=False)
    expandable_fields = {
        "team": ("exact.api.v1.teams.TeamResource", {}),
        "user": (PersonShown, {"source": "person_id"}),
    }


class MembershipFilter(filters.FilterSet):
    """The ancestor's filters, and the role."""

    id = WholeNumber("number")
    team = WholeNumber("team__number")
    user = WholeNumber(method="of_user")
    role = filters.CharFilter("role")
    is_admin = filters.BooleanFilter(method="of_admins")

    def of_user(self, rows: Rows, _name: str, number: int) -> Rows:
        """The memberships of one person."""
        return rows.filter(person_id__in=User.objects.filter(pk=number).values("person_id"))

    def of_admins(self, rows: Rows, _name: str, wanted: bool) -> Rows:
        """Owners and administrators, or the others."""
        return rows.filter(Q(role__in=ADMINS) if wanted else ~Q(role__in=ADMINS))


class Memberships(Resources):
    """Members come, change role and go; ETag and If-Match speak of the team's version."""

    serializer_class = MembershipResource
    filterset_class = MembershipFilter
    noun = "membership"

    def headers_for(self, row: MemberRow) -> dict[str, str]:
        """The team's version."""
        return {"ETag": etag(row.team.version)}

    def create(self, request: Request) -> Response:
        """Take somebody in."""
        fields = self.checked()
        team = referred(request, TeamRow, fields["team"], "team")
        require(asker(request), Permission.MANAGE_MEMBERS, team.id)  # before any name is looked up
        person_id = named_person(request, fields)
        answer = wish(request, AddMember(team_id=team.id, person_id=person_id, role=role_in(fields, None)))
        return self.shown(answer, person_id, 201)

    def update(self, request: Request, pk: str) -> Response:
        """Another role."""
        member: MemberRow = self.target(pk)
        role = role_in(self.checked(partial=True), member.role)
        wished = ChangeRole(team_id=member.team_id, person_id=member.person_id, role=role)
        return self.shown(wish(request, wished), member.person_id)

    partial_update = update

    def destroy(self, request: Request, pk: str) -> Response:
        """Take somebody out; everybody may leave."""
        if before := self.gone_before(pk):
            return before
        member: MemberRow = self.target(pk)
        return self.gone(wish(request, RemoveMember(team_id=member.team_id, person_id=member.person_id)))

    def shown(self, answer: Answer, person_id: UUID, status: int = 200) -> Response:
        """The membership after the wish; null when it has ended since."""
        row = self.resource().fetched(MemberRow.objects.filter(team_id=answer.id, person_id=person_id)).first()
        return granted(answer, self.one(row) if row else {}, status)


def named_person(request: Request, fields: dict[str, Any]) -> UUID:
    """Whom the body means: a counted id must be of somebody I know of, a name exact, a person_id says it itself."""
    user = fields.get("person_id")
    if isinstance(user, UUID):
        return user
    if user is None and "username" not in fields:
        raise ValidationError({"user": ["Say who: `user` (an id or a person_id) or `username`."]})
    wanted = Q(username=fields["username"]) if user is None else Q(pk=user) & known_to(request)
    found = User.objects.filter(wanted, is_active=True).values_list("person_id", flat=True).first()
    if found is None:
        raise ValidationError({"user": ["You know of no such person here; name them by `username`."]})
    return found


def role_in(fields: dict[str, Any], now: str | None) -> Role:
    """The role that the body asks for: by its name, else by is_admin, else as it is."""
    if "role" in fields:
        return Role(fields["role"])
    if "is_admin" in fields and fields["is_admin"] != (now in ADMINS):
        return Role.ADMIN if fields["is_admin"] else PLAIN_MEMBER
    return Role(now or PLAIN_MEMBER)
