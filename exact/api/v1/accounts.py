"""What the site's administrators do with the accounts of others: make them, shut and open them, give new passwords."""

import secrets
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from rest_framework import serializers
from rest_framework.request import Request

from exact.accounts.authentication import TokenAuthentication
from exact.accounts.models import User
from exact.api.people import asker
from exact.domain.errors import Conflict, Forbidden

TAKEN = "There is somebody called {name} already; choose another user name."
RANDOM_BYTES = 12


class NewAccount(serializers.Serializer[User]):
    """What an administrator says of a colleague; without a password one is made."""

    username = serializers.CharField(max_length=150, validators=[User.username_validator])
    first_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    last_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    password = serializers.CharField(max_length=128, required=False, write_only=True, trim_whitespace=False)

    def validate_username(self, value: str) -> str:
        """One spelling of a name, and one person for it."""
        name = User.normalize_username(value)
        if User.objects.filter(username=name).exists():
            raise serializers.ValidationError(TAKEN.format(name=name), code="name_taken")
        return name

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A password that is easily guessed is refused, also one that looks like the person's name."""
        if "password" in attrs:
            person = User(**{name: value for name, value in attrs.items() if name != "password"})
            refuse_guessable(attrs["password"], person)
        return attrs


class MadeAccount(serializers.Serializer[User]):
    """A password that was made: this answer is the only one that holds it."""

    password = serializers.CharField(read_only=True)


def refuse_guessable(password: str, person: User) -> None:
    """The site's rules, said at the field."""
    try:
        validate_password(password, person)
    except ValidationError as refused:
        raise serializers.ValidationError({"password": refused.messages}) from refused


def administrator(request: Request) -> User:
    """Whoever asks, when they administer the site and signed in themselves: a stolen token must not beget accounts."""
    asker(request)
    if not request.user.is_staff:
        raise Forbidden("Only an administrator of this site manages accounts; ask one of them.", code="not_staff")
    if isinstance(request.successful_authenticator, TokenAuthentication):
        raise Forbidden("A token cannot manage accounts; sign in with your password.", code="token_used")
    assert isinstance(request.user, User)
    return request.user


def another(user: User, administrator: User) -> User:
    """Nobody shuts themselves out; so one administrator is always left."""
    if user.pk == administrator.pk:
        raise Conflict("This is your own account: change its password on your account page, and let another "
                       "administrator deactivate it.", code="own_account")  # fmt: skip
    return user


def make(fields: dict[str, Any]) -> tuple[User, dict[str, str]]:
    """A new account, and the password to be shown once when none was given."""
    made = {} if "password" in fields else {"password": secrets.token_urlsafe(RANDOM_BYTES)}
    try:
        with transaction.atomic():
            return User.objects.create_user(**{**fields, **made}), made
    except IntegrityError as refused:  # made by somebody else since we looked
        raise Conflict(TAKEN.format(name=fields["username"]), code="name_taken") from refused


def renew_password(user: User) -> str:
    """A random password, which ends the person's sessions."""
    password = secrets.token_urlsafe(RANDOM_BYTES)
    user.set_password(password)
    user.save(update_fields=["password"])
    return password
