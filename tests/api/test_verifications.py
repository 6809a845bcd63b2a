"""annotations/verifications: one verdict of each person, for the version that was seen."""

import pytest

from exact.domain.teams import Role
from tests.api.clients import TRIANGLE, V1, Place, client_of
from tests.builders import a_workplace

pytestmark = pytest.mark.django_db
URL = f"{V1}/annotations/verifications/"


@pytest.fixture
def place():
    return Place(a_workplace())


def test_a_verdict_is_given_changed_and_withdrawn(place):
    annotation = place.post().json()["id"]
    given = place.client.post(URL, {"annotation": annotation, "verified": True, "user": 4711}, format="json")
    assert given.status_code == 201
    body = given.json()
    assert (body["annotation"], body["user"], body["verified"], body["valid"]) == (
        annotation,
        place.owner.user_id,
        True,
        True,
    )
    assert place.client.get(f"{V1}/annotations/annotations/{annotation}/").json()["verified_by_user"] is True
    url = f"{URL}{body['id']}/"
    changed = place.client.patch(url, {"verified": False}, format="json").json()
    assert (changed["verified"], changed["verdict"], changed["id"]) == (False, "rejected", body["id"])
    assert place.client.post(URL, {"annotation": annotation}, format="json").status_code == 200
    gone = [place.client.delete(url, HTTP_IDEMPOTENCY_KEY="back").status_code for _ in range(2)]
    assert gone == [204, 204]
    assert place.client.get(f"{V1}/annotations/annotations/{annotation}/").json()["status"] == "open"


def test_a_verdict_ends_with_the_content_it_was_given_for(place):
    annotation = place.post().json()["id"]
    verification = place.client.post(URL, {"annotation": annotation}, format="json").json()["id"]
    moved = {"vector": {**TRIANGLE, "x1": 20}}
    place.client.patch(f"{V1}/annotations/annotations/{annotation}/", moved, format="json")
    assert place.client.get(f"{URL}{verification}/").json()["valid"] is False
    row = place.client.get(f"{V1}/annotations/annotations/{annotation}/").json()
    assert (row["verified_by_user"], row["status"]) == (False, "open")
    stale = place.client.post(URL, {"annotation": annotation, "of_version": 1}, format="json")
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_version")


def test_nobody_changes_the_verdict_of_another(place):
    annotation = place.post().json()["id"]
    verification = place.client.post(URL, {"annotation": annotation}, format="json").json()["id"]
    other = client_of(place.workplace.member(Role.VERIFIER))
    assert other.patch(f"{URL}{verification}/", {"verified": False}, format="json").status_code == 403
    assert other.delete(f"{URL}{verification}/").status_code == 403
    assert other.get(f"{URL}?user={place.owner.user_id}&verified=True").json()["count"] == 1


def test_lists_of_verdicts_take_a_fixed_number_of_queries(place, django_assert_max_num_queries):
    url = f"{URL}?expand=annotation.image,user"
    place.client.post(URL, {"annotation": place.post().json()["id"]}, format="json")
    with django_assert_max_num_queries(20) as queries:
        place.client.get(url)
    count = len(queries.captured_queries)
    for _ in range(8):
        place.client.post(URL, {"annotation": place.post().json()["id"]}, format="json")
    with django_assert_max_num_queries(count):
        assert place.client.get(url).json()["count"] == 9
