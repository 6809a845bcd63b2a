"""Imports: what is shown when, who follows, what a whole import can have happen to it."""

import pytest

from exact.domain import imports
from exact.domain.annotation_fold import AnnotationFold
from exact.domain.annotations import AnnotationRemoved, AnnotationRestored
from exact.domain.errors import Conflict, Invalid
from exact.domain.imports import ImportedItem, Progress, births
from exact.domain.registry import fold
from exact.operations.examples import ANNA, BEN, CELL, IMAGE, IMAGE_SET, IMPORT, a_box, a_stamp, drawn


def brought(count: int = 3, state=None):
    """A chunk of so many boxes."""
    items = [
        ImportedItem(line=line, annotation_type_id=CELL, vector=a_box(1000 * line)) for line in range(1, count + 1)
    ]
    return imports.bring(state, IMPORT, IMAGE, items, range(1, count + 1), a_stamp())


def an_import():
    birth = imports.start(IMPORT, number=1, image_set_id=IMAGE_SET, origin=imports.Origin(), filename="a.jsonl",
                          sha256="ab" * 32, rows=3, set_aside=0, stamp=a_stamp())  # fmt: skip
    return fold(None, [birth])


def after(*facts):
    """The annotations after these facts."""
    found = AnnotationFold()
    for fact in facts:
        found.take(fact)
    return found.states


def next_of(facts, kind, **fields):
    return fold(None, facts).next(kind, a_stamp(5, BEN), **fields)


def shown():
    chunk = brought()
    return [chunk, next_of([chunk], imports.ImportedAnnotationsShown, count=3)]


def test_what_is_brought_is_hidden_until_it_is_shown():
    chunk, show = shown()
    assert after(chunk) == {}
    assert [state.number for state in after(chunk, show).values()] == [1, 2, 3]


def test_the_author_and_time_of_each_are_those_of_its_chunk_and_the_cause_is_the_import():
    chunk, show = shown()
    state = next(iter(after(chunk, show).values()))
    assert (state.created_by, state.created_at, state.version) == (ANNA, chunk.at, 1)
    assert {birth.causation_id for birth in births(chunk)} == {IMPORT}


def test_without_an_identifier_of_its_own_a_line_gets_the_same_one_every_time():
    assert [b.unique_identifier for b in births(brought())] == [b.unique_identifier for b in births(brought())]
    assert len({birth.originator_id for birth in births(brought(1000))}) == 1000


def test_undoing_removes_what_follows_and_keeps_what_was_touched():
    facts = shown()
    states = after(*facts)
    touched, *others = states
    verified = states[touched].verify("accepted", 1, 1, a_stamp(6, BEN))
    undone = next_of(facts, imports.ImportedAnnotationsRemoved, removed=2, kept=1)
    left = after(*facts, *verified, undone)
    assert not left[touched].removed
    assert [left[other].removed for other in others] == [True, True]
    assert [left[other].version for other in others] == [2, 2]
    assert left[others[0]].edited_by == BEN


def test_restoring_brings_back_only_what_still_follows():
    facts = shown()
    first, second, _ = after(*facts)
    facts.append(next_of(facts, imports.ImportedAnnotationsRemoved, removed=3, kept=0))
    by_hand = after(*facts)[first].restore(a_stamp(7, BEN))
    facts.append(next_of(facts, imports.ImportedAnnotationsRestored, restored=2, left=1))
    states = after(*facts[:-1], *by_hand, facts[-1])
    assert (states[first].version, states[second].version) == (3, 3)
    facts.append(next_of(facts, imports.ImportedAnnotationsRemoved, removed=2, kept=1))
    states = after(*facts[:-2], *by_hand, *facts[-2:])
    assert (states[first].removed, states[second].removed, states[second].version) == (False, True, 4)


def test_a_move_reads_as_the_fact_of_one_annotation():
    facts = shown()
    undone = next_of(facts, imports.ImportedAnnotationsRemoved, removed=3, kept=0)
    restored = next_of([*facts, undone], imports.ImportedAnnotationsRestored, restored=3, left=0)
    one = imports.moved(undone, IMAGE, 2)
    assert (type(one), one.originator_version, one.by) == (AnnotationRemoved, 2, BEN)
    assert isinstance(imports.moved(restored, IMAGE, 3), AnnotationRestored)


def test_what_was_drawn_by_hand_is_none_of_an_import_s():
    facts = shown()
    undone = next_of(facts, imports.ImportedAnnotationsRemoved, removed=3, kept=0)
    own = drawn(a_box())
    assert not after(own, *facts, undone)[own.originator_id].removed


def test_steps_are_taken_from_one_state_only():
    found = an_import()
    with pytest.raises(Conflict) as refused:
        found.undo(0, 0, a_stamp())
    assert refused.value.code == "import_running"
    done = fold(found, found.complete(3, 1, a_stamp()))
    assert done.progress is Progress.COMPLETE
    with pytest.raises(Conflict):
        done.cancel("", a_stamp())


def test_cancelling_twice_is_cancelling_once():
    found = an_import()
    cancelled = fold(found, found.cancel("wrong slide", a_stamp()))
    assert cancelled.cancel("again", a_stamp()) == []


@pytest.mark.parametrize("rows", [0, -1, imports.ROWS_MAX + 1])
def test_an_import_brings_at_least_one_and_at_most_a_million(rows):
    with pytest.raises(Invalid):
        imports.start(IMPORT, number=1, image_set_id=IMAGE_SET, origin=imports.Origin(), filename="a", sha256="",
                      rows=rows, set_aside=0, stamp=a_stamp())  # fmt: skip


def test_words_of_the_origin_are_checked():
    with pytest.raises(Invalid):
        imports.check_origin(imports.Origin(source="x" * 501))
    with pytest.raises(Invalid) as refused:
        imports.check_origin(imports.Origin(parameters={"a": "\x00"}))
    assert refused.value.code == "parameters_invalid"


def test_the_quick_way_to_the_streams_of_a_chunk_leads_to_the_same_streams():
    chunk = brought(1000)
    assert imports.stream_ids(chunk) == sorted(birth.originator_id.bytes for birth in births(chunk))
    own = [ImportedItem(line=1, annotation_type_id=CELL, vector=a_box(), unique_identifier=IMAGE_SET)]
    chunk = imports.bring(None, IMPORT, IMAGE, own, [1], a_stamp())
    assert imports.stream_ids(chunk) == [birth.originator_id.bytes for birth in births(chunk)]


def test_a_chunk_may_hold_rows_with_and_without_identifiers_of_their_own():
    items = [ImportedItem(line=n, annotation_type_id=CELL, vector=a_box()) for n in (1, 2)]
    mixed = [items[0], imports.replace(items[1], unique_identifier=IMAGE_SET)]
    found = list(births(imports.bring(None, IMPORT, IMAGE, mixed, [1, 2], a_stamp())))
    assert found[0].unique_identifier == next(births(brought())).unique_identifier
    assert found[1].unique_identifier == IMAGE_SET
