"""What was withdrawn or dissolved is offered again as it was, unless something else has taken its place."""

import pytest

from exact.commands.annotation_types import CreateAnnotationType, RestoreAnnotationType, WithdrawAnnotationType
from exact.commands.bus import dispatch
from exact.commands.dataset_versions import ReinstateDatasetVersion, WithdrawDatasetVersion
from exact.commands.image_sets import CreateImageSet, RestoreImageSet, WithdrawImageSet
from exact.commands.images import RestoreImage, WithdrawImage
from exact.commands.products import CreateProduct, RestoreProduct, WithdrawProduct
from exact.commands.teams import AddMember, DissolveTeam, FoundTeam, RemoveMember, RestoreTeam
from exact.datasets.freezing import Freeze, freeze
from exact.domain.errors import Conflict, NotFound
from exact.domain.teams import Role
from exact.domain.vectors import VectorType
from exact.projections.models import (
    AnnotationTypeRow,
    DatasetVersionRow,
    ImageRow,
    ImageSetRow,
    MemberRow,
    ProductRow,
    TeamRow,
)
from exact.projections.rebuilding import differences
from exact.projections.registry import INLINE
from tests.api.clients import V1, Place, client_of
from tests.builders import a_workplace, register, someone

pytestmark = pytest.mark.django_db(transaction=True)


def row(model, id_):
    return {name: value for name, value in model.objects.filter(id=id_).values()[0].items() if name != "version"}


def test_whatever_was_withdrawn_is_restored_as_it_was_once():
    place = a_workplace()
    frozen = freeze(Freeze(name="nuclei", image_set_ids=(place.image_set_id,)), by=place.owner).id
    kind = place.types[VectorType.POLYGON]
    for model, withdraw, restore in (
        (AnnotationTypeRow, WithdrawAnnotationType(annotation_type_id=kind),
         RestoreAnnotationType(annotation_type_id=kind)),
        (ProductRow, WithdrawProduct(product_id=place.product_id), RestoreProduct(product_id=place.product_id)),
        (ImageRow, WithdrawImage(image_id=place.image_id), RestoreImage(image_id=place.image_id)),
        (ImageSetRow, WithdrawImageSet(image_set_id=place.image_set_id),
         RestoreImageSet(image_set_id=place.image_set_id)),
        (DatasetVersionRow, WithdrawDatasetVersion(dataset_version_id=frozen, reason="wrong"),
         ReinstateDatasetVersion(dataset_version_id=frozen)),
    ):  # fmt: skip
        id_ = dispatch(restore, by=place.owner).id
        before = row(model, id_)
        dispatch(withdraw, by=place.owner)
        assert row(model, id_)["withdrawn"], model
        version = dispatch(restore, by=place.owner).version
        assert row(model, id_) == before, model
        assert dispatch(restore, by=place.owner).version == version, "the second time is no fact"
    assert all(differences(inline) == [] for inline in INLINE)


def test_what_has_taken_the_name_or_the_file_meanwhile_keeps_it():
    place = a_workplace()
    team, kind = {"team_id": place.team_id}, place.types[VectorType.POLYGON]
    names = {model: row(model, id_)["name"] for model, id_ in (
        (ProductRow, place.product_id), (ImageSetRow, place.image_set_id), (AnnotationTypeRow, kind))}  # fmt: skip
    sha256 = row(ImageRow, place.image_id)["sha256"]
    for withdraw, twin, restore in (
        (WithdrawAnnotationType(annotation_type_id=kind),
         CreateAnnotationType(product_id=place.product_id, name=names[AnnotationTypeRow], vector_type=1),
         RestoreAnnotationType(annotation_type_id=kind)),
        (WithdrawProduct(product_id=place.product_id), CreateProduct(**team, name=names[ProductRow]),
         RestoreProduct(product_id=place.product_id)),
        (WithdrawImage(image_id=place.image_id), None, RestoreImage(image_id=place.image_id)),
        (WithdrawImageSet(image_set_id=place.image_set_id), CreateImageSet(**team, name=names[ImageSetRow]),
         RestoreImageSet(image_set_id=place.image_set_id)),
    ):  # fmt: skip
        dispatch(withdraw, by=place.owner)
        if twin:
            dispatch(twin, by=place.owner)
        else:
            register(place.image_set_id, place.owner, sha256=sha256)
        with pytest.raises(Conflict) as refusal:
            dispatch(restore, by=place.owner)
        assert refusal.value.code == ("name_taken" if twin else "duplicate")


def test_a_type_of_a_withdrawn_product_and_an_image_of_a_withdrawn_set_wait_for_it():
    place = a_workplace()
    kind = place.types[VectorType.POLYGON]
    wishes = (
        WithdrawAnnotationType(annotation_type_id=kind),
        WithdrawProduct(product_id=place.product_id),
        WithdrawImage(image_id=place.image_id),
        WithdrawImageSet(image_set_id=place.image_set_id),
    )
    for wish in wishes:
        dispatch(wish, by=place.owner)
    with pytest.raises(Conflict, match="withdrawn"):
        dispatch(RestoreAnnotationType(annotation_type_id=kind), by=place.owner)
    with pytest.raises(NotFound, match="withdrawn"):
        dispatch(RestoreImage(image_id=place.image_id), by=place.owner)


def test_only_a_team_with_nobody_and_nothing_in_it_is_dissolved():
    place, founder, guest = a_workplace(), someone(), someone()
    with pytest.raises(Conflict, match="image sets and products"):
        dispatch(DissolveTeam(team_id=place.team_id), by=place.owner)
    team = dispatch(FoundTeam(name="short"), by=founder).id
    dispatch(AddMember(team_id=team, person_id=guest.person_id, role=Role.ADMIN), by=founder)
    with pytest.raises(Conflict, match="other members"):
        dispatch(DissolveTeam(team_id=team), by=founder)
    dispatch(RemoveMember(team_id=team, person_id=guest.person_id), by=founder)
    dispatch(DissolveTeam(team_id=team), by=founder)
    assert not MemberRow.objects.filter(team=team).exists()
    with pytest.raises(NotFound):
        dispatch(CreateProduct(team_id=team, name="p"), by=founder)
    with pytest.raises(NotFound):
        dispatch(RestoreTeam(team_id=team), by=guest)


def test_a_dissolved_team_leaves_its_name_and_is_restored_by_its_last_member_when_that_is_free():
    founder, other = someone(), someone()
    team = dispatch(FoundTeam(name="short"), by=founder).id
    member = MemberRow.objects.get(team=team).number
    dispatch(DissolveTeam(team_id=team), by=founder)
    twin = dispatch(FoundTeam(name="short"), by=other).id
    with pytest.raises(Conflict, match="name"):
        dispatch(RestoreTeam(team_id=team), by=founder)
    dispatch(DissolveTeam(team_id=twin), by=other)
    dispatch(RestoreTeam(team_id=team), by=founder)
    assert MemberRow.objects.get(team=team).number == member
    assert all(differences(inline) == [] for inline in INLINE)


def test_the_routes_answer_with_the_thing_as_it_is_now():
    place = Place(a_workplace())
    urls = (
        f"images/images/{place.image}",
        f"images/image_sets/{place.image_set}",
        f"annotations/annotation_types/{place.polygon}",
        f"administration/products/{place.product}",
    )
    for url in urls:
        assert place.client.delete(f"{V1}/{url}/").status_code == 204
        restored = place.client.post(f"{V1}/{url}/restore/")
        assert (restored.status_code, restored.json()["id"]) == (200, place.client.get(f"{V1}/{url}/").json()["id"])


def test_a_team_is_dissolved_and_restored_by_rest_and_a_repetition_is_answered_alike():
    founder = someone()
    client = client_of(founder)
    number = client.post(f"{V1}/users/teams/", {"name": "short"}, format="json").json()["id"]
    url, key = f"{V1}/users/teams/{number}/", {"HTTP_IDEMPOTENCY_KEY": "k"}
    assert [client.delete(url, **key).status_code for _ in range(2)] == [204, 204]
    assert client.get(url).status_code == client_of(someone()).post(f"{url}restore/").status_code == 404
    assert client.post(f"{url}restore/").json()["name"] == "short"
    assert TeamRow.objects.get(number=number).name == client.get(url).json()["name"]
