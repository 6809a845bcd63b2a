"""Imports by REST: a file is sent in any of the usual ways, looked after, cancelled, undone and restored."""

import gzip
import io
import json
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from exact.accounts.models import User
from exact.api.v1 import imports as door
from exact.commands.annotations import ReshapeAnnotation
from exact.commands.bus import dispatch
from exact.datasets import work
from exact.domain.teams import Role
from exact.eventstore.log import head
from exact.exchange import imports
from exact.exchange.imports import perform, unfinished
from exact.exchange.models import ImportRun
from exact.projections.annotations import AnnotationRow
from tests.api.clients import V1, Place, client_of
from tests.builders import a_polygon, a_workplace, an_import, someone
from tests.exchange.files import a_row, crossing, jsonl

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("services")]
URL = f"{V1}/annotations/imports/"


@pytest.fixture(autouse=True)
def imports_folder(tmp_path, settings):
    settings.IMPORTS = tmp_path / "imports"


@pytest.fixture
def place():
    return Place(a_workplace())


def post(place, data, kind="application/x-ndjson", client=None, headers=None, **words):
    words = {"image": place.image, **words}
    query = "&".join(f"{name}={value}" for name, value in words.items() if value is not None)
    return (client or place.client).generic("POST", f"{URL}?{query}", data, content_type=kind, headers=headers)


def ended(place, data, **words):
    """What the import is after the worker has done it."""
    answer = post(place, data, **words)
    assert answer.status_code == 202, answer.content
    perform(UUID(answer.json()["id"]))
    return place.client.get(f"{URL}{answer.json()['id']}/").json()


def shown():
    return AnnotationRow.objects.filter(removed=False).count()


def test_a_file_is_taken_and_the_answer_says_where_to_look(place):
    words = {"source": "HoVer-Net on batch 7", "model": "hovernet", "model_digest": "ab12"}
    data = jsonl(a_row(1), a_row(2))
    answer = post(place, data, filename="cells.jsonl", parameters='{"threshold": 0.5}', **words)
    assert answer.status_code == 202
    body = answer.json()
    assert answer["Location"].rstrip("/") == f"{URL}{body['id']}"
    expected = {"state": "queued", "progress": 0.0, "image_set": place.image_set, "image": place.image, **words,
                "format": "jsonl", "filename": "cells.jsonl", "parameters": {"threshold": 0.5},
                "number": None, "user": place.owner.user_id}  # fmt: skip
    assert {name: body[name] for name in expected} == expected
    assert shown() == 0
    perform(ImportRun.objects.get().id)
    after = place.client.get(answer["Location"]).json()
    assert (after["state"], after["progress"], after["annotation_count"], after["rows_done"]) == ("complete", 1.0, 2, 2)
    assert after["number"] == 1
    assert shown() == 2


FEATURES = json.dumps({"type": "FeatureCollection", "features": [
    {"type": "Feature", "id": str(uuid4()), "properties": {"classification": {"name": "polygon"}},
     "geometry": {"type": "Polygon", "coordinates": [[[1, 1], [9, 1], [1, 9], [1, 1]]]}}]}).encode()  # fmt: skip


KINDS = ["x-ndjson", "geo+json", "json", "octet-stream", "x-www-form-urlencoded", "x"]


@pytest.mark.parametrize("kind", [f"application/{word}" for word in KINDS])
def test_the_content_decides_and_not_what_it_is_called(place, kind):
    assert ended(place, FEATURES, kind=kind)["format"] == "geojson"
    assert ended(place, jsonl(a_row()), kind=kind)["format"] == "jsonl"
    assert shown() == 2


def test_gzip_is_taken_as_a_file_and_as_an_encoding(place):
    packed = gzip.compress(jsonl(a_row()))
    assert ended(place, packed, kind="application/gzip")["state"] == "complete"
    assert ended(place, packed, headers={"Content-Encoding": "gzip"})["state"] == "complete"
    answer = post(place, packed, headers={"Content-Encoding": "br"})
    assert (answer.status_code, answer.json()["code"]) == (415, "content_encoding")


def test_a_form_is_taken_with_its_fields_before_the_file(place):
    fields = {
        "image_set": place.image_set,
        "annotation_type": "polygon",
        "on_bad_rows": "set_aside",
        "image": place.image,
    }
    file = SimpleUploadedFile("nüclei.jsonl", jsonl({"points": [[1, 1], [9, 1], [1, 9]]}, crossing()))
    answer = place.client.post(URL, {**fields, "file": file})
    assert (answer.status_code, answer.json()["filename"]) == (202, "nüclei.jsonl")
    perform(ImportRun.objects.get().id)
    body = place.client.get(f"{URL}{answer.json()['id']}/").json()
    assert (body["state"], body["rows_good"], body["rows_bad"]) == ("complete", 1, 1)
    assert place.client.post(URL, fields).json()["code"] == "no_file"


def test_an_unpaired_set_and_image_and_other_words_are_refused(place):
    other = Place(a_workplace(owner=place.owner))
    for words, code in [
        ({"image": None}, "image_set_missing"),
        ({"image": None, "image_set": 999}, "not_found"),
        ({"image": 999}, "not_found"),
        ({"image_set": other.image_set}, "image_set"),
        ({"on_bad_rows": "guess"}, "on_bad_rows"),
        ({"format": "xml"}, "unsupported_format"),
        ({"parameters": "[1]"}, "parameters_invalid"),
        ({"filename": "a|b"}, "bad_filename"),
    ]:
        answer = post(place, jsonl(a_row()), **words)
        assert (answer.status_code // 100, answer.json()["code"]) == (4, code), words
    assert not ImportRun.objects.exists()


def test_the_same_key_names_the_same_import(place):
    first, again = (post(place, jsonl(a_row()), headers={"Idempotency-Key": "k"}).json() for _ in range(2))
    assert first["id"] == again["id"]
    answer = post(place, jsonl(a_row(1)), headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert ImportRun.objects.count() == 1


def test_bad_rows_are_told_by_line_and_can_be_taken_away(place, monkeypatch):
    monkeypatch.setattr(door, "LISTED_MAX", 4)
    before = head()
    body = ended(place, jsonl(a_row(), *(crossing(description=str(n)) for n in range(6))))
    assert (body["state"], body["problem"]) == ("refused", "6 of 7 rows are bad; nothing was imported.")
    assert (head(), shown()) == (before, 0)
    page = place.client.get(f"{body['problems']}?limit=3").json()
    assert (page["count"], page["total"], page["counts"]) == (4, 6, {"vector_crosses_itself": 6})
    assert [one["line"] for one in page["results"]] == [2, 3, 4]
    assert page["results"][0]["code"] == "vector_crosses_itself"
    assert [one["line"] for one in place.client.get(page["next"]).json()["results"]] == [5]
    answer = place.client.get(body["rejected"])
    assert "cells" in answer["Content-Disposition"] or "annotations" in answer["Content-Disposition"]
    lines = [json.loads(line) for line in io.BytesIO(b"".join(answer.streaming_content))]
    assert [line["row"]["description"] for line in lines] == [str(n) for n in range(6)]


def test_the_refused_rows_once_mended_can_be_sent_as_they_are(place):
    body = ended(place, jsonl(crossing(), a_row(1)), on_bad_rows="set_aside")
    (line,) = [json.loads(line) for line in b"".join(place.client.get(body["rejected"]).streaming_content).splitlines()]
    mended = {**line["row"], "points": a_row(2)["points"]}
    assert ended(place, jsonl(mended))["state"] == "complete"
    assert shown() == 2


def test_no_bad_rows_no_file(place):
    body = ended(place, jsonl(a_row()))
    assert body["rejected"] is None
    assert place.client.get(f"{URL}{body['id']}/rejected/").json()["code"] == "gone"
    assert place.client.get(body["problems"]).json()["results"] == []


def test_a_run_is_cancelled_before_the_worker_comes(place):
    body = post(place, jsonl(a_row())).json()
    answer = place.client.post(f"{URL}{body['id']}/cancel/")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    perform(ImportRun.objects.get().id)
    assert shown() == 0
    answer = place.client.post(f"{URL}{body['id']}/cancel/")
    assert (answer.status_code, answer.json()["code"]) == (409, "import_cancelled")
    answer = place.client.post(f"{URL}{body['id']}/undo/")
    assert (answer.status_code, answer.json()["code"]) == (409, "import_cancelled")


def test_undoing_keeps_what_people_have_touched_and_restoring_brings_the_rest_back(place):
    body = ended(place, jsonl(*map(a_row, range(5))))
    touched = AnnotationRow.objects.order_by("number").first()
    dispatch(ReshapeAnnotation(annotation_id=touched.id, vector=a_polygon(300, 300)), by=place.owner)
    undone = place.client.post(f"{URL}{body['id']}/undo/")
    assert (undone.status_code, undone.json()["state"], undone.json()["kept"]) == (200, "undone", 1)
    assert undone["ETag"] == f'"v{undone.json()["version"]}"'
    assert shown() == 1
    restored = place.client.post(f"{URL}{body['id']}/restore/")
    assert (restored.status_code, restored.json()["state"]) == (200, "complete")
    assert shown() == 5


def test_imports_are_listed_by_set_and_strangers_see_none(place):
    other = Place(a_workplace(owner=place.owner))
    first, second = post(place, jsonl(a_row())).json()["id"], post(place, jsonl(a_row(1))).json()["id"]
    elsewhere = post(other, jsonl(a_row())).json()["id"]
    assert [one["id"] for one in place.client.get(URL).json()["results"]] == [elsewhere, second, first]
    assert [one["id"] for one in place.client.get(f"{URL}?image_set={place.image_set}").json()["results"]] == [
        second,
        first,
    ]
    stranger = client_of(someone())
    assert stranger.get(URL).json()["count"] == 0
    assert stranger.get(f"{URL}{first}/").status_code == 404
    assert stranger.get(f"{URL}?image_set={place.image_set}").status_code == 404


def test_an_import_whose_run_was_forgotten_is_listed_and_undone_all_the_same(place):
    import_id = an_import(place.workplace)
    (one,) = place.client.get(URL).json()["results"]
    assert (one["id"], one["state"], one["annotation_count"], one["progress"]) == (str(import_id), "complete", 3, 1.0)
    assert place.client.get(f"{URL}{import_id}/problems/").json()["total"] == 0
    assert place.client.post(f"{URL}{import_id}/undo/").json()["state"] == "undone"


def test_a_list_asks_as_much_for_many_as_for_one(place):
    counts = []
    for _ in range(2):
        post(place, jsonl(a_row()))
        with CaptureQueriesContext(connection) as asked:
            place.client.get(URL)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_viewer_may_look_but_not_send(place):
    viewer = client_of(place.workplace.member(Role.VIEWER))
    body = post(place, jsonl(a_row())).json()
    assert post(place, jsonl(a_row()), client=viewer).status_code == 403
    assert viewer.get(f"{URL}{body['id']}/").status_code == 200
    assert viewer.post(f"{URL}{body['id']}/cancel/").status_code == 403


def test_an_unknown_import_is_not_found(place):
    for name in (str(uuid4()), "0" * 36):
        assert place.client.get(f"{URL}{name}/").status_code == 404


@pytest.mark.parametrize("form", [False, True])
def test_a_page_of_another_site_cannot_send_a_file_in_somebodys_name(place, form):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(User.objects.get(person_id=place.owner.person_id))
    data = jsonl(a_row())
    body = {"image": place.image, "file": SimpleUploadedFile("x.jsonl", data)}

    def send(**headers):
        if form:
            body["file"].seek(0)
            return client.post(URL, body, headers=headers).status_code
        return post(place, data, client=client, headers=headers).status_code

    assert send() == 403
    assert not ImportRun.objects.exists()
    token = "a" * 32
    client.cookies["csrftoken"] = token
    assert send(**{"X-CSRFToken": token}) == 202


def test_a_file_is_taken_while_the_queue_is_away_and_waits_for_the_workers_next_look(place, settings):
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    work._broker.cache_clear()
    answer = post(place, jsonl(a_row()), headers={"Idempotency-Key": "k"})
    work._broker.cache_clear()
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    assert unfinished() == [UUID(answer.json()["id"])]


def test_whose_rows_were_overtaken_between_check_and_import_is_told_why_nothing_is_shown(place, monkeypatch):
    own, real = str(uuid4()), imports.start_import

    def then_drawn(*args, **kwargs):
        real(*args, **kwargs)
        assert place.post(unique_identifier=own).status_code == 201

    monkeypatch.setattr(imports, "start_import", then_drawn)
    body = ended(place, jsonl(a_row(1), a_row(2, unique_identifier=own)))
    why = f"1 of 2 rows: {imports.CAME} Nothing was imported."
    assert (body["state"], body["rows_bad"], body["problem"], shown()) == ("refused", 1, why, 1)
    (problem,) = place.client.get(body["problems"]).json()["results"]
    assert problem == {"line": 2, "code": "already_there", "detail": imports.TAKEN}
    ImportRun.objects.all().delete()  # as after a restore onto another machine: the log knows it still
    body = place.client.get(f"{URL}{body['id']}/").json()
    assert (body["state"], body["problem"]) == ("cancelled", why)
