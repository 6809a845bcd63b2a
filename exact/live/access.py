"""Who may listen to an image: the one question of a socket, asked at the door and again with every heartbeat."""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from uuid import UUID

from exact.accounts.authentication import person_from_headers
from exact.accounts.models import User
from exact.accounts.permissions import Permission
from exact.accounts.policy import Person, may
from exact.projections.images import ImageFile, find_image


def admitted(scope: Mapping[str, Any], number: int) -> tuple[Person | None, ImageFile | None]:  # Any: an ASGI scope
    """The person who knocks, and the image when they may read it; None for what there is not."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    person = person_from_headers(headers, cookies(headers.get("cookie", "")))
    image = find_image(number) if person else None
    if person is None or image is None or not still_admitted(person.person_id, image):
        return person, None
    return person, image


def still_admitted(person_id: UUID, image: ImageFile) -> bool:
    """Whether the account is active, the person may read the image's team, and the image is offered still."""
    if image.withdrawn or not User.objects.filter(person_id=person_id, is_active=True).exists():
        return False
    return may(person_id, Permission.READ, image.team_id)


def cookies(header: str) -> dict[str, str]:
    """A Cookie header as names and values; a broken one has none."""
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}
