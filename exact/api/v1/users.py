"""users/users: the people I share a team with, and myself; others by exact name only; all for the site's staff."""

from collections.abc import Mapping
from typing import Any

from django.db.models import OuterRef, Q
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from exact.accounts.models import User
from exact.accounts.permissions import Permission
from exact.api import scope
from exact.api.filters import Time, WholeNumber
from exact.api.people import asker
from exact.api.resources import Numbers, PersonResource, Resource, Rows
from exact.api.v1 import accounts
from exact.api.views import Resources, Versionless
from exact.domain.errors import Forbidden
from exact.projections.models import MemberRow, TeamRow


def teams_of_both(context: Mapping[str, Any]) -> Rows:
    """The teams of the outer user that the asker is in, too."""
    return scope.mine(TeamRow, asker(context["request"])).filter(members__person_id=OuterRef("person_id"))


class UserFields(Resource):
    """What people see of each other; the role flags of the site are only shown."""

    model = User
    id = serializers.IntegerField(source="pk", read_only=True)
    person_id = serializers.UUIDField(read_only=True)
    username = serializers.CharField(read_only=True)
    name = serializers.CharField(source="shown_name", read_only=True)
    first_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    last_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    is_superuser = serializers.BooleanField(read_only=True)
    is_staff = serializers.BooleanField(read_only=True)
    is_active = serializers.BooleanField(read_only=True)
    last_login = serializers.SerializerMethodField()
    team_set = Numbers(teams_of_both, read_only=True)

    def to_representation(self, instance: User) -> Any:
        """Mail address and last sign-in are shown to oneself only, and to the site's administrators."""
        shown = super().to_representation(instance)
        user = self.context["request"].user
        if instance.pk != user.pk and not user.is_staff:
            shown.update({name: None for name in ("email", "last_login") if name in shown})
        return shown

    def get_last_login(self, user: User) -> str | None:
        """As the ancestor writes times."""
        return user.last_login.replace(tzinfo=None).isoformat() if user.last_login else None


class UserResource(UserFields):
    """A user as a thing of its own."""


class PersonShown(PersonResource, UserFields):
    """A user where another thing names one: `expand=user`."""

    model = User


class UserFilter(filters.FilterSet):
    """The ancestor's filters, and the mail address."""

    id = WholeNumber("pk")
    username = filters.CharFilter("username")
    username__contains = filters.CharFilter("username", "contains")
    email = filters.CharFilter("email", "iexact")
    is_superuser = filters.BooleanFilter("is_superuser")
    is_staff = filters.BooleanFilter("is_staff")
    is_active = filters.BooleanFilter("is_active")
    last_login = Time("last_login")
    team = WholeNumber(method="in_team")

    def in_team(self, rows: Rows, _name: str, number: int) -> Rows:
        """The members of a team of mine."""
        teams = scope.mine(TeamRow, asker(self.request)).filter(number=number)
        return rows.filter(person_id__in=MemberRow.objects.filter(team__in=teams).values("person_id"))


class AccountMade(accounts.MadeAccount, UserResource):
    """A new account; `password` only when it was made here."""


class Users(Versionless, Resources):
    """Accounts are made, shut and opened by the site's administrators."""

    serializer_class = UserResource
    filterset_class = UserFilter
    noun = "user"
    key = "pk"
    http_method_names = ["get", "head", "options", "post", "patch"]

    def visible(self) -> Rows:
        """The people I may know of, in the order of their accounts."""
        return User.objects.filter(known_to(self.request)).order_by("pk")

    def headers_for(self, row: Any) -> dict[str, str]:
        """Accounts have no version."""
        return {}

    def target(self, pk: str) -> Any:
        """Somebody I may know of."""
        return self.found(self.get_queryset(), pk)

    @extend_schema(request=accounts.NewAccount, responses={201: AccountMade})
    def create(self, request: Request) -> Response:
        """A colleague's account, made by the site's administrator; a password that was made is shown this once."""
        accounts.administrator(request)
        asked = accounts.NewAccount(data=request.data)
        asked.is_valid(raise_exception=True)
        user, made = accounts.make(asked.validated_data)
        return Response({**self.now(user), **made}, status=201)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def deactivate(self, request: Request, pk: str) -> Response:
        """No session, password or token of this person is good any more."""
        return self.switched(request, pk, active=False)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def activate(self, request: Request, pk: str) -> Response:
        """They may sign in again, with the password they had."""
        return self.switched(request, pk, active=True)

    def switched(self, request: Request, pk: str, *, active: bool) -> Response:
        """The account, shut or open."""
        administrator = accounts.administrator(request)
        user = accounts.another(self.target(pk), administrator)
        user.is_active = active
        user.save(update_fields=["is_active"])
        return Response(self.now(user))

    @extend_schema(request=None, responses=accounts.MadeAccount)
    @action(detail=True, methods=["post"])
    def password(self, request: Request, pk: str) -> Response:
        """A new random password, shown this once."""
        administrator = accounts.administrator(request)
        user = accounts.another(self.target(pk), administrator)
        return Response({"password": accounts.renew_password(user)})

    def now(self, user: User) -> Any:
        """An account as it is now."""
        return self.one(self.resource().fetched(User.objects.filter(pk=user.pk)).get())

    def partial_update(self, request: Request, pk: str) -> Response:
        """The own name and mail address."""
        user: User = self.target(pk)
        if user.pk != request.user.pk:
            raise Forbidden("You can change your own account only.", code="not_yours")
        for name, value in self.checked(partial=True).items():
            setattr(user, name, value)
        user.save(update_fields=["first_name", "last_name", "email"])
        return Response(self.now(user))


def known_to(request: Request) -> Q:
    """Those who share a team with me, myself, and whom I name exactly to take them into a team that I manage.

    Everybody, for the site's administrators.
    """
    person = asker(request)
    if person.is_staff:
        return Q()
    members = MemberRow.objects.filter(team__in=scope.teams_where(person, Permission.READ))
    return Q(person_id__in=members.values("person_id")) | Q(pk=person.user_id) | named(request)


def named(request: Request) -> Q:
    """The one person with exactly the user name or mail address that the query gives."""
    exact = {f"{name}{how}": request.query_params[name] for name, how in (("username", ""), ("email", "__iexact"))
             if request.query_params.get(name)}  # fmt: skip
    if not exact or any("\x00" in text for text in exact.values()):
        return Q(pk__in=[])
    if not scope.teams_where(asker(request), Permission.MANAGE_MEMBERS).exists():
        return Q(pk__in=[])
    return Q(is_active=True, **exact)
