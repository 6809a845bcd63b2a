"""Nasty inputs at every door: a 4xx with a sentence, never a 500, and no fact."""

import itertools
import json

import pytest

from exact.accounts.models import User
from exact.eventstore.log import head
from tests.api.clients import TRIANGLE, V1, Place, annotation
from tests.builders import a_workplace

pytestmark = pytest.mark.django_db

BODIES = [
    "", "{", "NaN", '{"name": NaN}', '{"name": 1e999}', "[" * 3000, '"text"', "7", "null", "[]", "{}", "[[]]", "[7]",
    '{"name": "\\u0000"}', '{"name": "\\ud800x"}', '{"name": {"a": 1}}', '{"name": ["a"]}', "\ufeff{}",
    '{"vector": "\\u0000"}', '{"meta_data": {"\\u0000": 1}}',
]  # fmt: skip
"""Sent to every write as they are."""

VALUES = [
    None, "", "x", "x" * 5000, "a\nb", -1, 0, 2**31, 10**40, 1e308, True, [], ["x"], {}, {"a": 1},
    "00000000-0000-0000-0000-000000000000", "999999",
]  # fmt: skip
"""Sent in place of every field."""

VECTORS = [
    [], "x", 7, {"x1": 1}, {"x1": "1", "y1": 2, "x2": 3, "y2": 4}, {**TRIANGLE, "x1": 1e308},
    {**TRIANGLE, "x1": 10**400}, {**TRIANGLE, "frame": 1e300}, {**TRIANGLE, "frame": -1}, {**TRIANGLE, "plane": 7},
    {**TRIANGLE, "plane": []}, {**TRIANGLE, "x9": 1, "y9": 1}, {**TRIANGLE, "x1": None}, {**TRIANGLE, "x1": True},
    {**TRIANGLE, "frame": "1"}, {"x1": 0, "y1": 0, "x2": 10, "y2": 10, "x3": 10, "y3": 0, "x4": 0, "y4": 10},
    {"": 1},
]  # fmt: skip


@pytest.fixture
def place():
    """Its owner need not be looked up by session for each of thousands of requests."""
    place = Place(a_workplace())
    place.client.force_authenticate(User.objects.get(person_id=place.owner.person_id))
    return place


def doors(place, number):
    """Every write of REST: method, address, a body that is right."""
    a, v = f"{V1}/annotations/annotations/", f"{V1}/annotations/verifications/"
    kinds, products = f"{V1}/annotations/annotation_types/", f"{V1}/administration/products/"
    teams, members, sets = f"{V1}/users/teams/", f"{V1}/users/team_membership/", f"{V1}/images/image_sets/"
    identity = str(annotation(number).id)
    drawn = place.body(description="", meta_data={}, deleted=False, unique_identifier=identity, time="x", user=1)
    kind = {"name": "t", "vector_type": 5, "product": place.product, "color_code": "#aabbcc", "node_count": 0,
            "default_width": 5, "sort_order": 1, "closed": True}  # fmt: skip
    return [
        ("post", a, drawn),
        ("patch", f"{a}{number}/", drawn),
        ("post", v, {"annotation": number, "verified": True, "of_version": 1}),
        ("post", kinds, kind),
        ("patch", f"{kinds}{place.polygon}/", kind),
        ("post", products, {"name": "p", "team": place.team, "description": "", "imagesets": []}),
        ("patch", f"{products}{place.product}/", {"name": "p", "description": "", "imagesets": []}),
        ("post", sets, {"name": "s", "team": place.team, "description": "", "product_set": []}),
        ("patch", f"{sets}{place.image_set}/", {"name": "s", "description": "", "product_set": []}),
        ("patch", f"{V1}/images/images/{place.image}/", {"name": "i", "image_set": place.image_set}),
        ("post", teams, {"name": "t"}),
        ("patch", f"{teams}{place.team}/", {"name": "t"}),
        ("post", members, {"team": place.team, "user": 1, "username": "u", "role": "viewer", "is_admin": True}),
        ("patch", f"{members}{place.membership(place.owner)}/", {"role": "owner", "is_admin": True}),
        ("patch", f"{V1}/users/users/{place.owner.user_id}/", {"first_name": "a", "email": "a@example.org"}),
        ("post", "/users/api/tokens/", {"name": "t", "expires_at": "2100-01-01T00:00:00Z"}),
        ("post", f"{V1}/datasets/exports/", {"image": place.image, "position": 1, "format": "csv", "version": 1}),
        ("post", f"{V1}/datasets/versions/1/withdraw/", {"reason": "x"}),
        ("post", f"{V1}/commands/", {"command": "DescribeAnnotation", "annotation_id": identity, "description": ""}),
        ("post", f"{V1}/commands/", {"command": "ReshapeAnnotation", "annotation_id": identity, "vector": TRIANGLE}),
    ]


def sentence_of(answer):
    body = answer.json()
    return isinstance(body, dict) and isinstance(body.get("detail"), str) and body["detail"] and body.get("code")


def wrong(answer):
    """A 5xx, or a 4xx that says nothing."""
    return answer.status_code >= 500 or (answer.status_code >= 400 and not sentence_of(answer))


def test_every_write_refuses_every_broken_body(place):
    number = place.post().json()["id"]
    place.client.raise_request_exception = False
    found = []
    for (method, url, _), body in itertools.product(doors(place, number), BODIES):
        answer = getattr(place.client, method)(url, body, content_type="application/json")
        if wrong(answer):
            found.append((method, url, body[:30], answer.status_code, answer.content[:80]))
    assert found == []


def test_every_field_of_every_write_refuses_or_takes_every_value(place):
    number = place.post().json()["id"]
    place.client.raise_request_exception = False
    found = []
    for method, url, good in doors(place, number):
        for name, value in itertools.product(good, VALUES):
            answer = getattr(place.client, method)(
                url, json.dumps({**good, name: value}), content_type="application/json"
            )
            if wrong(answer):
                found.append((method, url, name, str(value)[:30], answer.status_code, answer.content[:80]))
    assert found == []


@pytest.mark.django_db(transaction=True)
def test_freezing_refuses_or_takes_every_value():
    place = Place(a_workplace())
    place.client.raise_request_exception = False
    url, good = f"{V1}/datasets/versions/", {"name": "v", "image_sets": [place.image_set], "description": ""}
    bodies = [json.dumps({**good, name: value}) for name, value in itertools.product(good, VALUES)]
    answers = [place.client.post(url, body, content_type="application/json") for body in [*bodies, *BODIES]]
    assert [answer.content for answer in answers if wrong(answer)] == []


def test_every_impossible_shape_is_refused(place):
    place.client.raise_request_exception = False
    position = head()
    answers = {str(vector)[:60]: place.post(vector=vector) for vector in VECTORS}
    assert {shape: answer.status_code for shape, answer in answers.items()} == dict.fromkeys(answers, 400)
    assert all(map(sentence_of, answers.values()))
    assert head() == position


@pytest.mark.parametrize("header", ["x", '"v1", "v2"', "v" + "9" * 40, "-1", "W/", ""])
def test_an_if_match_that_makes_no_sense_is_refused(place, header):
    number = place.post().json()["id"]
    url = f"{V1}/annotations/annotations/{number}/"
    answer = place.client.patch(url, {"description": "x"}, format="json", HTTP_IF_MATCH=header)
    assert (answer.status_code, answer.json()["code"]) == (400, "if_match")


def test_a_version_that_nobody_has_seen_is_stale(place):
    number = place.post().json()["id"]
    url = f"{V1}/annotations/annotations/{number}/"
    assert place.client.patch(url, {"description": "x"}, format="json", HTTP_IF_MATCH='"v99"').status_code == 409


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_without_a_length_that_can_be_kept_is_refused(place, key):
    answer = place.client.post(f"{V1}/users/teams/", {"name": "t"}, format="json", HTTP_IDEMPOTENCY_KEY=key)
    assert answer.status_code == 400


QUERIES = [
    "id=x", "id=-1", "id=99999999999999999999", "id__in=1,x", "id__in=99999999999999", "time__gte=x",
    "time__range=1", "unique_identifier=x", "unique_identifier__in=x", "image=1e9", "vector_x_min=x", "name=%00",
    "name__contains=%00", "limit=-1", "limit=x", "limit=99999999999999999999", "offset=99999999999999999999",
    "offset=-5", "expand=x.y.z", "expand=image.image_set.team.members", "expand=~all", "expand=*", "fields=x",
    "omit=id", "description=%00", "num_annotations_min=x", "num_annotations_min=99999999999999999999",
    "mpp__range=a,b", "mpp__range=1e400,2", "annotation_type=99999999999999999999", "username=%00", "email=%00",
    "team=x", "user=99999999999999", "role=%00", "verified=x", "status=x", "at=x", "min_position=x", "image_set=%00",
    "format=xml", "deleted=maybe", "vector_x_min=1e400", "width__range=1", "id__in=" + ",".join(["1"] * 3000),
]  # fmt: skip


def test_every_list_answers_every_query(place):
    place.post()
    place.client.raise_request_exception = False
    names = ["users/users", "users/teams", "users/team_membership", "images/image_sets", "images/images",
             "administration/products", "annotations/annotation_types", "annotations/annotations",
             "annotations/verifications", "activity", "datasets/versions",
             "annotations/annotations/count",
             f"images/images/{place.image}/annotations", f"images/image_sets/{place.image_set}/progress"]  # fmt: skip
    found = []
    for name, query in itertools.product(names, QUERIES):
        answer = place.client.get(f"{V1}/{name}/?{query}")
        if wrong(answer):
            found.append((name, query[:60], answer.status_code, answer.content[:80]))
    assert found == []


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999999999999999", "1.5", "%00", "%D9%A1", "1,2", "None"])
def test_a_number_that_no_thing_has_is_a_404_in_json(place, number):
    place.client.raise_request_exception = False
    for name in ("users/users", "users/teams", "users/team_membership", "images/image_sets", "images/images",
                 "administration/products", "annotations/annotation_types", "annotations/annotations",
                 "annotations/verifications", "datasets/versions", "datasets/exports"):  # fmt: skip
        for method in ("get",) if name.startswith("datasets") else ("get", "patch"):
            answer = getattr(place.client, method)(f"{V1}/{name}/{number}/", content_type="application/json")
            assert answer.status_code == 404, (name, method, answer.content)
            assert sentence_of(answer)


def test_an_address_below_the_api_that_nobody_answers_is_a_404_in_json(place):
    answer = place.client.post(f"{V1}/nothing/here/", {}, format="json")
    assert answer.status_code == 404
    assert sentence_of(answer)


def test_a_body_of_another_kind_or_too_large_is_refused(place, settings):
    url = f"{V1}/users/teams/"
    assert place.client.post(url, "<x/>", content_type="text/xml").status_code == 415
    assert place.client.post(url, {"name": "by form"}).status_code == 415
    assert place.client.post(url, "name=by+form", content_type="application/x-www-form-urlencoded").status_code == 201
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert place.client.post(url, {"name": "x" * 2000}, format="json").status_code == 413


@pytest.mark.parametrize("accept", ["application/json", "image/png", "text/html", "nonsense"])
def test_the_accept_header_changes_nothing(place, accept):
    answer = place.client.get(f"{V1}/me", HTTP_ACCEPT=accept)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
