"""The tile path with real accounts, teams and images: no tile without membership, no query for a warm one."""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections

from exact.accounts.models import AccessToken, User
from exact.commands.bus import dispatch
from exact.commands.images import WithdrawImage
from exact.commands.teams import RemoveMember
from exact.domain.errors import Forbidden
from exact.domain.teams import Role
from exact.storage import originals
from exact.tiles import service
from exact.tiles.access import (
    LARGEST_NUMBER,
    Access,
    where_by_membership,
    where_labels_by_membership,
    who_by_accounts,
)
from exact.tiles.capabilities import Capabilities
from exact.tiles.http import TileRoute
from tests.builders import PASSWORD, Workplace, a_workplace, someone
from tests.samples import picture
from tests.tiles.test_http import Answer, still_there

pytestmark = pytest.mark.django_db(transaction=True)


class Viewer:
    """Asks for tiles of one real image."""

    def __init__(self, folder: Path) -> None:
        self.workplace: Workplace = a_workplace()
        path = picture(folder / "slide.png", (400, 300))
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        self.image = self.workplace.image("slide.png", sha256=sha256, format="png", width=400, height=300)
        originals.keep(path, sha256)
        self.now = 0.0
        self.route = TileRoute(django, self.process())

    def process(self) -> Access:
        """Another process of the site, which remembers nothing."""
        signing = Capabilities("secret", lambda: 1_800_000_000 + self.now)
        return Access(who_by_accounts, where_by_membership, lambda: self.now, signing)

    @property
    def tile(self) -> str:
        return f"/images/image/{self.image.number}/1/0/tile_files/9/0_0.jpeg"

    async def get(self, address: str = "", **headers: str) -> Answer:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": "GET", "path": address or self.tile, "headers": raw}
        await self.route(scope, still_there(), send)
        told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], told, sent[1]["body"])


async def django(scope: Any, receive: Any, send: Any) -> None:
    """Tiles never come here."""
    raise AssertionError(scope["path"])


@pytest.fixture
def viewer(tmp_path: Path, settings: Any) -> Iterator[Viewer]:
    settings.ORIGINALS, settings.CACHE = tmp_path / "originals", tmp_path / "cache"
    service.tile_service.cache_clear()
    made = Viewer(tmp_path)
    yield made
    for _ in range(8):  # the route's threads keep connections of their own
        made.route._asking.submit(connections.close_all).result()
    made.route._asking.shutdown()
    service.tile_service().close()
    service.tile_service.cache_clear()


def user_of(person_id: Any) -> User:
    return User.objects.get(person_id=person_id)


def bearer(person_id: Any) -> dict[str, str]:
    """A personal access token."""
    _, text = AccessToken.make(user_of(person_id), "tiles")
    return {"authorization": f"Bearer {text}"}


def basic(person_id: Any) -> dict[str, str]:
    """Name and password."""
    pair = f"{user_of(person_id).username}:{PASSWORD}".encode()
    return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}


def session(person_id: Any) -> dict[str, str]:
    """A signed-in browser."""
    user, store = user_of(person_id), SessionStore()
    store[SESSION_KEY], store[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store.save()
    return {"cookie": f"sessionid={store.session_key}"}


@pytest.mark.parametrize("credential", [bearer, basic, session])
@pytest.mark.parametrize("role", [Role.OWNER, Role.VIEWER])
def test_members_of_every_kind_and_credential_see_tiles(viewer: Viewer, credential: Any, role: Role) -> None:
    person = viewer.workplace.owner if role is Role.OWNER else viewer.workplace.member(role)
    answer = run(viewer.get(**credential(person.person_id)))
    assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")


@pytest.mark.parametrize("credential", [bearer, basic, session])
def test_another_team_sees_nothing_of_a_warm_tile(viewer: Viewer, credential: Any) -> None:
    warm = run(viewer.get(**bearer(viewer.workplace.owner.person_id)))
    stranger = credential(a_workplace(someone()).owner.person_id)
    assert run(viewer.get(**stranger)).status == 404
    assert run(viewer.get(**stranger, if_none_match=warm.headers["etag"])).status == 404


def test_wrong_credentials_are_nobody(viewer: Viewer) -> None:
    for headers in ({}, {"authorization": "Bearer pat_x"}, {"authorization": "Basic !"}, {"cookie": "sessionid=x"}):
        assert run(viewer.get(**headers)).status == 403


@pytest.mark.parametrize("credential", [bearer, basic, session])
def test_a_removed_member_loses_every_kind_of_pixels_within_twenty_seconds(viewer: Viewer, credential: Any) -> None:
    member = viewer.workplace.member(Role.ADMIN)
    headers = credential(member.person_id)
    number = viewer.image.number
    native = (f"/tiles/{number}/info.json", f"/tiles/{number}/0/0/0/0_0.jpeg")
    iiif = (f"/tiles/{number}/iiif/0.0/info.json", f"/tiles/{number}/iiif/0.0/0,0,90,80/max/0/default.jpg")
    addresses = (viewer.tile, f"/images/image/{number}/1/0/tile/", *native, *iiif)
    warm = [run(viewer.get(address, **headers)) for address in addresses]
    assert [answer.status for answer in warm] == [200] * len(addresses)
    dispatch(RemoveMember(team_id=viewer.workplace.team_id, person_id=member.person_id), by=viewer.workplace.owner)
    viewer.now = 20.0
    for address, before in zip(addresses, warm, strict=True):
        assert run(viewer.get(address, **headers)).status == 404
        assert run(viewer.get(address, **headers, if_none_match=before.headers.get("etag", ""))).status == 404


def test_a_withdrawn_image_has_no_tiles(viewer: Viewer) -> None:
    dispatch(WithdrawImage(image_id=viewer.image.id, reason="wrong patient"), by=viewer.workplace.owner)
    assert run(viewer.get(**bearer(viewer.workplace.owner.person_id))).status == 404


def test_a_warm_tile_needs_no_query(viewer: Viewer) -> None:
    headers = bearer(viewer.workplace.owner.person_id)
    first = run(viewer.get(**headers))
    viewer.route._access._who = None  # type: ignore[assignment]  # asking again would fail
    viewer.route._access._where = None  # type: ignore[assignment]
    assert run(viewer.get(**headers)).body == first.body


def test_a_browser_is_given_a_capability_with_which_another_process_needs_no_query(viewer: Viewer) -> None:
    cookie = session(viewer.workplace.owner.person_id)["cookie"]
    given = run(viewer.get(cookie=cookie)).headers["set-cookie"]
    capability, *rest = given.split("; ")
    assert rest == [f"Path=/images/image/{viewer.image.number}/", "Max-Age=20", "HttpOnly", "SameSite=Lax"]
    viewer.route._access = viewer.process()
    viewer.route._access._who = viewer.route._access._where = None  # type: ignore[assignment]  # asking would fail
    shown = run(viewer.get(cookie=f"{cookie}; {capability}"))
    assert (shown.status, "set-cookie" in shown.headers) == (200, False)


def test_a_removed_member_loses_tiles_within_thirty_seconds_with_a_capability_at_another_process(
    viewer: Viewer,
) -> None:
    member = viewer.workplace.member(Role.VIEWER)
    cookie = session(member.person_id)["cookie"]
    capability = run(viewer.get(cookie=cookie)).headers["set-cookie"].partition(";")[0]
    dispatch(RemoveMember(team_id=viewer.workplace.team_id, person_id=member.person_id), by=viewer.workplace.owner)
    viewer.route._access = viewer.process()
    viewer.now = 20.0
    assert run(viewer.get(cookie=f"{cookie}; {capability}")).status == 404


def test_a_password_or_token_gets_no_cookie(viewer: Viewer) -> None:
    for credential in (bearer, basic):
        assert "set-cookie" not in run(viewer.get(**credential(viewer.workplace.owner.person_id))).headers


def test_labels_are_for_administrators_and_owners(viewer: Viewer) -> None:
    work, number = viewer.workplace, viewer.image.number
    for role in Role:
        person = work.owner if role is Role.OWNER else work.member(role)
        found = where_labels_by_membership(person.person_id, number)
        assert isinstance(found, Forbidden) == (role not in (Role.ADMIN, Role.OWNER)), role
    stranger = a_workplace(someone()).owner.person_id
    assert where_labels_by_membership(stranger, number) is None
    assert where_labels_by_membership(work.owner.person_id, LARGEST_NUMBER + 1) is None


def run(asked: Any) -> Answer:
    """One request in a loop of its own."""
    import asyncio

    answer: Answer = asyncio.run(asked)
    return answer
