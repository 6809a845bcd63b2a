"""What the log or the read model could not keep is refused with a sentence, and leaves nothing behind."""

import pytest
from django.conf import settings

from exact.commands.annotations import DescribeAnnotation, RemoveAnnotation
from exact.commands.bus import dispatch
from exact.commands.teams import FoundTeam
from exact.domain.annotations import META_DATA_DEPTH, META_DATA_MAX
from exact.domain.errors import Invalid
from exact.eventstore.log import head
from exact.projections.annotations import ANNOTATIONS, AnnotationRow
from exact.projections.rebuilding import differences
from tests.builders import a_workplace, someone

pytestmark = pytest.mark.django_db(transaction=True, available_apps=settings.INSTALLED_APPS)


def nested(depth):
    value = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value


BAD = [
    {"a": "\x00"},
    {"\x00": 1},
    {"a": [{"b": "\x00"}]},
    {"a": float("nan")},
    {"a": float("inf")},
    {"a": "\ud800"},
    {"\ud800": 1},
    {"a": 10**400},
    nested(META_DATA_DEPTH + 1),
    nested(900),
    nested(3000),
    {"a": "x" * META_DATA_MAX},
]
GOOD = {"a": [1, 2.5, None, True, "ü\n", {"b": -(2**63)}], "": {}, "deep": nested(META_DATA_DEPTH - 1)}


def test_meta_data_that_cannot_be_kept_is_refused():
    place = a_workplace()
    drawn, before = place.draw(), head()
    for bad in BAD:
        with pytest.raises(Invalid):
            place.draw(meta_data=bad)
        with pytest.raises(Invalid):
            dispatch(DescribeAnnotation(annotation_id=drawn.id, meta_data=bad), by=place.owner)
    assert (head(), AnnotationRow.objects.count()) == (before, 1)


def test_meta_data_that_can_be_kept_comes_back_as_it_was():
    place = a_workplace()
    drawn = place.draw(meta_data=GOOD)
    assert AnnotationRow.objects.get(id=drawn.id).meta_data == GOOD
    assert differences(ANNOTATIONS) == []


@pytest.mark.parametrize("bad", ["\ud800", "a\x00b", "x" * 100_000])
def test_a_text_that_cannot_be_kept_is_refused(bad):
    place = a_workplace()
    drawn, before = place.draw(), head()
    for wish in (
        lambda: place.draw(description=bad),
        lambda: dispatch(RemoveAnnotation(annotation_id=drawn.id, reason=bad), by=place.owner),
        lambda: dispatch(FoundTeam(name=bad), by=someone()),
    ):
        with pytest.raises(Invalid):
            wish()
    assert head() == before
