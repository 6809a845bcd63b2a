"""Whoever was overtaken is told both versions, and who made the newer one when, whatever the thing is."""

import pytest

from exact.commands.annotation_types import ChangeAnnotationType
from exact.commands.annotations import ReshapeAnnotation
from exact.commands.bus import dispatch
from exact.commands.image_sets import DescribeImageSet
from exact.commands.images import RenameImage
from exact.commands.products import ChangeProduct
from exact.commands.teams import RenameTeam
from exact.domain.errors import StaleVersion
from exact.domain.teams import Role
from exact.domain.vectors import VectorType
from exact.eventstore.log import load, read_stream
from tests.builders import a_polygon, a_workplace

pytestmark = pytest.mark.django_db(transaction=True)


def wishes(place, name):
    """One change of each noun, by the stream it is about."""
    kind = place.types[VectorType.LINE]
    return {
        place.team_id: RenameTeam(team_id=place.team_id, name=name),
        place.product_id: ChangeProduct(product_id=place.product_id, name=name),
        kind: ChangeAnnotationType(annotation_type_id=kind, name=name),
        place.image_set_id: DescribeImageSet(image_set_id=place.image_set_id, name=name),
        place.image_id: RenameImage(image_id=place.image_id, name=name),
    }


def test_a_stale_wish_about_any_noun_is_told_both_versions_and_who_made_the_newer_one_when():
    place = a_workplace()
    admin = place.member(Role.ADMIN)
    for (stream_id, mine), theirs in zip(wishes(place, "mine").items(), wishes(place, "theirs").values(), strict=True):
        seen = load(stream_id)
        other = place.owner if isinstance(mine, RenameTeam) else admin
        dispatch(theirs, by=other, expected_version=seen.version)
        with pytest.raises(StaleVersion) as refused:
            dispatch(mine, by=place.owner, expected_version=seen.version)
        told, last = refused.value.details, read_stream(stream_id)[-1].fact
        assert (told["expected"], told["version"]) == (seen.version, seen.version + 1), mine
        assert (told["seen"]["version"], told["current"]["version"]) == (seen.version, seen.version + 1)
        assert (told["changed_by"], told["changed_by_name"]) == (str(other.person_id), other.name)
        assert told["changed_at"] == last.at


def test_an_overtaken_annotation_is_told_as_it_was_seen_and_as_it_is():
    place = a_workplace()
    drawn, verifier = place.draw(a_polygon(10)), place.member(Role.VERIFIER)
    dispatch(ReshapeAnnotation(annotation_id=drawn.id, vector=a_polygon(30)), by=verifier, expected_version=1)
    with pytest.raises(StaleVersion) as refused:
        dispatch(ReshapeAnnotation(annotation_id=drawn.id, vector=a_polygon(50)), by=place.owner, expected_version=1)
    told = refused.value.details
    assert told["seen"]["vector"]["points"] == a_polygon(10).points
    assert told["current"]["vector"]["points"] == a_polygon(30).points
    assert told["changed_by_name"] == verifier.name


def test_a_version_that_never_was_has_not_been_seen():
    place = a_workplace()
    with pytest.raises(StaleVersion) as refused:
        dispatch(RenameTeam(team_id=place.team_id, name="x"), by=place.owner, expected_version=99)
    assert refused.value.details["seen"] is None
