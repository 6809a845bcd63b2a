"""Who is asking: session cookie, Basic, or a personal access token; for REST, the tile path and the sockets."""

import base64
import binascii
import hashlib
import hmac
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Mapping
from datetime import timedelta
from importlib import import_module
from threading import Lock
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, authenticate
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from exact.accounts import failures
from exact.accounts.models import AccessToken, User
from exact.accounts.policy import Person

TOUCH_EVERY = timedelta(minutes=5)
"""`last_used_at` moves at most this often, so that a request of a script is not a write."""


def person_of(user: User) -> Person:
    """The person behind a signed-in user."""
    return Person(person_id=user.person_id, user_id=user.pk, name=user.shown_name, is_staff=user.is_staff)


class KnownPasswords:
    """Remembers which name and password fit which password hash, so that Basic costs its slow hash once.

    Keyed by a keyed hash of the header; useless as soon as the stored password changes.
    """

    def __init__(self, most: int = 1000) -> None:
        self._known: OrderedDict[bytes, str] = OrderedDict()
        self._most, self._lock = most, Lock()

    def fits(self, key: bytes, user: User) -> bool:
        """Whether this header was found right for the password this user has now."""
        with self._lock:
            return self._known.get(key) == user.password

    def remember(self, key: bytes, user: User) -> None:
        """This header was found right."""
        with self._lock:
            self._known[key] = user.password
            while len(self._known) > self._most:
                self._known.popitem(last=False)


KNOWN = KnownPasswords()


def user_of_basic(value: str) -> User | None:
    """The user of `base64(name:password)`; None for a wrong pair, an inactive user, or after too many failures."""
    name, password = name_and_password(value)
    if not name or "\x00" in name + password:
        return None
    key = hmac.digest(settings.SECRET_KEY.encode(), value.encode(), hashlib.sha256)
    user = User.objects.filter(username=name, is_active=True).first()
    if user and KNOWN.fits(key, user):
        return user
    checked = None if failures.exhausted(name) else authenticate(username=name, password=password)
    if not isinstance(checked, User):
        failures.failed(name)
        return None
    KNOWN.remember(key, checked)
    return checked


def name_and_password(value: str) -> tuple[str, str]:
    """What `base64(name:password)` holds; empty texts where it is none."""
    try:
        name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return "", ""
    return name, password


def user_of_token(value: str) -> User | None:
    """The user of a personal access token that is neither revoked nor expired."""
    token = AccessToken.find(value) if value.startswith("pat_") else None
    if token is None:
        return None
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > TOUCH_EVERY:
        AccessToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token.user


def user_of_session(session_key: str) -> User | None:
    """The user of a session cookie, checked against the user's present password as Django does."""
    store = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    values: dict[str, Any] = store.load()  # Any: a session's values
    if values.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    user = User.objects.filter(pk=values[SESSION_KEY], is_active=True).first()
    right = user and constant_time_compare(values.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
    return user if right else None


def person_from_headers(headers: Mapping[str, str], cookies: Mapping[str, str]) -> Person | None:
    """Who sent a request that does not pass Django's middleware; header names in lower case. None: nobody known."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    user: User | None = None
    if scheme.lower() == "bearer":
        user = user_of_token(value.strip())
    elif scheme.lower() == "basic":
        user = user_of_basic(value.strip())
    elif session_key := cookies.get(settings.SESSION_COOKIE_NAME):
        user = user_of_session(session_key)
    return person_of(user) if user else None


class SchemeAuthentication(ABC, authentication.BaseAuthentication):
    """An `Authorization: <scheme> <value>` header; a wrong one is refused, another scheme is left to others."""

    scheme = ""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != self.scheme:
            return None
        user = self.user_of(value.strip())
        if user is None:
            raise exceptions.AuthenticationFailed("Name, password or token is wrong, or the account is not active.")
        return user, None

    @abstractmethod
    def user_of(self, value: str) -> User | None:
        """The user of the header's value."""


class TokenAuthentication(SchemeAuthentication):
    """`Authorization: Bearer pat_...`. First in the list and without a challenge, so that REST answers 403, not 401."""

    scheme = "bearer"

    def user_of(self, value: str) -> User | None:
        return user_of_token(value)


class BasicAuthentication(SchemeAuthentication):
    """`Authorization: Basic ...`, without the challenge that makes browsers open a window."""

    scheme = "basic"

    def user_of(self, value: str) -> User | None:
        user = user_of_basic(value)
        if user is None and failures.exhausted(name_and_password(value)[0]):
            raise exceptions.Throttled(failures.WAIT_S)
        return user
