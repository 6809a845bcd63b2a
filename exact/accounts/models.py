"""People and their keys: ordinary tables, because facts name people by an opaque id only."""

import secrets
from datetime import datetime
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone

from exact.domain.identifiers import new_id


class User(AbstractUser):
    """A person who signs in. `person_id` is what facts know; everything else may be changed or erased."""

    person_id = models.UUIDField(unique=True, default=new_id, editable=False)

    class Meta(AbstractUser.Meta):
        db_table = "users"

    @property
    def shown_name(self) -> str:
        """What other people read."""
        return self.get_full_name() or self.username


class AccessToken(models.Model):
    """A personal access token, `pat_<prefix>.<secret>`: the secret is kept as a hash and shown once."""

    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, unique=True)
    secret_hash = models.CharField(max_length=128)
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "access_tokens"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def make(cls, user: User, name: str, expires_at: datetime | None = None) -> tuple["AccessToken", str]:
        """A new token and its text, which nobody can read again."""
        prefix, secret = secrets.token_urlsafe(9), secrets.token_urlsafe(32)
        # A secret of 256 random bits needs no slow hash; a fast one keeps each request cheap.
        hashed = make_password(secret, hasher="exact_token")
        token = cls.objects.create(user=user, name=name, prefix=prefix, secret_hash=hashed, expires_at=expires_at)
        return token, f"pat_{prefix}.{secret}"

    @classmethod
    def find(cls, text: str) -> "AccessToken | None":
        """The token with that text while it may be used, and its user may sign in."""
        prefix, _, secret = text.removeprefix("pat_").partition(".")
        token = cls.objects.select_related("user").filter(prefix=prefix, revoked_at=None, user__is_active=True).first()
        if token is None or not check_password(secret, token.secret_hash):
            return None
        return None if token.expires_at and token.expires_at < timezone.now() else token


def users_by_person(ids: set[UUID]) -> dict[UUID, User]:
    """The users behind opaque ids, in one query; erased people are missing."""
    return {user.person_id: user for user in User.objects.filter(person_id__in=ids)}
