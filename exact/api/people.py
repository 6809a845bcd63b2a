"""Who asks, for DRF's views: the signed-in user as the bus and the policy know them."""

from rest_framework.request import Request

from exact.accounts.authentication import person_of
from exact.accounts.models import User
from exact.accounts.policy import Person
from exact.domain.errors import NotSignedIn


def asker(request: Request) -> Person:
    """The person behind a request; NotSignedIn for nobody."""
    if not isinstance(request.user, User):
        raise NotSignedIn("Sign in first.")
    return person_of(request.user)
