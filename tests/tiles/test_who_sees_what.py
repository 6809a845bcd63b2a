"""Every address of an image's pixels at the really running server, tried by everybody, cached and not."""

from pathlib import Path
from typing import Any

import pytest
import requests

from exact.domain.teams import Role
from tests.application import ADMIN, PASSWORD, Application
from tests.journeys.desk import Office
from tests.samples import svs

ROLES = tuple(role for role in Role if role is not Role.OWNER)
NOBODY, OTHERS, MEMBERS, OWNERS = "nobody", ("stranger", "other team"), tuple(map(str, ROLES)), "owner"

PIXELS = {
    "Deep Zoom descriptor": "images/image/{n}/1/0/tile/",
    "Deep Zoom tile": "images/image/{n}/1/0/tile_files/9/0_0.jpeg",
    "Deep Zoom tile of v1": "api/v1/images/images/{n}/1/0/tile_files/9/0_0.png",
    "native information": "tiles/{n}/info.json",
    "native tile": "tiles/{n}/0/0/0/0_0.jpeg",
    "native tile, looked at otherwise": "tiles/{n}/0/0/1/0_0.png?v=1",
    "IIIF": "tiles/{n}/iiif/0.0",
    "IIIF information": "tiles/{n}/iiif/0.0/info.json",
    "IIIF region": "tiles/{n}/iiif/0.0/0,0,100,80/max/0/default.jpg",
    "thumbnail": "api/v1/images/images/{n}/thumbnail/",
    "region": "api/v1/images/images/{n}/get_patch/?x=1&y=1&width=30&height=20",
    "levels": "api/v1/images/images/{n}/slide_information/",
    "metadata": "api/v1/images/images/{n}/metadata/",
    "the ancestor's metadata": "images/api/image/metadata/{n}/",
    "the file": "api/v1/images/images/{n}/download/",
}
LABELS = "tiles/{n}/associated/label.jpeg"


class Site:
    """One slide of a team with somebody in every role; each of them in a browser of their own, or with a password."""

    def __init__(self, server: Application, slide: Path) -> None:
        self.server, self.office = server, Office(server, ADMIN, PASSWORD)
        team = self.office.team("Who sees what")
        self.number = self.office.upload(self.office.image_set(team, "Slides"), slide)["id"]
        self.sessions = {NOBODY: requests.Session(), OWNERS: self._browser(ADMIN)}
        for role in ROLES:
            person = self._person(f"sees-{role}")
            self.office.command("AddMember", team_id=team["team"]["id"], person_id=person, role=str(role))
            self.sessions[str(role)] = self._browser(f"sees-{role}")
        for other in OTHERS:
            self._person(other.replace(" ", "-"))
            self.sessions[other] = self._browser(other.replace(" ", "-"))
        founded = self.sessions["other team"].post(
            f"{server.url}api/v1/users/teams/", json={"name": "Others"}, headers=self._token("other team"), timeout=30
        )
        assert founded.ok, founded.text

    def _person(self, name: str) -> str:
        made = self.office.post("api/v1/users/users/", {"username": name, "password": PASSWORD})
        return str(made["person_id"])

    def _browser(self, name: str) -> requests.Session:
        """Signed in by the form, so that it holds the session cookie and whatever it is given later."""
        session, url = requests.Session(), f"{self.server.url}sign-in/"
        session.get(url, timeout=30)
        form = {"username": name, "password": PASSWORD, "csrfmiddlewaretoken": session.cookies["csrftoken"]}
        assert session.post(url, form, headers={"Referer": url}, timeout=30, allow_redirects=False).status_code == 302
        return session

    def _token(self, who: str) -> dict[str, str]:
        return {"X-CSRFToken": self.sessions[who].cookies["csrftoken"], "Referer": self.server.url}

    def ask(self, who: str, address: str, **headers: str) -> requests.Response:
        url = self.server.url + address.format(n=self.number)
        return self.sessions[who].get(url, headers=headers, timeout=60)

    def statuses(self, address: str) -> dict[str, int]:
        return {who: self.ask(who, address).status_code for who in self.sessions}


@pytest.fixture(scope="module")
def site(server: Application, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(server, svs(tmp_path_factory.mktemp("who") / "slide.svs", (700, 500)))


@pytest.mark.parametrize("address", PIXELS.values(), ids=PIXELS)
def test_pixels_are_for_the_team_alone_whether_they_are_cached_or_not(site: Site, address: str) -> None:
    """Strangers ask first, while nothing is cached, and again when everybody of the team has it."""
    expected = {NOBODY: 403, **dict.fromkeys(OTHERS, 404), **dict.fromkeys((*MEMBERS, OWNERS), 200)}
    cold = {who: site.ask(who, address).status_code for who in (NOBODY, *OTHERS)}
    assert cold == {NOBODY: 403, **dict.fromkeys(OTHERS, 404)}
    assert site.statuses(address) == expected
    assert site.statuses(address) == expected


def test_labels_are_for_administrators_and_owners(site: Site) -> None:
    """This slide has none: whoever may see labels is told that, everybody else that they may not."""
    refused = {NOBODY: 403, **dict.fromkeys(OTHERS, 404), **dict.fromkeys((*MEMBERS, OWNERS), 403)}
    assert site.statuses(LABELS) == {**refused, str(Role.ADMIN): 404, OWNERS: 404}
    assert [site.ask(who, LABELS).json()["code"] for who in (str(Role.VIEWER), OWNERS)] == ["forbidden", "no_such_tile"]


def test_what_a_member_holds_is_not_confirmed_to_others(site: Site) -> None:
    address = PIXELS["native tile"]
    etag = site.ask(OWNERS, address).headers["etag"]
    assert site.ask(OWNERS, address, **{"If-None-Match": etag}).status_code == 304
    assert [site.ask(who, address, **{"If-None-Match": etag}).status_code for who in (NOBODY, *OTHERS)] == [
        403,
        404,
        404,
    ]


def test_a_capability_is_a_cookie_of_the_image_s_addresses_and_nothing_without_the_session(site: Site) -> None:
    site.ask(str(Role.VIEWER), PIXELS["native tile"])
    cookies: Any = {c.path: c for c in site.sessions[str(Role.VIEWER)].cookies if c.name == "exact-tiles"}
    capability = cookies[f"/tiles/{site.number}/"]
    assert capability.has_nonstandard_attr("HttpOnly")
    stolen = {"Cookie": f"exact-tiles={capability.value}"}
    url = f"{site.server.url}{PIXELS['native tile'].format(n=site.number)}"
    assert requests.get(url, headers=stolen, timeout=30).status_code == 403


def test_passwords_and_tokens_open_tiles_too(site: Site) -> None:
    token = site.office.post("users/api/tokens/", {"name": "tiles"})["token"]
    url = f"{site.server.url}{PIXELS['native tile'].format(n=site.number)}"
    for headers, auth in (({"Authorization": f"Bearer {token}"}, None), ({}, (ADMIN, PASSWORD))):
        answer = requests.get(url, headers=headers, auth=auth, timeout=30)
        assert (answer.status_code, answer.cookies.get("exact-tiles")) == (200, None)
