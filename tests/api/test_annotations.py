"""annotations/annotations as the ancestor's client uses it, without what the ancestor loses."""

import re
from uuid import uuid4

import pytest

from exact.domain.teams import Role
from exact.eventstore.log import read_stream
from exact.projections.models import AnnotationRow
from tests.api.clients import TRIANGLE, V1, Place, annotation, client_of
from tests.builders import a_workplace

pytestmark = pytest.mark.django_db

URL = f"{V1}/annotations/annotations/"


@pytest.fixture
def place():
    return Place(a_workplace())


def test_a_drawn_annotation_is_answered_in_the_ancestors_shape(place):
    answer = place.post(description="mitosis?", meta_data={"score": 0.5})
    body = answer.json()
    assert answer.status_code == 201
    assert (body["image"], body["annotation_type"], body["vector"]) == (place.image, place.polygon, TRIANGLE)
    assert (body["user"], body["last_editor"]) == (place.owner.user_id, place.owner.user_id)
    assert (body["deleted"], body["verified_by_user"], body["generated"]) == (False, False, False)
    assert (body["description"], body["meta_data"]) == ("mitosis?", {"score": 0.5})
    assert (body["uploaded_media_files"], body["annotationversion_set"]) == ([], [])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?", body["time"])
    assert answer["ETag"] == '"v1"'
    assert int(answer["Exact-Position"]) > 0


def test_the_same_identifier_is_edited_and_answered_with_200(place):
    identifier = str(uuid4())
    first = place.post(unique_identifier=identifier)
    second = place.post(unique_identifier=identifier, vector={**TRIANGLE, "x1": 20})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert second.json()["vector"]["x1"] == 20
    assert len(read_stream(annotation(first.json()["id"]).id)) == 2


def test_a_repeated_key_gets_the_first_answer_and_draws_once(place):
    sent = {"HTTP_IDEMPOTENCY_KEY": "k1"}
    body = place.body(unique_identifier=str(uuid4()))
    first, second = (place.client.post(URL, body, format="json", **sent) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first["ETag"] == second["ETag"]
    assert first["Exact-Position"] == second["Exact-Position"]
    assert place.client.post(URL, place.body(description="other"), format="json", **sent).status_code == 422


def test_a_list_is_drawn_whole_or_not_at_all(place):
    good = [place.body(vector={**TRIANGLE, "x1": 10 + i}) for i in range(5)]
    answer = place.client.post(URL, good, format="json")
    assert answer.status_code == 201
    assert [row["vector"]["x1"] for row in answer.json()] == [10, 11, 12, 13, 14]
    bad = [*good, place.body(vector={"x1": 1, "y1": 1, "x2": 9000, "y2": 9000, "x3": 9000, "y3": 9500})]
    twisted = {"x1": 0, "y1": 0, "x2": 10, "y2": 10, "x3": 10, "y3": 0, "x4": 0, "y4": 10}
    refused = place.client.post(URL, [*bad[:5], place.body(vector=twisted)], format="json")
    assert (refused.status_code, refused.json()["index"]) == (400, 5)
    assert AnnotationRow.objects.count() == 5


def test_a_repeated_list_with_a_key_is_drawn_once(place):
    sent = {"HTTP_IDEMPOTENCY_KEY": "list"}
    bodies = [place.body(), place.body(deleted=True)]
    first, second = (place.client.post(URL, bodies, format="json", **sent) for _ in range(2))
    assert first.json() == second.json()
    assert [row["deleted"] for row in first.json()] == [False, True]
    assert AnnotationRow.objects.count() == 2


def test_author_and_time_of_the_client_are_a_claim_and_nothing_more(place):
    body = place.post(user=4711, time="2001-02-03T04:05:06.000000", last_editor=4711).json()
    assert body["user"] == body["last_editor"] == place.owner.user_id
    assert not body["time"].startswith("2001")
    claim = read_stream(annotation(body["id"]).id)[0].fact.claim
    assert (claim.author, claim.time) == ("4711", "2001-02-03T04:05:06.000000")


def test_a_patch_changes_what_is_sent_and_nothing_else(place):
    number = place.post(description="kept").json()["id"]
    changed = {"vector": {**TRIANGLE, "x1": 12.344}, "meta_data": {"a": 1}}
    answer = place.client.patch(f"{URL}{number}/", changed, format="json", HTTP_IF_MATCH='"v1"')
    body = answer.json()
    assert answer.status_code == 200
    assert (body["vector"]["x1"], body["description"], body["meta_data"]) == (12.34, "kept", {"a": 1})
    assert answer["ETag"] == '"v3"'


def test_a_patch_of_an_overtaken_version_is_a_409_with_both(place):
    number = place.post().json()["id"]
    place.client.patch(f"{URL}{number}/", {"vector": {**TRIANGLE, "x1": 15}}, format="json")
    stale = place.client.patch(f"{URL}{number}/", {"description": "x"}, format="json", HTTP_IF_MATCH='"v1"')
    assert stale.status_code == 409
    body = stale.json()
    assert (body["code"], body["expected"], body["changed_by_name"]) == ("stale_version", 1, place.owner.name)
    assert body["current"]["vector"]["points"][0] == 1500


def test_deleting_keeps_the_history_and_a_patch_brings_it_back(place):
    number = place.post().json()["id"]
    gone = place.client.delete(f"{URL}{number}/")
    assert (gone.status_code, gone.content) == (204, b"")
    assert place.client.get(f"{URL}{number}/").json()["deleted"] is True
    back = place.client.patch(f"{URL}{number}/", {"deleted": False}, format="json")
    assert back.json()["deleted"] is False
    facts = place.client.get(f"{URL}{number}/history/").json()["facts"]
    assert [fact["name"] for fact in facts] == ["AnnotationDrawn", "AnnotationRemoved", "AnnotationRestored"]
    assert facts[0]["by_name"] == place.owner.name
    assert facts[0]["data"]["vector"]["points"][:2] == [1000, 1000]


def test_many_are_removed_by_their_numbers_with_or_without_brackets(place):
    numbers = [place.post().json()["id"] for _ in range(3)]
    listed = ",".join(map(str, numbers[:2]))
    answer = place.client.delete(f"{URL}multiple_delete/?id__in=[{listed}]")
    assert (answer.status_code, answer.json()) == (200, {"annotations.Annotation": 2})
    assert AnnotationRow.objects.filter(removed=False).count() == 1
    assert place.client.delete(f"{URL}multiple_delete/").status_code == 404


@pytest.mark.parametrize("spelling", ["true", "True", "TRUE", "1"])
def test_deleted_is_understood_in_every_spelling(place, spelling):
    kept, gone = place.post().json()["id"], place.post().json()["id"]
    place.client.delete(f"{URL}{gone}/")
    found = place.client.get(f"{URL}?deleted={spelling}").json()["results"]
    assert [row["id"] for row in found] == [gone]
    assert place.client.get(f"{URL}count/?deleted=False").json() == {"count": 1}
    assert kept != gone


def test_every_filter_leaves_what_it_says(place):
    numbers = [place.post(vector={**TRIANGLE, "x1": 10 + 100 * i, "x2": 60 + 100 * i, "x3": 10 + 100 * i}).json()["id"]
               for i in range(3)]  # fmt: skip
    other = place.client.post(
        URL, {"image": place.image, "annotation_type": place.types[1], "vector": None}, format="json"
    )
    other = other.json()["id"]
    place.client.post(f"{V1}/annotations/verifications/", {"annotation": numbers[0]}, format="json")
    first = AnnotationRow.objects.get(number=numbers[0])
    expected = {
        f"id__in={numbers[0]},{numbers[2]}": [numbers[0], numbers[2]],
        f"annotation_type={place.types[1]}": [other],
        "vector_type=5": numbers,
        "vector__isnull=True": [other],
        "vector_x_min=100": numbers[1:],
        "vector_x_min=100&vector_x_max=200": [numbers[1]],
        "vector_y_max=5": [],
        f"unique_identifier={first.unique_identifier}": [numbers[0]],
        f"user={place.owner.user_id}": [*numbers, other],
        "user=999999": [],
        f"verified_by={place.owner.user_id}": [numbers[0]],
        "status=accepted": [numbers[0]],
        f"image__image_set={place.image_set}": [*numbers, other],
        "image__in=999999": [],
        "time__gte=2000-01-01T00:00:00": [*numbers, other],
        "time__range=2000-01-01T00:00:00,2001-01-01T00:00:00": [],
        "last_edit_time__lte=2000-01-01": [],
        "unknown=1": [*numbers, other],
    }
    found = {query: [row["id"] for row in place.client.get(f"{URL}?{query}").json()["results"]] for query in expected}
    assert found == expected


def test_next_always_carries_limit_and_offset(place):
    for _ in range(3):
        place.post()
    page = place.client.get(f"{URL}?limit=2").json()
    assert page["count"] == 3
    assert page["next"] == f"http://testserver{URL}?limit=2&offset=2"


def test_fields_omit_and_expand_reach_into_what_is_expanded(place):
    place.post()
    row = place.client.get(f"{URL}?fields=id,image.name,user.username&expand=image,user").json()["results"][0]
    assert row.keys() == {"id", "image", "user"}
    assert (row["image"], row["user"]) == ({"name": "slide.svs"}, {"username": place.owner.name})
    row = place.client.get(f"{URL}?expand=annotation_type.product&omit=annotation_type.product.team").json()["results"][
        0
    ]
    assert row["annotation_type"]["product"]["id"] == place.product
    assert "team" not in row["annotation_type"]["product"]
    assert place.client.get(f"{URL}?fields=nonsense").json()["results"] == [{}]


@pytest.mark.parametrize("query", ["", "?expand=image,annotation_type,user,last_editor", "?expand=image.image_set"])
def test_a_list_takes_as_many_queries_for_50_rows_as_for_one(place, query, django_assert_max_num_queries):
    place.client.post(URL, [place.body()], format="json")
    with django_assert_max_num_queries(20) as one:
        place.client.get(URL + query)
    for_one = len(one.captured_queries)
    place.client.post(URL, [place.body() for _ in range(49)], format="json")
    with django_assert_max_num_queries(for_one):
        assert len(place.client.get(URL + query).json()["results"]) == 50


def test_others_see_nothing_of_it(place):
    number = place.post().json()["id"]
    stranger = Place(a_workplace())
    assert stranger.client.get(URL).json()["count"] == 0
    assert stranger.client.get(f"{URL}{number}/").status_code == 404
    assert stranger.client.get(f"{URL}{number}/history/").status_code == 404
    assert stranger.client.patch(f"{URL}{number}/", {"description": "x"}, format="json").status_code == 404
    assert stranger.client.delete(f"{URL}{number}/").status_code == 404
    mine = stranger.body(image=place.image)
    assert stranger.client.post(URL, mine, format="json").status_code == 400
    assert AnnotationRow.objects.get(number=number).version == 1


def test_a_viewer_reads_and_is_told_why_not_more(place):
    place.post()
    viewer = client_of(place.workplace.member(Role.VIEWER))
    assert viewer.get(URL).json()["count"] == 1
    answer = viewer.post(URL, place.body(), format="json")
    assert answer.status_code == 403
    assert "viewer" in answer.json()["detail"]
