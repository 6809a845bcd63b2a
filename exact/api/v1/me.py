"""GET /me/: who I am, and what I may do in which team."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from exact.accounts.colours import colour_of
from exact.accounts.models import User
from exact.accounts.permissions import TABLE
from exact.accounts.policy import Person
from exact.api.people import asker
from exact.domain.teams import Role
from exact.projections.models import MemberRow


class Me(APIView):
    """The person behind the request."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """Name, teams, roles, permissions."""
        person = asker(request)
        user = User.objects.get(pk=person.user_id)
        return Response(
            {
                **me(person),
                "id": person.user_id,
                "username": user.username,
                "first_name": user.first_name,
                "last_name": user.last_name,
                "email": user.email,
                "is_staff": person.is_staff,
                "teams": teams_of(person),
            }
        )


def me(person: Person) -> dict[str, Any]:
    """A person as other people see them."""
    return {"person_id": person.person_id, "name": person.name, "colour": colour_of(person.person_id)}


def teams_of(person: Person) -> list[dict[str, Any]]:
    """The person's teams, by name."""
    members = MemberRow.objects.filter(person_id=person.person_id).select_related("team").order_by("team__name")
    return [{"id": m.team_id, "number": m.team.number, "name": m.team.name, **rights(m.role)} for m in members]


def rights(role: str) -> dict[str, Any]:
    """A role and what it may do, in the order of the permission table."""
    return {"role": role, "permissions": sorted(permission.value for permission in TABLE[Role(role)])}
