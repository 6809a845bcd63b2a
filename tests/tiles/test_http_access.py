"""Who is given what by the tile route: access before any cache, tag or file."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from exact.domain.errors import Forbidden
from exact.tiles.access import Access
from tests.tiles.test_http import TILE, Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


async def test_nobody_gets_nothing(site: Site) -> None:
    for who in ("", "Bearer pat_wrong", "Digest x"):
        answer = await site.get(TILE, who=who)
        assert (answer.status, answer.json["code"]) == (403, "not_signed_in")
    assert answer.headers["content-type"] == "application/json"
    assert site.opened == []


@pytest.mark.parametrize("who", ["Bearer pat_ann", "Basic YW5uOng="])
async def test_tokens_and_passwords_are_credentials(site: Site, who: str) -> None:
    assert (await site.get(TILE, who=who)).status == 200


async def test_a_session_cookie_is_a_credential(site: Site) -> None:
    assert (await site.get(TILE, who="", cookie="a=b; sessionid=ann-session")).status == 200


async def test_a_label_is_shown_to_those_who_may_see_labels_and_kept_nowhere(site: Site) -> None:
    may_not = Access(site.who, lambda _person, _number: Forbidden("Ask an administrator."), lambda: site.now)
    site.route._labels = may_not
    refused = await site.get("/tiles/1/associated/label.jpeg")
    assert (refused.status, refused.json["code"], site.opened) == (403, "forbidden", [])
    site.route._labels = site.route._access
    none = await site.get("/tiles/1/associated/label.jpeg")
    assert (none.status, none.json["code"]) == (404, "no_such_tile")
    with site.service.slides.lease(site.files[1]) as source:
        label = np.full((20, 30, 3), 200, np.uint8)
        source.read_associated = lambda name: {"label 1": label}[name]  # type: ignore[method-assign]
    shown = await site.get("/tiles/1/associated/label 1.jpeg")
    assert Image.open(BytesIO(shown.body)).size == (30, 20)
    assert (shown.headers["cache-control"], shown.headers["content-type"]) == ("no-store", "image/jpeg")


async def test_a_browser_s_kept_tile_stays_good_when_its_capability_is_renewed(site: Site) -> None:
    assert (await site.get(TILE)).headers["vary"] == "authorization"


async def test_a_warm_tile_is_not_given_to_another_team(site: Site) -> None:
    warm = await site.get(TILE)
    stranger = await site.get(TILE, who="Bearer pat_bob")
    assert (stranger.status, stranger.json["code"]) == (404, "not_found")
    matching = await site.get(TILE, who="Bearer pat_bob", if_none_match=warm.headers["etag"])
    assert matching.status == 404
    assert "etag" not in matching.headers


async def test_a_removed_member_loses_warm_tiles_and_304s_within_twenty_seconds(site: Site) -> None:
    etag = (await site.get(TILE)).headers["etag"]
    site.members.clear()
    site.now = 20.0
    assert (await site.get(TILE)).status == 404
    assert (await site.get(TILE, if_none_match=etag)).status == 404
