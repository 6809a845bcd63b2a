"""Annotations: given facts, when something is wished, then these facts or this refusal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exact.domain.annotations import (
    DESCRIPTION_MAX,
    AnnotationDescribed,
    AnnotationReclassified,
    AnnotationRemoved,
    AnnotationReshaped,
    AnnotationRestored,
    AnnotationVerified,
    Status,
    Verdict,
    VerificationWithdrawn,
)
from exact.domain.errors import Conflict, Invalid, StaleVersion
from exact.domain.registry import fold
from exact.operations.examples import ANNA, BEN, CEM, MITOSIS, a_box, a_polygon, a_stamp, drawn

BOX = drawn(a_box())


def after(*steps):
    """The state after a drawn box and what these steps decide: (person, step)."""
    facts = [BOX]
    for second, (person, step) in enumerate(steps, 10):
        facts += step(fold(None, facts), a_stamp(second, person))
    return fold(None, facts)


def accept(found, stamp):
    return found.verify(Verdict.ACCEPTED, found.version, 1, stamp)


def reject(found, stamp):
    return found.verify(Verdict.REJECTED, found.version, 2, stamp)


def reshape(found, stamp):
    return found.reshape(a_box(7000), stamp)


def describe(found, stamp):
    return found.describe("large", None, stamp)


def remove(found, stamp):
    return found.remove("", stamp)


def restore(found, stamp):
    return found.restore(stamp)


def reclassify(found, stamp):
    return found.reclassify(MITOSIS, stamp)


def withdraw(found, stamp):
    return found.withdraw_verification(stamp.by, stamp)


STEPS = (accept, reject, reshape, describe, remove, restore, reclassify, withdraw)


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (reshape, AnnotationReshaped),
        (describe, AnnotationDescribed),
        (reclassify, AnnotationReclassified),
        (remove, AnnotationRemoved),
        (accept, AnnotationVerified),
    ],
)
def test_each_wish_makes_one_fact_of_the_next_version_by_whoever_wished(step, kind):
    [fact] = step(after(), a_stamp(5, BEN))
    assert type(fact) is kind
    assert (fact.originator_id, fact.originator_version, fact.by) == (BOX.originator_id, 2, BEN)
    assert fact.at == a_stamp(5).at


@pytest.mark.parametrize("step", [reshape, describe, reclassify, remove, accept])
def test_the_same_wish_again_changes_nothing(step):
    assert step(after((ANNA, step)), a_stamp(99)) == []


def test_what_is_there_needs_no_restoring_and_what_was_not_said_no_withdrawing():
    assert restore(after(), a_stamp()) == withdraw(after(), a_stamp()) == []


def test_a_removed_one_is_restored_by_a_fact():
    assert isinstance(restore(after((ANNA, remove)), a_stamp())[0], AnnotationRestored)


@pytest.mark.parametrize("step", [reshape, describe, reclassify, accept])
def test_a_removed_one_must_be_restored_first(step):
    with pytest.raises(Conflict) as refusal:
        step(after((ANNA, remove)), a_stamp())
    assert refusal.value.code == "annotation_removed"


def test_content_moves_with_every_edit_and_with_nothing_else():
    assert after((ANNA, reshape), (ANNA, describe), (ANNA, reclassify)).content_version == 4
    still = after((BEN, accept), (CEM, reject), (CEM, withdraw), (ANNA, remove), (ANNA, restore))
    assert (still.content_version, still.version) == (1, 6)


def test_who_made_it_stays_and_who_touched_it_last_moves():
    found = after((BEN, reshape), (CEM, accept))
    assert (found.created_by, found.edited_by) == (ANNA, BEN)
    assert (found.created_at, found.edited_at) == (BOX.at, a_stamp(10).at)


def test_the_number_and_the_client_s_identifier_never_change():
    found = after((BEN, reshape), (BEN, remove), (BEN, restore))
    assert (found.number, found.unique_identifier, found.image_id) == (BOX.number, BOX.unique_identifier, BOX.image_id)


def test_one_rejection_outweighs_every_acceptance():
    assert after().status is Status.OPEN
    assert after((BEN, accept)).status is Status.ACCEPTED
    assert after((BEN, accept), (CEM, reject)).status is Status.REJECTED
    assert after((CEM, reject), (BEN, accept)).status is Status.REJECTED
    assert after((BEN, accept), (CEM, reject), (CEM, withdraw)).status is Status.ACCEPTED


@pytest.mark.parametrize("edit", [reshape, describe, reclassify])
def test_an_edit_makes_it_open_again_and_keeps_what_was_said(edit):
    found = after((BEN, accept), (ANNA, edit))
    assert found.status is Status.OPEN
    assert [verification.person_id for verification in found.verifications] == [BEN]
    assert after((BEN, accept), (ANNA, edit), (BEN, accept)).status is Status.ACCEPTED


def test_removing_and_restoring_leaves_the_verdict():
    assert after((BEN, accept), (ANNA, remove), (ANNA, restore)).status is Status.ACCEPTED


def test_a_person_has_one_verdict_with_one_number():
    found = after((BEN, accept), (BEN, reject))
    assert [(v.verdict, v.number) for v in found.verifications] == [(Verdict.REJECTED, 1)]


def test_withdrawing_names_the_version_that_was_verified():
    [fact] = withdraw(after((ANNA, reshape), (BEN, accept)), a_stamp(50, BEN))
    assert isinstance(fact, VerificationWithdrawn)
    assert (fact.person_id, fact.of_version) == (BEN, 2)


def test_what_somebody_else_said_can_be_withdrawn():
    found = after((BEN, accept), (CEM, reject))
    assert found.withdraw_verification(ANNA, a_stamp(50, BEN)) == []
    [fact] = found.withdraw_verification(CEM, a_stamp(50, ANNA))
    assert (fact.by, fact.person_id) == (ANNA, CEM)
    assert fold(found, [fact]).status is Status.ACCEPTED


def test_a_verdict_is_about_the_content_that_was_seen():
    found = after((ANNA, reshape), (CEM, accept))
    assert found.verify(Verdict.ACCEPTED, 2, 9, a_stamp(50, BEN))[0].of_version == 2
    assert found.verify(Verdict.ACCEPTED, 3, 9, a_stamp(50, BEN))[0].of_version == 2, "a verification is no new content"
    for unseen in (1, 4):
        with pytest.raises(StaleVersion):
            found.verify(Verdict.ACCEPTED, unseen, 9, a_stamp(50, BEN))


def test_an_edit_must_know_the_content_it_changes():
    found = after((ANNA, reshape), (BEN, accept))
    for seen in (None, 2, 3):
        found.refuse_stale(seen)
    for unseen in (0, 1, 4):
        with pytest.raises(StaleVersion) as refusal:
            found.refuse_stale(unseen)
        assert refusal.value.details == {"expected": unseen, "version": 3, "current": found}


@pytest.mark.parametrize("bad", ["x" * (DESCRIPTION_MAX + 1), "a\x00b"])
def test_a_remark_fits_and_can_be_stored(bad):
    with pytest.raises(Invalid):
        after().describe(bad, None, a_stamp())
    with pytest.raises(Invalid):
        drawn(a_box(), description=bad)
    assert after().describe("x" * DESCRIPTION_MAX, None, a_stamp())


def test_a_shape_may_become_nothing_and_something_again():
    gone = after((ANNA, lambda found, stamp: found.reshape(None, stamp)))
    assert gone.vector is None
    assert gone.reshape(a_polygon(), a_stamp())


@given(st.lists(st.tuples(st.sampled_from([ANNA, BEN, CEM]), st.sampled_from(STEPS)), max_size=12), st.integers(0, 12))
def test_a_state_kept_on_the_way_and_the_rest_make_the_same_state(wishes, kept):
    facts = [BOX]
    for second, (person, step) in enumerate(wishes, 10):
        try:
            facts += step(fold(None, facts), a_stamp(second, person))
        except Conflict:
            continue
    assert fold(fold(None, facts[:kept]), facts[kept:]) == fold(None, facts)
    assert [fact.originator_version for fact in facts] == list(range(1, len(facts) + 1))
    assert fold(None, facts).version == len(facts)
