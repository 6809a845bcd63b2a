"""The history of an annotation, an image, an image set and a team: pages by position, payloads as they are stored."""

import itertools

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from eventsourcing.persistence import StoredEvent

from exact.commands.annotations import RemoveAnnotation, ReshapeAnnotation, RestoreAnnotation, VerifyAnnotation
from exact.commands.bus import dispatch
from exact.commands.teams import RenameTeam
from exact.commands.undo import Undo
from exact.domain.annotations import Verdict
from exact.domain.identifiers import new_id
from exact.domain.teams import Role
from exact.eventstore.log import log, read
from exact.projections.activity import Activity
from exact.projections.models import AnnotationRow, ImageRow, ImageSetRow, TeamRow
from exact.projections.runner import catch_up, register
from tests.api.clients import V1, Place
from tests.builders import a_polygon, a_workplace, an_import

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place():
    register(Activity())
    return Place(a_workplace())


@pytest.fixture
def lived(place):
    """One annotation with ten facts by two people, another one, and other teams' facts between; answers its number."""
    work = place.workplace
    verifier, other = work.member(Role.VERIFIER), a_workplace()
    drawn = work.draw()
    for turn in range(4):
        dispatch(ReshapeAnnotation(annotation_id=drawn.id, vector=a_polygon(20 + turn)), by=work.owner)
        dispatch(VerifyAnnotation(annotation_id=drawn.id, verdict=Verdict.ACCEPTED), by=verifier)
        other.draw()
    work.draw()
    dispatch(RemoveAnnotation(annotation_id=drawn.id), by=work.owner)
    dispatch(RenameTeam(team_id=work.team_id, name="renamed"), by=work.owner)
    catch_up(Activity())
    return drawn.number


def urls(place, number):
    """Where the four histories are."""
    return {
        "annotation": f"{V1}/annotations/annotations/{number}/history/",
        "image": f"{V1}/images/images/{place.image}/history/",
        "image_set": f"{V1}/images/image_sets/{place.image_set}/history/",
        "team": f"{V1}/users/teams/{place.team}/history/",
    }


def expected(place, number):
    """The facts that belong into each, found by looking at every one."""
    work, annotation = place.workplace, AnnotationRow.objects.get(number=number)
    own = set(ImageRow.objects.filter(image_set=work.image_set_id).values_list("id", flat=True)) | {work.image_set_id}
    scopes = {"image": {work.image_id}, "image_set": own, "team": own | {work.team_id}}
    everything = read()
    found = {thing: [one for one in everything if one.scope_id in scope] for thing, scope in scopes.items()}
    return found | {"annotation": [one for one in everything if one.fact.originator_id == annotation.id]}


def positions(facts):
    return [fact["position"] for fact in facts]


THINGS = ("annotation", "image", "image_set", "team")


def test_all_facts_are_told_oldest_first(place, lived):
    for thing in THINGS:
        answer = place.client.get(urls(place, lived)[thing])
        body, facts = answer.json(), expected(place, lived)[thing]
        number = {"annotation": lived, "image": place.image, "image_set": place.image_set, "team": place.team}[thing]
        assert (body[thing], body["next_after"], body["next_before"]) == (number, None, None)
        assert positions(body["facts"]) == [one.position for one in facts]
        assert [(f["name"], f["version"], f["stream_id"], f["scope_id"]) for f in body["facts"]] == [
            (type(one.fact).__name__, one.fact.originator_version, str(one.fact.originator_id), str(one.scope_id))
            for one in facts
        ]
        assert int(answer["Exact-Position"]) >= facts[-1].position


def test_a_fact_says_who_and_when_and_what_is_stored(place, lived):
    answer = place.client.get(urls(place, lived)["annotation"])
    first, second, third = answer.json()["facts"][:3]
    assert (first["name"], first["by_name"]) == ("AnnotationDrawn", place.owner.name)
    assert (second["name"], second["by"], second["version"]) == ("AnnotationReshaped", first["by"], 2)
    assert second["data"]["vector"] == {"vector_type": 5, "points": [2000, 1000, 7000, 1000, 2000, 6000]}
    assert (third["name"], third["data"]["of_version"]) == ("AnnotationVerified", 2)
    assert third["by"] == third["data"]["by"] != first["by"]
    assert first["at"] == first["data"]["at"] < third["at"]
    assert (answer["ETag"], int(answer["Exact-Position"])) == ('"v10"', answer.json()["facts"][-1]["position"])


def test_a_fact_names_the_command_that_undo_takes_back(place, lived):
    work, annotation = place.workplace, AnnotationRow.objects.get(number=lived)
    together = new_id()
    restored = dispatch(RestoreAnnotation(annotation_id=annotation.id), by=work.owner, correlation_id=together)
    undone = dispatch(Undo(command_id=restored.command_id), by=work.owner)
    catch_up(Activity())
    for thing in THINGS:
        facts = place.client.get(urls(place, lived)[thing]).json()["facts"]
        assert {name_of_command(fact["position"]) for fact in facts} == {fact["command_id"] for fact in facts}
        assert [origin(fact) for fact in facts[-2:]] == [
            (str(restored.command_id), str(together), None),
            (str(undone.command_id), None, str(restored.command_id)),
        ]
        assert facts[0]["correlation_id"] is facts[0]["causation_id"] is None


def origin(fact):
    return fact["command_id"], fact["correlation_id"], fact["causation_id"]


def name_of_command(position):
    with connection.cursor() as cursor:
        cursor.execute("select command_id::text from es.event where position = %s", [position])
        return cursor.fetchone()[0]


def test_pages_that_lead_on_make_the_whole_in_both_directions(place, lived):
    for thing, limit in itertools.product(THINGS, (1, 3, 10)):
        url, whole = urls(place, lived)[thing], [one.position for one in expected(place, lived)[thing]]
        for begin, then, order in (("after=0", "after", 1), ("before=newest", "before", -1)):
            found, query = [], begin
            while query:
                body = place.client.get(f"{url}?{query}&limit={limit}").json()
                assert 0 < len(body["facts"]) <= limit
                found += positions(body["facts"])
                leads_on = body[f"next_{then}"]
                query = f"{then}={leads_on}" if leads_on else ""
            assert found == whole[::order]


def test_a_page_may_begin_and_end_anywhere_in_the_log(place, lived):
    for thing in THINGS:
        url, whole = urls(place, lived)[thing], [one.position for one in expected(place, lived)[thing]]
        for at in (whole[0] - 1, whole[0], whole[2], whole[2] + 1, whole[-1], whole[-1] + 1):
            after = place.client.get(f"{url}?after={at}").json()["facts"]
            before = place.client.get(f"{url}?before={at}").json()["facts"]
            assert positions(after) == [position for position in whole if position > at]
            assert positions(before) == [position for position in reversed(whole) if position < at]
        low, high = whole[1], whole[-2]
        between = place.client.get(f"{url}?after={low}&before={high}").json()["facts"]
        assert positions(between) == [position for position in reversed(whole) if low < position < high]


def test_a_history_is_filtered_by_kind_person_and_time(place, lived):
    for thing in THINGS:
        url, whole = urls(place, lived)[thing], expected(place, lived)[thing]
        one = next(found for found in whole if type(found.fact).__name__ == "AnnotationVerified").fact
        names = place.client.get(f"{url}?name=AnnotationVerified,AnnotationRemoved&before=newest&limit=2").json()
        assert [fact["name"] for fact in names["facts"]] == ["AnnotationRemoved", "AnnotationVerified"]
        facts = [found.fact for found in whole]
        asked = {
            f"by={one.by}": [fact.by == one.by for fact in facts],
            f"since={one.at:%Y-%m-%dT%H:%M:%S.%fZ}": [fact.at >= one.at for fact in facts],
            f"until={one.at:%Y-%m-%dT%H:%M:%S.%f}": [fact.at < one.at for fact in facts],
            f"by={one.by}&name=AnnotationDrawn": [False for _ in facts],
        }
        for query, wanted in asked.items():
            found = place.client.get(f"{url}?{query}").json()["facts"]
            assert positions(found) == [
                each.position for each, is_wanted in zip(whole, wanted, strict=True) if is_wanted
            ]


BAD = {"after=x": "after", "before=-1": "before", "limit=0": "limit", "limit=many": "limit", "by=me": "by",
       "name=NoSuchFact": "name", "since=yesterday": "since", "until=2026-13-01T00:00:00Z": "until"}  # fmt: skip


def test_a_query_that_is_none_is_refused_in_words(place, lived):
    for thing, url in urls(place, lived).items():
        for query, code in BAD.items():
            answer = place.client.get(f"{url}?{query}")
            assert (thing, answer.status_code, answer.json()["code"]) == (thing, 400, code)


def test_at_most_five_hundred_facts_are_told_at_once(place, lived, monkeypatch):
    monkeypatch.setattr("exact.api.v1.spans.MOST", 4)
    body = place.client.get(f"{urls(place, lived)['annotation']}?limit=1000000").json()
    assert len(body["facts"]) == 4
    assert body["next_after"] == body["facts"][-1]["position"]


def test_many_facts_take_as_many_queries_as_few(place, lived):
    for thing in THINGS:
        url = urls(place, lived)[thing]
        with CaptureQueriesContext(
            connection,
        ) as few:
            place.client.get(f"{url}?limit=1")
        with CaptureQueriesContext(connection) as many:
            place.client.get(url)
        assert len(many) == len(few) <= 6


@pytest.mark.parametrize("thing", ["image_set", "team"])
def test_what_the_projector_has_not_followed_is_waited_for_and_then_promised(place, thing, monkeypatch):
    position = place.workplace.draw().position
    url = f"{urls(place, 1)[thing]}?min_position={position}"
    monkeypatch.setattr("exact.api.v1.history.wait_for", lambda *_: False)
    behind = place.client.get(url)
    assert (behind.status_code, behind["Retry-After"], behind.json()["facts"]) == (202, "1", [])
    monkeypatch.undo()
    catch_up(Activity())
    there = place.client.get(url)
    assert (there.status_code, there.json()["facts"][-1]["position"]) == (200, position)
    assert int(there["Exact-Position"]) >= position


def test_the_history_of_a_team_holds_what_was_withdrawn_and_nothing_of_others(place, lived):
    place.client.delete(f"{V1}/images/images/{place.image}/")
    catch_up(Activity())
    facts = place.client.get(urls(place, lived)["team"]).json()["facts"]
    assert facts[-1]["name"] == "ImageWithdrawn"
    assert "AnnotationDrawn" in {fact["name"] for fact in facts}
    scopes = {
        str(row) for row in ImageSetRow.objects.exclude(team=place.workplace.team_id).values_list("id", flat=True)
    }
    scopes |= {str(row) for row in TeamRow.objects.exclude(id=place.workplace.team_id).values_list("id", flat=True)}
    assert scopes
    assert not scopes & {fact["scope_id"] for fact in facts}


def test_a_chunk_of_an_import_is_told_by_its_count_and_without_its_annotations(place):
    an_import(place.workplace, count=30)
    catch_up(Activity())
    for thing in ("image", "image_set", "team"):
        facts = place.client.get(f"{urls(place, 1)[thing]}?name=AnnotationsImported").json()["facts"]
        assert [fact["data"]["count"] for fact in facts] == [30]
        assert set(facts[0]["data"]) == {
            "originator_id", "originator_version", "at", "by", "correlation_id", "import_id", "image_id", "count",
        }  # fmt: skip


def test_an_imported_annotation_has_the_whole_of_its_history(place):
    by_hand = place.workplace.draw().position
    an_import(place.workplace, progress="undone")
    annotation = AnnotationRow.objects.filter(removed=True).first()
    dispatch(RestoreAnnotation(annotation_id=annotation.id), by=place.owner)
    url = urls(place, annotation.number)["annotation"]
    whole = place.client.get(url).json()["facts"]
    assert [(fact["name"], fact["version"]) for fact in whole] == [
        ("AnnotationDrawn", 1), ("AnnotationRemoved", 2), ("AnnotationRestored", 3),
    ]  # fmt: skip
    assert positions(whole) == sorted(positions(whole))
    assert whole[0]["position"] > by_hand
    assert whole[0]["data"]["number"] == annotation.number
    assert [fact["command_id"] for fact in whole] == [name_of_command(position) for position in positions(whole)]
    first, second, third = whole
    pages = {
        "after=0&limit=2": [first, second],
        "before=newest&limit=2": [third, second],
        f"after={first['position']}": [second, third],
        f"before={second['position']}": [first],
        "name=AnnotationDrawn": [first],
        f"by={place.owner.person_id}&since={third['at']}": [third],
    }
    for query, expected_facts in pages.items():
        assert place.client.get(f"{url}?{query}").json()["facts"] == expected_facts


def test_a_fact_of_an_old_schema_is_told_as_the_newest_has_it(place):
    number, stream = place.post().json()["id"], AnnotationRow.objects.get().id
    old = {"originator_id": str(stream), "originator_version": 2, "at": "2026-01-01T00:00:00Z",
           "by": str(place.owner.person_id), "of_version": 1}  # fmt: skip
    stored = StoredEvent(stream, 2, "VerificationWithdrawn", msgspec.json.encode(old))
    log().facts.insert_events([stored])
    told = place.client.get(urls(place, number)["annotation"]).json()["facts"][-1]
    assert told["data"] == {**old, "person_id": old["by"]}
