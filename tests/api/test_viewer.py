"""What the viewer and the pages ask: workspace, all annotations now or then, history, progress, activity."""

import pytest

from exact.api.v1.sentences import WORDS
from exact.commands.annotations import RemoveAnnotation, VerifyAnnotation
from exact.commands.bus import dispatch
from exact.domain.annotations import Verdict
from exact.domain.identifiers import new_id
from exact.domain.registry import FACTS
from exact.domain.teams import Role
from exact.eventstore.log import head
from exact.projections.registry import PROJECTIONS
from exact.projections.runner import catch_up, register
from tests.api.clients import V1, Place, client_of
from tests.builders import a_box, a_polygon, a_workplace

pytestmark = pytest.mark.django_db


@pytest.fixture
def place():
    return Place(a_workplace())


def projected():
    for projection in PROJECTIONS:
        register(projection)
        catch_up(projection)


def busy_image(place):
    drawn = [place.workplace.draw(a_polygon(10 + 60 * i), meta_data={"i": i}) for i in range(3)]
    place.workplace.draw(a_box(frame=0))
    critic = place.workplace.member(Role.VERIFIER)
    dispatch(VerifyAnnotation(annotation_id=drawn[0].id, verdict=Verdict.ACCEPTED), by=place.owner)
    dispatch(VerifyAnnotation(annotation_id=drawn[0].id, verdict=Verdict.REJECTED), by=critic)
    dispatch(VerifyAnnotation(annotation_id=drawn[1].id, verdict=Verdict.ACCEPTED), by=critic)
    return drawn


def test_the_rows_of_now_are_the_fold_up_to_now(place):
    busy_image(place)
    url = f"{V1}/images/images/{place.image}/annotations/"
    now = place.client.get(url)
    then = place.client.get(f"{url}?at={now.json()['position']}")
    assert now.json() == then.json()
    assert now["Exact-Position"] == str(now.json()["position"])
    row = now.json()["annotations"][0]
    assert (row["status"], len(row["verifications"]), row["meta_data"]) == ("rejected", 2, {"i": 0})


def test_an_earlier_position_shows_what_was_there_then(place):
    drawn = busy_image(place)
    url = f"{V1}/images/images/{place.image}/annotations/"
    before = place.client.get(url).json()
    dispatch(RemoveAnnotation(annotation_id=drawn[2].id), by=place.owner)
    assert place.client.get(f"{url}?at={before['position']}").json() == before
    assert place.client.get(f"{url}?at={drawn[0].position}").json()["annotations"][0]["number"] == drawn[0].number
    assert place.client.get(f"{url}?at=0").json() == {"position": 0, "annotations": []}
    after = place.client.get(f"{url}?at=999999999").json()
    assert (after["position"], after["annotations"][2]["removed"]) == (head(), True)


@pytest.mark.parametrize("position", ["x", "-1", "", "1e3", "9" * 40])
def test_a_position_that_is_none_is_refused(place, position):
    url = f"{V1}/images/images/{place.image}/annotations/?at={position}"
    assert place.client.get(url).status_code == 400


def test_all_annotations_take_the_same_few_queries(place, django_assert_max_num_queries):
    for i in range(30):
        place.workplace.draw(a_polygon(10 + i))
    with django_assert_max_num_queries(9):
        place.client.get(f"{V1}/images/images/{place.image}/annotations/")


def test_the_workspace_says_what_the_viewer_needs(place):
    leaver = place.workplace.member(Role.ANNOTATOR)
    place.workplace.draw(by=leaver)
    place.client.delete(f"{V1}/users/team_membership/{place.membership(leaver)}/")
    body = place.client.get(f"{V1}/images/images/{place.image}/workspace/").json()
    assert (body["image"]["width"], body["image"]["pixel_size_um"]) == (2000, [0.25, 0.25, None])
    assert [plane["plane"] for plane in body["image"]["planes"]] == [0]
    assert (body["image_set"]["number"], body["team"]["number"]) == (place.image_set, place.team)
    assert (body["role"], body["protocol"]) == ("owner", 1)
    assert {"read", "annotate", "verify", "manage_team"} <= set(body["permissions"])
    assert {kind["vector_type"] for kind in body["annotation_types"]} == set(range(1, 8))
    assert {person["name"] for person in body["people"]} == {place.owner.name, leaver.name}
    assert body["siblings"] == [{"number": place.image, "name": "slide.svs"}]


def test_a_type_that_is_no_longer_offered_is_not_in_the_palette_but_known(place):
    place.post()
    place.client.delete(f"{V1}/annotations/annotation_types/{place.polygon}/")
    body = place.client.get(f"{V1}/images/images/{place.image}/workspace/").json()
    assert place.polygon not in [kind["number"] for kind in body["annotation_types"]]
    assert [kind["number"] for kind in body["other_types"]] == [place.polygon]


def test_me_says_what_i_may_do(place):
    viewer = place.workplace.member(Role.VIEWER)
    body = client_of(viewer).get(f"{V1}/me/").json()
    assert (body["username"], body["person_id"], body["is_staff"]) == (viewer.name, str(viewer.person_id), False)
    assert [(team["number"], team["role"], team["permissions"]) for team in body["teams"]] == [
        (place.team, "viewer", ["export", "read"])
    ]


def test_progress_counts_every_image_also_the_empty(place):
    other = place.workplace.image("other.svs").number
    drawn = busy_image(place)
    projected()
    url = f"{V1}/images/image_sets/{place.image_set}/progress/"
    answer = place.client.get(f"{url}?min_position={drawn[0].position}")
    assert answer.status_code == 200
    first, second = answer.json()["images"]
    assert (first["annotated"], first["accepted"], first["rejected"], first["open"]) == (4, 1, 1, 2)
    assert {kind["name"]: kind["count"] for kind in first["types"]} == {"polygon": 3, "bounding_box": 1}
    assert (second["image"], second["annotated"], second["types"]) == (other, 0, [])
    assert answer.json()["position"] >= drawn[0].position


def test_progress_that_is_behind_says_so_and_when_to_come_again(place, monkeypatch):
    projected()
    position = place.workplace.draw().position
    monkeypatch.setattr("exact.api.v1.progress.wait_for", lambda *_: False)
    answer = place.client.get(f"{V1}/images/image_sets/{place.image_set}/progress/?min_position={position}")
    assert (answer.status_code, answer["Retry-After"]) == (202, "1")
    assert answer.json()["position"] < position


def test_activity_tells_who_did_what_newest_first(place):
    drawn, together = place.workplace.draw(), new_id()
    removed = dispatch(RemoveAnnotation(annotation_id=drawn.id), by=place.owner, correlation_id=together)
    stranger = Place(a_workplace())
    projected()
    for query in (f"image={place.image}", f"image_set={place.image_set}", f"team={place.team}", ""):
        newest = place.client.get(f"{V1}/activity/?limit=1&{query}").json()["results"][0]
        assert (newest["name"], newest["annotation"], newest["image"]) == (
            "AnnotationRemoved",
            drawn.number,
            place.image,
        )
        assert newest["summary"] == f"{place.owner.name} removed an annotation on slide.svs."
        assert (newest["command_id"], newest["correlation_id"]) == (str(removed.command_id), str(together))
        assert newest["causation_id"] is None
    positions = [row["position"] for row in place.client.get(f"{V1}/activity/").json()["results"]]
    assert positions == sorted(positions, reverse=True)
    mine = {row["position"] for row in place.client.get(f"{V1}/activity/").json()["results"]}
    theirs = {row["position"] for row in stranger.client.get(f"{V1}/activity/").json()["results"]}
    assert mine.isdisjoint(theirs)
    assert stranger.client.get(f"{V1}/activity/?image={place.image}").status_code == 404


def test_activity_goes_on_before_a_position_however_much_is_newer(place):
    place.workplace.draw()
    projected()
    first = place.client.get(f"{V1}/activity/?limit=2&team={place.team}").json()["results"]
    place.workplace.draw()
    projected()
    older = place.client.get(f"{V1}/activity/?limit=2&team={place.team}&before={first[-1]['position']}").json()
    assert all(row["position"] < first[-1]["position"] for row in older["results"])
    whole = place.client.get(f"{V1}/activity/?limit=5&team={place.team}").json()["results"]
    assert whole[1:] == [*first, *older["results"]]
    assert place.client.get(f"{V1}/activity/?before=x").status_code == 400


def test_activity_takes_as_many_queries_for_many_facts_as_for_one(place, django_assert_max_num_queries):
    projected()
    with django_assert_max_num_queries(20) as queries:
        place.client.get(f"{V1}/activity/?limit=1")
    count = len(queries.captured_queries)
    for _ in range(10):
        place.workplace.draw()
    projected()
    with django_assert_max_num_queries(count):
        place.client.get(f"{V1}/activity/?limit=50")


def test_every_fact_has_its_words():
    assert set(FACTS) == set(WORDS)
