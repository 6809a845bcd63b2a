"""The one door: several streams in one transaction, one range of positions, one answer for ever."""

from typing import ClassVar
from uuid import UUID, uuid4

import pytest

from exact.commands.annotations import RestoreAnnotation
from exact.commands.bus import HANDLERS, Change, Changes, Command, Subject, answered, dispatch
from exact.domain.errors import Invalid
from exact.eventstore import log
from exact.projections.annotations import ANNOTATIONS, AnnotationRow
from exact.projections.rebuilding import differences
from tests.builders import a_polygon, a_workplace

pytestmark = pytest.mark.django_db(transaction=True)


class RemoveThenRestore(Command, frozen=True, kw_only=True):
    """Takes some off the image and brings the first one back, so that one stream comes twice."""

    NEEDS: ClassVar[None] = None
    annotation_ids: list[UUID]
    bad: bool = False


def remove_then_restore(command, context):
    states = [log.load(one) for one in command.annotation_ids]
    scope = states[0].image_id
    changes = [Change(before=s, facts=s.remove("", context.stamp), scope_id=scope) for s in states]
    again = changes[0].after
    changes.append(Change(before=again, facts=again.restore(context.stamp), scope_id=scope))
    if command.bad:
        raise Invalid("On second thoughts, no.")
    subject = Subject(id=scope, number=None, version=len(states))
    return Changes(subject=subject, changes=changes, details={"removed": [str(one) for one in command.annotation_ids]})


@pytest.fixture(autouse=True)
def known(monkeypatch):
    monkeypatch.setitem(HANDLERS, RemoveThenRestore, remove_then_restore)


def test_several_streams_are_changed_in_one_range_of_positions():
    place = a_workplace()
    drawn = [place.draw(a_polygon(10 * n)) for n in range(3)]
    before = log.head()
    work = uuid4()
    wish = RemoveThenRestore(annotation_ids=[one.id for one in drawn])
    answer = dispatch(wish, by=place.owner, key="k", correlation_id=work)
    assert (answer.first_position, answer.position) == (before + 1, before + 4)
    assert answer.details == {"removed": [str(one.id) for one in drawn]}
    names = [type(recorded.fact).__name__ for recorded in log.facts_of(answer.command_id)]
    assert names == ["AnnotationRemoved"] * 3 + ["AnnotationRestored"]
    assert log.together(work) == [answer.command_id]
    rows = AnnotationRow.objects.order_by("number")
    assert [(row.version, row.removed) for row in rows] == [(3, False), (2, True), (2, True)]
    assert differences(ANNOTATIONS) == []


def test_a_repetition_is_answered_alike_with_everything_that_was_said():
    place = a_workplace()
    wish = RemoveThenRestore(annotation_ids=[place.draw().id])
    first = dispatch(wish, by=place.owner, key="k")
    place.draw()
    assert dispatch(wish, by=place.owner, key="k") == first
    assert answered(wish, by=place.owner, key="k") == first


def test_a_refusal_after_the_first_decision_leaves_nothing():
    place = a_workplace()
    drawn, before = place.draw(), log.head()
    with pytest.raises(Invalid):
        dispatch(RemoveThenRestore(annotation_ids=[drawn.id], bad=True), by=place.owner, key="k")
    assert log.head() == before
    assert not AnnotationRow.objects.get().removed


def test_what_changed_nothing_has_no_facts_and_is_answered_with_the_head():
    place = a_workplace()
    drawn = place.draw()
    answer = dispatch(RestoreAnnotation(annotation_id=drawn.id), by=place.owner)
    assert answer.first_position == answer.position == log.head()
    assert log.facts_of(answer.command_id) == log.facts_of(uuid4()) == []
    assert [recorded.position for recorded in log.facts_of(drawn.command_id)] == [drawn.position]
