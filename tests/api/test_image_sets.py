"""Image sets, products and annotation types: made, changed, withdrawn, and listed without the withdrawn."""

import pytest

from exact.domain.teams import Role
from exact.projections.models import ImageSetRow, ProductRow
from tests.api.clients import V1, Place, client_of
from tests.builders import a_workplace

pytestmark = pytest.mark.django_db
SETS, PRODUCTS, TYPES = (
    f"{V1}/images/image_sets/",
    f"{V1}/administration/products/",
    f"{V1}/annotations/annotation_types/",
)


@pytest.fixture
def place():
    return Place(a_workplace())


def test_a_set_is_made_with_its_products_and_shown_in_the_ancestors_shape(place):
    sent = {"name": "Lymph nodes", "team": place.team, "product_set": [place.product]}
    made = place.client.post(SETS, sent, format="json")
    assert made.status_code == 201
    body = made.json()
    assert (body["name"], body["team"], body["product_set"], body["images"]) == (
        "Lymph nodes",
        place.team,
        [place.product],
        [],
    )
    assert (body["set_tags"], body["collaboration_type"], body["path"]) == ([], 0, None)
    assert made["ETag"] == '"v2"'


def test_nothing_of_a_set_is_left_when_a_product_of_it_is_refused(place):
    other = Place(a_workplace(place.owner))
    sent = {"name": "Mixed", "team": place.team, "product_set": [place.product, other.product]}
    answer = place.client.post(SETS, sent, format="json")
    assert answer.status_code == 409
    assert not ImageSetRow.objects.filter(name="Mixed").exists()


def test_products_are_attached_and_detached_under_one_version(place):
    second = place.client.post(PRODUCTS, {"name": "Second", "team": place.team}, format="json").json()["id"]
    url = f"{SETS}{place.image_set}/"
    seen = place.client.get(url)["ETag"]
    changed = place.client.patch(url, {"product_set": [second], "name": "New"}, format="json", HTTP_IF_MATCH=seen)
    assert changed.status_code == 200
    assert (changed.json()["product_set"], changed.json()["name"]) == ([second], "New")
    again = place.client.patch(url, {"product_set": [place.product]}, format="json", HTTP_IF_MATCH=seen)
    assert again.status_code == 409
    assert place.client.get(url).json()["product_set"] == [second]


def test_a_withdrawn_set_is_gone_from_lists_with_everything_in_it(place):
    annotation = place.post().json()["id"]
    url = f"{SETS}{place.image_set}/"
    assert [place.client.delete(url).status_code for _ in range(2)] == [204, 204]
    hidden = [url, f"{V1}/images/images/{place.image}/", f"{V1}/annotations/annotations/{annotation}/"]
    assert [place.client.get(address).status_code for address in hidden] == [404, 404, 404]
    assert place.client.get(SETS).json()["results"] == []
    assert place.client.patch(url, {"name": "x"}, format="json").status_code == 409


def test_a_product_is_made_for_sets_changed_and_withdrawn(place):
    sent = {"name": "Nuclei", "team": place.team, "imagesets": [place.image_set], "annotationtype_set": []}
    body = place.client.post(PRODUCTS, sent, format="json").json()
    assert (body["imagesets"], body["annotationtype_set"]) == ([place.image_set], [])
    url = f"{PRODUCTS}{body['id']}/"
    assert place.client.patch(url, {"imagesets": []}, format="json").json()["imagesets"] == []
    assert place.client.put(url, {"name": "Cells"}, format="json").json()["name"] == "Cells"
    assert place.client.delete(url).status_code == 204
    assert body["id"] not in [row["id"] for row in place.client.get(PRODUCTS).json()["results"]]
    assert place.client.get(url).json()["withdrawn"] is True


def test_names_are_taken_once(place):
    name = ProductRow.objects.get(number=place.product).name
    answer = place.client.post(PRODUCTS, {"name": name, "team": place.team}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")


def test_a_type_keeps_its_geometry_and_product_and_changes_its_looks(place):
    sent = {"name": "Mitosis", "vector_type": 2, "product": place.product, "color_code": "#ff0000", "node_count": 1}
    made = place.client.post(TYPES, sent, format="json")
    assert made.status_code == 201
    url = f"{TYPES}{made.json()['id']}/"
    changed = place.client.patch(url, {"color_code": "#00ff00", "vector_type": 2}, format="json").json()
    assert (changed["color_code"], changed["name"], changed["node_count"]) == ("#00ff00", "Mitosis", 1)
    assert place.client.patch(url, {"vector_type": 5}, format="json").status_code == 400
    assert place.client.patch(url, {"color_code": "red"}, format="json").status_code == 400
    other = place.client.post(PRODUCTS, {"name": "Other", "team": place.team}, format="json").json()["id"]
    assert place.client.patch(url, {"product": other}, format="json").status_code == 400


def test_a_withdrawn_type_is_listed_only_when_asked_for_and_what_was_drawn_with_it_stays(place):
    annotation = place.post().json()["id"]
    place.client.delete(f"{TYPES}{place.polygon}/")
    active = {row["id"] for row in place.client.get(TYPES).json()["results"]}
    assert place.polygon not in active
    assert [row["id"] for row in place.client.get(f"{TYPES}?active=false").json()["results"]] == [place.polygon]
    shown = place.client.get(f"{V1}/annotations/annotations/{annotation}/?expand=annotation_type").json()
    assert shown["annotation_type"]["name"] == "polygon"


def test_filters_and_expansion_of_sets(place):
    second = Place(a_workplace(place.owner))
    for query, expected in {
        f"team={second.team}": [second.image_set],
        f"images={place.image}": [place.image_set],
        f"product={place.product}": [place.image_set],
        f"id__in={place.image_set},{second.image_set}": [place.image_set, second.image_set],
        "name__contains=set": [place.image_set, second.image_set],
    }.items():
        assert [row["id"] for row in place.client.get(f"{SETS}?{query}").json()["results"]] == expected, query
    row = place.client.get(f"{SETS}{place.image_set}/?expand=images,product_set.annotationtype_set,team").json()
    assert row["images"][0]["id"] == place.image
    assert len(row["product_set"][0]["annotationtype_set"]) == 7
    assert row["team"]["id"] == place.team


def test_an_expansion_that_goes_round_in_circles_or_too_deep_is_refused_with_a_sentence(place):
    for path in ("images.image_set.images", "team.image_sets.images.annotations"):
        answer = place.client.get(f"{SETS}?expand={path}")
        assert answer.status_code == 400
        assert answer.json()["detail"]


def test_expansion_never_leaves_my_teams(place):
    other = Place(a_workplace(place.owner))
    guest = other.workplace.member(Role.VIEWER)
    row = client_of(guest).get(f"{SETS}?expand=team.members").json()["results"][0]
    owner = next(member for member in row["team"]["members"] if member["id"] == place.owner.user_id)
    assert owner["team_set"] == [other.team]


@pytest.mark.parametrize("query", ["", "?expand=images,product_set.annotationtype_set,team.members"])
def test_a_list_takes_as_many_queries_for_many_sets_as_for_one(place, query, django_assert_max_num_queries):
    with django_assert_max_num_queries(20) as queries:
        place.client.get(SETS + query)
    count = len(queries.captured_queries)
    for _ in range(4):
        a_workplace(place.owner)
    with django_assert_max_num_queries(count):
        assert len(place.client.get(SETS + query).json()["results"]) == 5
