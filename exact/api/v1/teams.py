"""users/teams: the teams I am in, and those that I have dissolved."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from exact.api.filters import WholeNumber
from exact.api.resources import Numbers, People, Resource, Rows, belonging
from exact.api.scope import OFFERED
from exact.api.v1.history import HistoryOfTeam
from exact.api.v1.users import PersonShown
from exact.api.views import Resources
from exact.api.wishes import wish
from exact.commands.teams import DissolveTeam, FoundTeam, RenameTeam, RestoreTeam
from exact.projections.models import ImageSetRow, MemberRow, ProductRow, TeamRow


class TeamResource(Resource):
    """A team; its lists are accepted and ignored when written."""

    model = TeamRow
    id = serializers.IntegerField(source="number", read_only=True)
    uuid = serializers.UUIDField(source="id", read_only=True)
    version = serializers.IntegerField(read_only=True)
    name = serializers.CharField()
    members = People(source="person_ids")
    memberships = Numbers(belonging(MemberRow.objects.all, "team"), read_only=True)
    image_sets = Numbers(belonging(lambda: ImageSetRow.objects.filter(OFFERED[ImageSetRow]), "team"), read_only=True)
    product_set = Numbers(belonging(lambda: ProductRow.objects.filter(OFFERED[ProductRow]), "team"), read_only=True)
    expandable_fields = {
        "members": (PersonShown, {"many": True, "source": "person_ids"}),
        "memberships": ("exact.api.v1.team_membership.MembershipResource", {"many": True, "source": "members"}),
        "image_sets": ("exact.api.v1.image_sets.ImageSetResource", {"many": True}),
        "product_set": ("exact.api.v1.products.ProductResource", {"many": True, "source": "products"}),
    }

    def fetched(self, rows: Rows) -> Rows:
        """The members' opaque ids are needed whether they are expanded or not."""
        members = MemberRow.objects.filter(team=OuterRef("pk")).order_by("number").values("person_id")
        fetched: Rows = super().fetched(rows).annotate(person_ids=ArraySubquery(members))
        return fetched


class TeamFilter(filters.FilterSet):
    """The ancestor's filters."""

    id = WholeNumber("number")
    name = filters.CharFilter("name")
    name__contains = filters.CharFilter("name", "contains")
    image_sets = WholeNumber("image_sets__number")
    memberships = WholeNumber("members__number")


class Teams(HistoryOfTeam, Resources):
    """Everybody may found a team and owns it then."""

    serializer_class = TeamResource
    filterset_class = TeamFilter
    noun = "team"

    def create(self, request: Request) -> Response:
        """A new team."""
        return self.written(wish(request, FoundTeam(name=self.checked()["name"])), 201)

    def update(self, request: Request, pk: str) -> Response:
        """Another name."""
        team: Any = self.target(pk)
        name = self.checked(partial=True).get("name", team.name)
        return self.written(wish(request, RenameTeam(team_id=team.id, name=name)))

    partial_update = update

    def destroy(self, request: Request, pk: str) -> Response:
        """Dissolve a team in which nobody else is and nothing is left."""
        if before := self.gone_before(pk):
            return before
        return self.gone(wish(request, DissolveTeam(team_id=self.target(pk).id)))

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Begin a dissolved team again; the command itself knows who may, since the team has no members now."""
        team: Any = self.found(TeamRow.objects.all(), pk)
        return self.written(wish(request, RestoreTeam(team_id=team.id)))
