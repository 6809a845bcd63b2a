"""Who may see an image: asked once in ten seconds, and never forgotten for longer."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest

from exact.domain.errors import NotFound, NotSignedIn
from exact.tiles.access import REMEMBERED_S, Access, Answer, Credential
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
        self.access = Access(self.who, self.where, lambda: self.now)

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


@pytest.mark.parametrize("authorization", ["Bearer pat_ann", "Bearer pat_bob", "Bearer pat_wrong"])
def test_an_answer_is_asked_for_once_in_ten_seconds(team: Team, authorization: str) -> None:
    for second in range(10):
        team.now = second
        team.ask(authorization)
    assert (team.asked_who, team.asked_where) == (1, 0 if "wrong" in authorization else 1)
    team.now = REMEMBERED_S
    team.ask(authorization)
    assert team.asked_who == 2


def test_a_removed_member_loses_the_image_within_ten_seconds(team: Team) -> None:
    team.ask("Bearer pat_ann")
    team.members.clear()
    team.now = REMEMBERED_S - 0.01
    assert team.ask("Bearer pat_ann") == FILE
    team.now = REMEMBERED_S
    assert isinstance(team.ask("Bearer pat_ann"), NotFound)


def test_a_revoked_token_is_worth_nothing_after_ten_seconds_even_for_another_image(team: Team) -> None:
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
