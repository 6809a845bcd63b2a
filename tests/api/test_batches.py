"""POST /commands/batch/ and the lists of the ancestor: one request, one command."""

from uuid import uuid4

import pytest

from exact.domain.identifiers import annotation_stream
from exact.eventstore import log
from exact.projections.models import AnnotationRow
from tests.api.clients import TRIANGLE, V1, Place
from tests.builders import a_workplace

pytestmark = pytest.mark.django_db

URL = f"{V1}/commands/batch/"
LISTS = f"{V1}/annotations/annotations/"
SHAPE = {"vector_type": 5, "points": [1000, 1000, 6000, 1000, 1000, 6000]}


@pytest.fixture
def place():
    return Place(a_workplace())


def a_draw(place, **fields):
    work = place.workplace
    ids = {"image_id": str(work.image_id), "annotation_type_id": str(work.types[5])}
    return {"command": "DrawAnnotation", **ids, "vector": SHAPE, **fields}


def send(place, *commands, **more):
    headers = {key: more.pop(key) for key in list(more) if key.startswith("HTTP_")}
    return place.client.post(URL, {"commands": commands, **more}, format="json", **headers)


def test_a_batch_is_answered_with_one_range_and_a_result_for_each(place):
    identifier, before = uuid4(), log.head()
    drawn = str(annotation_stream(place.workplace.image_id, identifier))
    verify = {"command": "VerifyAnnotation", "annotation_id": drawn, "verdict": "accepted"}
    answer = send(place, a_draw(place, unique_identifier=str(identifier)), verify, a_draw(place))
    body = answer.json()
    assert answer.status_code == 200
    assert (body["first_position"], body["position"]) == (before + 1, before + 3)
    assert [one["version"] for one in body["results"]] == [1, 2, 1]
    assert body["results"][0] == {"id": drawn, "number": AnnotationRow.objects.get(id=drawn).number, "version": 1}
    assert answer["Exact-Command"] == body["command_id"]
    assert answer["Exact-Position"] == str(body["position"])
    assert "ETag" not in answer


def test_the_same_key_gets_the_same_answer_and_another_body_none(place):
    key, command = {"HTTP_IDEMPOTENCY_KEY": "k"}, a_draw(place)
    first = send(place, command, command, **key)
    assert send(place, command, command, **key).json() == first.json()
    assert AnnotationRow.objects.count() == 2
    assert send(place, command, **key).status_code == 422
    remove = {"annotation_id": first.json()["results"][0]["id"]}
    gone = {"HTTP_IDEMPOTENCY_KEY": "r"}
    assert send(place, {"command": "RemoveAnnotation", **remove}, **gone).status_code == 200
    assert send(place, {"command": "RestoreAnnotation", **remove}, **gone).status_code == 422


def test_commands_that_belong_together_are_found_by_the_client_s_own_id(place):
    work = str(uuid4())
    first = send(place, a_draw(place), correlation_id=work).json()["command_id"]
    headers = {"HTTP_EXACT_CORRELATION": work}
    second = place.client.post(f"{V1}/commands/", a_draw(place), format="json", **headers)["Exact-Command"]
    assert [str(one) for one in log.together(work)] == [first, second]
    assert {str(recorded.fact.correlation_id) for recorded in log.facts_of(first)} == {work}
    refused = place.client.post(f"{V1}/commands/", a_draw(place), format="json", HTTP_EXACT_CORRELATION="x")
    assert (refused.status_code, refused.json()["code"]) == (400, "correlation")


def test_a_stale_version_says_which_command_and_both_versions(place):
    number = place.post().json()["id"]
    place.client.patch(f"{LISTS}{number}/", {"vector": {**TRIANGLE, "x1": 15}}, format="json")
    drawn = str(AnnotationRow.objects.get(number=number).id)
    stale = {"command": "ReshapeAnnotation", "annotation_id": drawn, "vector": SHAPE, "expected_version": 1}
    answer = send(place, a_draw(place), stale)
    assert answer.status_code == 409
    assert (answer.json()["code"], answer.json()["index"], answer.json()["expected"]) == ("stale_version", 1, 1)
    assert answer.json()["current"]["version"] == 2
    assert AnnotationRow.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "code", "index"),
    [
        ({"commands": []}, "batch_size", None),
        ({"commands": [{"command": "RemoveAnnotation"}] * 501}, "batch_size", None),
        ({"commands": {"command": "RemoveAnnotation"}}, "invalid_batch", None),
        ({"commands": [{"command": "FoundTeam", "name": "x"}], "surprise": 1}, "invalid_batch", None),
        ({"commands": ["RemoveAnnotation"]}, "invalid_batch", None),
        ({"commands": [{"command": "FoundTeam", "name": "x"}], "correlation_id": "x"}, "invalid_batch", None),
        ([], "invalid_batch", None),
        ({"commands": [{"command": "FoundTeam", "name": "x"}, {"command": "Dance"}]}, "unknown_command", 1),
        ({"commands": [{"command": "FoundTeam", "name": "x"}, {"command": "FoundTeam"}]}, "invalid_command", 1),
        ({"commands": [{"command": "FoundTeam", "name": "x", "expected_version": "x"}]}, "invalid_command", 0),
        ({"commands": [{"command": "Batch", "wishes": []}]}, "unknown_command", 0),
    ],
)
def test_what_is_no_batch_is_refused_with_a_sentence(place, body, code, index):
    before = log.head()
    answer = place.client.post(URL, body, format="json")
    assert (answer.status_code, answer.json()["code"], answer.json().get("index")) == (400, code, index)
    assert log.head() == before


def test_if_match_says_nothing_about_several_things(place):
    answer = send(place, a_draw(place), HTTP_IF_MATCH='"v1"')
    assert (answer.status_code, answer.json()["code"]) == (400, "if_match")


def test_a_list_is_one_command(place):
    before = log.head()
    bodies = [place.body(), place.body(deleted=True), place.body(unique_identifier=str(uuid4()))]
    answer = place.client.post(LISTS, bodies, format="json")
    assert answer.status_code == 201
    assert [row["deleted"] for row in answer.json()] == [False, True, False]
    names = [type(recorded.fact).__name__ for recorded in log.facts_of(answer["Exact-Command"])]
    assert names == ["AnnotationDrawn", "AnnotationDrawn", "AnnotationRemoved", "AnnotationDrawn"]
    assert log.head() == before + 4
    assert place.client.post(LISTS, [], format="json").json() == []


def test_many_are_removed_by_one_command(place):
    numbers = [row["id"] for row in place.client.post(LISTS, [place.body() for _ in range(3)], format="json").json()]
    url = f"{LISTS}multiple_delete/?id__in={','.join(map(str, numbers))}"
    first, second = (place.client.delete(url, HTTP_IDEMPOTENCY_KEY="k") for _ in range(2))
    assert first.json() == second.json() == {"annotations.Annotation": 3}
    assert first["Exact-Command"] == second["Exact-Command"]
    assert len(log.facts_of(first["Exact-Command"])) == 3
