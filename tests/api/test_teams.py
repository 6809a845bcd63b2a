"""Users, teams and memberships: whom one knows of, and who takes whom in."""

import pytest

from exact.domain.teams import Role
from exact.projections.models import MemberRow
from tests.api.clients import V1, Place, client_of
from tests.builders import a_user, a_workplace, someone

pytestmark = pytest.mark.django_db
USERS, TEAMS, MEMBERS = f"{V1}/users/users/", f"{V1}/users/teams/", f"{V1}/users/team_membership/"


@pytest.fixture
def place():
    return Place(a_workplace())


def names(answer):
    return {row["username"] for row in answer.json()["results"]}


def test_one_knows_of_those_who_share_a_team_and_of_oneself(place):
    member = place.workplace.member(Role.VIEWER)
    stranger = someone()
    assert names(place.client.get(USERS)) == {place.owner.name, member.name}
    assert place.client.get(f"{USERS}{stranger.user_id}/").status_code == 404
    assert names(client_of(stranger).get(USERS)) == {stranger.name}


def test_who_manages_members_finds_anybody_by_the_exact_name_or_mail_and_not_by_less(place):
    stranger = a_user("Grace.Hopper", email="grace@example.org")
    assert names(place.client.get(f"{USERS}?username=Grace.Hopper")) == {stranger.username}
    assert names(place.client.get(f"{USERS}?email=Grace@example.org")) == {stranger.username}
    for less in ("username__contains=Grace", "username=Grace", f"id={stranger.pk}", "email=grace"):
        assert names(place.client.get(f"{USERS}?{less}")) == set()
    viewer = client_of(place.workplace.member(Role.VIEWER))
    assert names(viewer.get(f"{USERS}?username=Grace.Hopper")) == set()


def test_mail_addresses_are_shown_to_their_owner_only(place):
    member = place.workplace.member(Role.VIEWER)
    client_of(member).patch(f"{USERS}{member.user_id}/", {"email": "m@example.org"}, format="json")
    assert place.client.get(f"{USERS}{member.user_id}/").json()["email"] is None
    assert client_of(member).get(f"{USERS}{member.user_id}/").json()["email"] == "m@example.org"


def test_nobody_makes_themselves_an_administrator_of_the_site(place):
    url = f"{USERS}{place.owner.user_id}/"
    wanted = {"is_superuser": True, "is_staff": True, "username": "root", "first_name": "Ada"}
    body = place.client.patch(url, wanted, format="json").json()
    assert (body["is_superuser"], body["is_staff"], body["username"]) == (False, False, place.owner.name)
    assert body["name"] == "Ada"
    member = place.workplace.member(Role.VIEWER)
    assert place.client.patch(f"{USERS}{member.user_id}/", {"first_name": "X"}, format="json").status_code == 403


def test_a_team_is_founded_without_the_ancestors_required_lists_and_renamed(place):
    made = place.client.post(TEAMS, {"name": "Pathology", "image_sets": [], "product_set": []}, format="json")
    assert made.status_code == 201
    body = made.json()
    assert (body["members"], body["image_sets"]) == ([place.owner.user_id], [])
    renamed = place.client.patch(
        f"{TEAMS}{body['id']}/", {"name": "Cytology"}, format="json", HTTP_IF_MATCH=made["ETag"]
    )
    assert renamed.json()["name"] == "Cytology"
    stale = place.client.patch(f"{TEAMS}{body['id']}/", {"name": "C"}, format="json", HTTP_IF_MATCH=made["ETag"])
    assert stale.status_code == 409


def test_a_team_shows_its_people_and_things(place):
    body = place.client.get(f"{TEAMS}{place.team}/?expand=members,memberships,image_sets,product_set").json()
    assert [member["username"] for member in body["members"]] == [place.owner.name]
    assert [member["role"] for member in body["memberships"]] == ["owner"]
    assert [row["id"] for row in body["image_sets"]] == [place.image_set]
    assert [row["annotationtype_set"] for row in body["product_set"]] == [sorted(place.types.values())]


def test_members_come_change_role_and_go_in_the_ancestors_words(place):
    grace = a_user("grace")
    sent = {"team": place.team, "username": "grace", "is_admin": False}
    made = place.client.post(MEMBERS, sent, format="json")
    assert made.status_code == 201
    body = made.json()
    assert (body["user"], body["team"], body["role"], body["is_admin"]) == (grace.pk, place.team, "verifier", False)
    url = f"{MEMBERS}{body['id']}/"
    assert place.client.patch(url, {"is_admin": True}, format="json").json()["role"] == "admin"
    assert place.client.patch(url, {"is_admin": True}, format="json").json()["role"] == "admin"
    assert place.client.patch(url, {"role": "viewer"}, format="json").json()["is_admin"] is False
    gone = [place.client.delete(url, HTTP_IDEMPOTENCY_KEY="bye").status_code for _ in range(2)]
    assert gone == [204, 204]
    assert place.client.delete(url).status_code == 404


def test_a_counted_id_takes_in_only_whom_one_knows(place):
    stranger = someone()
    by_id = place.client.post(MEMBERS, {"team": place.team, "user": stranger.user_id}, format="json")
    assert by_id.status_code == 400
    by_person = place.client.post(MEMBERS, {"team": place.team, "user": str(stranger.person_id)}, format="json")
    assert by_person.status_code == 201


def test_who_may_not_manage_members_learns_no_names(place):
    a_user("grace")
    viewer = client_of(place.workplace.member(Role.VIEWER))
    answers = [viewer.post(MEMBERS, {"team": place.team, "username": name}, format="json") for name in ("grace", "x")]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[0].json() == answers[1].json()


def test_a_stranger_joins_no_team(place):
    stranger = someone()
    sent = {"team": place.team, "user": stranger.user_id, "is_admin": True}
    assert client_of(stranger).post(MEMBERS, sent, format="json").status_code == 400
    assert MemberRow.objects.count() == 1


def test_the_last_owner_stays(place):
    answer = place.client.delete(f"{MEMBERS}{place.membership(place.owner)}/")
    assert answer.status_code == 409
    assert "owner" in answer.json()["detail"]


def test_lists_take_as_many_queries_for_many_as_for_one(place, django_assert_max_num_queries):
    urls = [f"{USERS}", f"{MEMBERS}?expand=user,team", f"{TEAMS}?expand=members,image_sets"]
    counts = []
    for url in urls:
        with django_assert_max_num_queries(20) as queries:
            place.client.get(url)
        counts.append(len(queries.captured_queries))
    for _ in range(5):
        place.workplace.member(Role.VIEWER)
        a_workplace(place.owner)
    for url, count in zip(urls, counts, strict=True):
        with django_assert_max_num_queries(count):
            place.client.get(url)
