"""users/api/tokens: the own access tokens; a token's text is shown once, when it is made."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from exact.accounts.authentication import TokenAuthentication
from exact.accounts.models import AccessToken, User
from exact.api.views import Versionless, whole
from exact.domain.errors import Forbidden, NotFound


class TokenResource(serializers.ModelSerializer[AccessToken]):
    """A token without its secret."""

    class Meta:
        model = AccessToken
        fields = ("id", "name", "prefix", "created_at", "last_used_at", "expires_at", "revoked_at")
        read_only_fields = ("prefix", "created_at", "last_used_at", "revoked_at")

    def validate_expires_at(self, value: Any) -> Any:
        """A token that has ended is of no use."""
        if value is not None and value <= timezone.now():
            raise serializers.ValidationError("This moment has passed; choose a later one, or none.")
        return value


class Tokens(Versionless, ListModelMixin, GenericViewSet[AccessToken]):
    """Made with a password or a session only: a stolen token must not beget others."""

    serializer_class = TokenResource
    queryset = AccessToken.objects.none()
    filter_backends: list[Any] = []

    def get_queryset(self) -> QuerySet[AccessToken]:
        """The own ones."""
        return AccessToken.objects.filter(user=self.request.user.pk).order_by("id")

    @extend_schema(responses={201: OpenApiTypes.OBJECT})
    def create(self, request: Request) -> Response:
        """A new token; `token` is its text, which nobody can read again."""
        user = without_token(request)
        asked = self.get_serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        fields = asked.validated_data
        token, text = AccessToken.make(user, fields["name"], fields.get("expires_at"))
        return Response({**self.get_serializer(token).data, "token": text}, status=201)

    @extend_schema(request=None, responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["post"])
    def revoke(self, _request: Request, pk: str) -> Response:
        """Never valid again."""
        token = self.get_queryset().filter(pk=whole(pk)).first()
        if token is None:
            raise NotFound("You have no such token.", what="token")
        token.revoked_at = token.revoked_at or timezone.now()
        token.save(update_fields=["revoked_at"])
        return Response({"status": "revoked"})


def without_token(request: Request) -> User:
    """The user, when they signed in themselves."""
    if isinstance(request.successful_authenticator, TokenAuthentication):
        raise Forbidden("A token cannot make tokens; sign in with your password.", code="token_used")
    assert isinstance(request.user, User)
    return request.user
