"""A capability says one thing to one session about one image, for seconds."""

from uuid import uuid4

import pytest

from exact.tiles.capabilities import CLOCKS_APART_S, LASTS_S, Capabilities, Capability, set_cookie

ANN = uuid4()
MAY_SEE = Capability(7, ANN, "ab" * 32)
SESSION = "session of ann"


class Site:
    """Two processes of one site, whose clock stands still."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.one, self.other = (Capabilities("secret", lambda: self.now) for _ in range(2))

    def sign(self, lasts_s: float = LASTS_S) -> str:
        return self.one.sign(MAY_SEE, SESSION, lasts_s)


@pytest.fixture
def site() -> Site:
    return Site()


def test_another_process_of_the_site_reads_what_one_has_signed(site: Site) -> None:
    read = site.other.read(site.sign(), 7, SESSION)
    assert read is not None
    assert (read[0], round(read[1])) == (MAY_SEE, LASTS_S)


def test_it_ends_by_itself(site: Site) -> None:
    text = site.sign()
    site.now += LASTS_S - 0.01
    assert site.one.read(text, 7, SESSION) is not None
    site.now += 0.02
    assert site.one.read(text, 7, SESSION) is None


def test_it_is_worth_nothing_for_another_image_session_or_site(site: Site) -> None:
    text = site.sign()
    assert site.one.read(text, 8, SESSION) is None
    assert site.one.read(text, 7, "session of bob") is None
    assert site.one.read(text, 7, "") is None
    assert Capabilities("another secret", lambda: site.now).read(text, 7, SESSION) is None


def test_no_character_of_it_can_be_changed(site: Site) -> None:
    text = site.sign()
    for place, was in enumerate(text):
        for other in "0Z.-":
            if other != was:
                assert site.one.read(text[:place] + other + text[place + 1 :], 7, SESSION) is None, place


@pytest.mark.parametrize("text", ["", "x", "1.2.3.4", ".".join(["9" * 16, "0" * 32, "0" * 64, "A" * 22]), "\ud800"])
def test_nonsense_is_no_capability(site: Site, text: str) -> None:
    assert site.one.read(text, 7, SESSION) is None


def test_one_that_would_last_longer_than_any_that_is_signed_is_not_believed(site: Site) -> None:
    """A clock that was set back would otherwise make it last for hours."""
    text = site.sign()
    site.now -= CLOCKS_APART_S - 1
    assert site.one.read(text, 7, SESSION) is not None
    site.now -= 2
    assert site.one.read(text, 7, SESSION) is None


def test_the_cookie_stays_in_the_image_s_addresses_and_out_of_reach_of_scripts() -> None:
    assert set_cookie("text", "/tiles/7/", secure=True) == (
        b"exact-tiles=text; Path=/tiles/7/; Max-Age=20; HttpOnly; SameSite=Lax; Secure"
    )
    assert b"Secure" not in set_cookie("text", "/tiles/7/", secure=False)
