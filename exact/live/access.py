"""Who may listen to an image or a set: the one question of a socket, asked at the door and with every heartbeat."""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, Protocol
from uuid import UUID

from exact.accounts.authentication import person_from_headers
from exact.accounts.models import User
from exact.accounts.permissions import Permission
from exact.accounts.policy import Person, may


class Scene(Protocol):
    """What a socket is at: an image, or a set of images."""

    @property
    def id(self) -> UUID:
        """Its stream, which is the scope of its facts."""
        ...

    @property
    def number(self) -> int:
        """Its public number."""
        ...

    @property
    def team_id(self) -> UUID:
        """Whose members may listen."""
        ...

    @property
    def withdrawn(self) -> bool:
        """Whether it is not offered any more."""
        ...


def admitted(scope: Mapping[str, Any], scene: Scene | None) -> tuple[Person | None, Scene | None]:  # Any: an ASGI scope
    """The person who knocks, and the scene when they may read it; None for what there is not."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    person = person_from_headers(headers, cookies(headers.get("cookie", "")))
    if person is None or scene is None or not still_admitted(person.person_id, scene):
        return person, None
    return person, scene


def still_admitted(person_id: UUID, scene: Scene) -> bool:
    """Whether the account is active, the person may read the scene's team, and it is offered still."""
    if scene.withdrawn or not User.objects.filter(person_id=person_id, is_active=True).exists():
        return False
    return may(person_id, Permission.READ, scene.team_id)


def cookies(header: str) -> dict[str, str]:
    """A Cookie header as names and values; a broken one has none."""
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}
