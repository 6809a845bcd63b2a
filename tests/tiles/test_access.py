"""Who may see an image: asked once in twenty seconds, and believed for no longer; a refusal for five."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest

from exact.domain.errors import NotFound, NotSignedIn
from exact.tiles.access import REFUSED_S, REMEMBERED_S, Access, Answer, Credential
from exact.tiles.capabilities import COOKIE, Capabilities
from exact.tiles.slide_cache import Original

FILE = Original("a" * 64, Path("a"))
ANN, BOB = uuid4(), uuid4()


class Team:
    """Ann is a member, Bob is not; counts how often it was asked."""

    def __init__(self) -> None:
        self.people: dict[str, UUID] = {"Bearer pat_ann": ANN, "Bearer pat_bob": BOB, "session of ann": ANN}
        self.members = {ANN}
        self.asked_who = self.asked_where = 0
        self.now = 0.0
        self.access = self.process()

    def process(self) -> Access:
        """Another process of the site: it remembers nothing, and has the same secret."""
        signing = Capabilities("secret", lambda: 1_800_000_000 + self.now)
        return Access(self.who, self.where, lambda: self.now, signing, lambda sha256: Original(sha256, Path("a")))

    def who(self, credential: Credential) -> UUID | None:
        self.asked_who += 1
        return self.people.get(credential.authorization or credential.cookies["sessionid"])

    def where(self, person: UUID, number: int) -> Original | None:
        self.asked_where += 1
        return FILE if person in self.members and number < 100 else None

    def ask(self, authorization: str, number: int = 1) -> Answer:
        return self.access.ask(Credential(authorization, {}), number)


@pytest.fixture
def team() -> Team:
    return Team()


def test_a_member_gets_the_file_and_a_stranger_hears_that_there_is_none(team: Team) -> None:
    assert team.ask("Bearer pat_ann") == FILE
    assert isinstance(team.ask("Bearer pat_bob"), NotFound)
    assert isinstance(team.ask("Bearer pat_ann", 100), NotFound)


def test_a_wrong_credential_is_nobody(team: Team) -> None:
    assert isinstance(team.ask("Bearer pat_wrong"), NotSignedIn)


def test_without_a_credential_nobody_is_asked(team: Team) -> None:
    assert isinstance(team.access.known(Credential("", {"other": "cookie"}), 1), NotSignedIn)
    assert (team.asked_who, team.asked_where) == (0, 0)


def test_a_session_cookie_is_a_credential(team: Team) -> None:
    assert team.access.ask(Credential("", {"sessionid": "session of ann"}), 1) == FILE


def test_a_grant_is_asked_for_once_in_twenty_seconds(team: Team) -> None:
    for second in range(20):
        team.now = second
        team.ask("Bearer pat_ann")
    assert (team.asked_who, team.asked_where) == (1, 1)
    team.now = REMEMBERED_S
    team.ask("Bearer pat_ann")
    assert (team.asked_who, team.asked_where) == (2, 2)


@pytest.mark.parametrize("authorization", ["Bearer pat_bob", "Bearer pat_wrong"])
def test_a_refusal_is_asked_for_again_after_five_seconds(team: Team, authorization: str) -> None:
    for second in range(5):
        team.now = second
        team.ask(authorization)
    assert (team.asked_who, team.asked_where) == (1, 0 if "wrong" in authorization else 1)
    team.now = REFUSED_S
    team.members.add(BOB)
    team.people["Bearer pat_wrong"] = BOB
    assert team.ask(authorization) == FILE


def test_a_removed_member_loses_the_image_within_twenty_seconds(team: Team) -> None:
    team.ask("Bearer pat_ann")
    team.members.clear()
    team.now = REMEMBERED_S - 0.01
    assert team.ask("Bearer pat_ann") == FILE
    team.now = REMEMBERED_S
    assert isinstance(team.ask("Bearer pat_ann"), NotFound)


def test_a_revoked_token_is_worth_nothing_after_twenty_seconds_even_for_another_image(team: Team) -> None:
    team.ask("Bearer pat_ann", 1)
    del team.people["Bearer pat_ann"]
    team.now = REMEMBERED_S - 1
    assert team.ask("Bearer pat_ann", 2) == FILE  # who it is was remembered
    team.now = REMEMBERED_S
    assert isinstance(team.ask("Bearer pat_ann", 1), NotSignedIn)
    assert isinstance(team.ask("Bearer pat_ann", 2), NotSignedIn)


def test_answers_of_one_credential_are_not_those_of_another(team: Team) -> None:
    assert team.ask("Bearer pat_ann") == FILE
    assert team.access.known(Credential("Bearer pat_bob", {}), 1) is None
    assert team.access.known(Credential("Bearer pat_ann", {"sessionid": "x"}), 1) is None


def test_memory_holds_no_credential(team: Team) -> None:
    team.ask("Bearer pat_ann")
    assert "pat_ann" not in repr(vars(team.access._answers)) + repr(vars(team.access._people))


def ann(capability: str | None = None, session: str = "session of ann") -> Credential:
    """Ann's browser."""
    return Credential("", {"sessionid": session, **({} if capability is None else {COOKIE: capability})})


def signed(team: Team, number: int = 1) -> str:
    """What her browser was given."""
    team.access.ask(ann(), number)
    text = team.access.to_keep(ann(), number)
    assert text is not None
    return text


def test_with_a_capability_another_process_asks_nobody(team: Team) -> None:
    text = signed(team)
    asked = (team.asked_who, team.asked_where)
    other = team.process()
    assert other.known(ann(text), 1) == FILE
    assert other.known(ann(text), 1) == FILE  # remembered now
    assert (team.asked_who, team.asked_where) == asked


def test_a_capability_alone_or_with_another_session_is_nothing(team: Team) -> None:
    text, other = signed(team), team.process()
    assert isinstance(other.known(Credential("", {COOKIE: text}), 1), NotSignedIn)
    assert other.known(ann(text, "session of bob"), 1) is None
    assert other.known(Credential("Bearer pat_bob", {"sessionid": "session of ann", COOKIE: text}), 1) is None
    assert other.known(ann(text), 2) is None


def test_a_removed_member_loses_the_image_within_thirty_seconds_whatever_processes_remember(team: Team) -> None:
    """Who it is was asked first, the image nineteen seconds later, and another process heard of it last."""
    team.access.ask(ann(), 2)
    team.now = 19.0
    text = signed(team)
    team.members.clear()
    other = team.process()
    team.now = 19.9
    assert other.known(ann(text), 1) == FILE
    team.now = 20.0
    assert other.known(ann(text), 1) is None
    assert isinstance(other.ask(ann(text), 1), NotFound)
    assert isinstance(team.access.ask(ann(text), 1), NotFound)


def test_a_capability_that_is_over_is_replaced(team: Team) -> None:
    text = signed(team)
    assert team.access.to_keep(ann(text), 1) is None
    team.now = REMEMBERED_S
    assert team.access.known(ann(text), 1) is None
    assert signed(team) != text


def test_tokens_and_strangers_are_given_none(team: Team) -> None:
    team.ask("Bearer pat_ann")
    team.ask("Bearer pat_bob")
    for authorization in ("Bearer pat_ann", "Bearer pat_bob"):
        assert team.access.to_keep(Credential(authorization, {"sessionid": "session of ann"}), 1) is None
