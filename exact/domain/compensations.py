"""What takes a fact about an annotation back: decided on the state now, and only where the fact is still in force."""

from collections.abc import Callable
from typing import Any

from exact.domain import annotations as a
from exact.domain.annotations import Annotation
from exact.domain.errors import Conflict
from exact.domain.facts import Fact, Stamp


class CannotUndo(Conflict):
    """This fact stays: somebody has built on it, or nothing takes it back."""

    code = "cannot_undo"


Compensation = Callable[[Annotation, Any, Annotation | None, Stamp], list[Fact]]  # Any: each takes its own fact


def compensate(now: Annotation, fact: Fact, before: Annotation | None, stamp: Stamp) -> list[Fact]:
    """The facts that bring back what `fact` changed; `before` is the state that it changed.

    Raises CannotUndo and other refusals.
    """
    return COMPENSATIONS[type(fact)](now, fact, before, stamp)


def _drawn(now: Annotation, fact: a.AnnotationDrawn, _: Annotation | None, stamp: Stamp) -> list[Fact]:
    same = (now.vector, now.annotation_type_id, now.description, now.meta_data)
    if same != (fact.vector, fact.annotation_type_id, fact.description, fact.meta_data):
        raise _changed(now)
    for said in now.verifications:
        if said.person_id != fact.by:
            raise CannotUndo("Somebody verified it since.", changed_by=str(said.person_id))
    return _some(now.remove("Undone.", stamp), now)


def _removed(now: Annotation, _: Fact, __: Annotation | None, stamp: Stamp) -> list[Fact]:
    return _some(now.restore(stamp), now)


def _restored(now: Annotation, fact: Fact, before: Annotation | None, stamp: Stamp) -> list[Fact]:
    assert before is not None, "it was there before"
    if now.content_version > fact.originator_version:
        raise _changed(now)
    return _some(now.remove("Undone.", stamp), now)


def _reshaped(now: Annotation, fact: a.AnnotationReshaped, before: Annotation | None, stamp: Stamp) -> list[Fact]:
    assert before is not None, "it was there before"
    if now.vector != fact.vector:
        raise _changed(now)
    return now.reshape(before.vector, stamp)


def _reclassified(
    now: Annotation, fact: a.AnnotationReclassified, before: Annotation | None, stamp: Stamp
) -> list[Fact]:
    assert before is not None, "it was there before"
    if now.annotation_type_id != fact.annotation_type_id:
        raise _changed(now)
    return now.reclassify(before.annotation_type_id, stamp)


def _described(now: Annotation, fact: a.AnnotationDescribed, before: Annotation | None, stamp: Stamp) -> list[Fact]:
    assert before is not None, "it was there before"
    if (now.description, now.meta_data) != (fact.description, fact.meta_data):
        raise _changed(now)
    return now.describe(before.description, before.meta_data, stamp)


def _verified(now: Annotation, fact: a.AnnotationVerified, _: Annotation | None, stamp: Stamp) -> list[Fact]:
    said = now.verification_of(fact.by)
    if said is None or (said.verdict, said.of_version) != (fact.verdict, fact.of_version):
        raise CannotUndo("The verdict was changed or withdrawn since.", changed_by=str(fact.by))
    return now.withdraw_verification(fact.by, stamp)


def _withdrawn(now: Annotation, fact: a.VerificationWithdrawn, before: Annotation | None, stamp: Stamp) -> list[Fact]:
    assert before is not None, "it was there before"
    said, person_id = before.verification_of(fact.person_id), fact.person_id
    if said is None or stamp.by != person_id:
        raise CannotUndo("Only the person who gave the verdict can give it again.", changed_by=str(fact.by))
    if now.verification_of(person_id) or said.of_version != now.content_version:
        raise _changed(now)
    return now.verify(said.verdict, now.version, said.number, stamp)


def _some(facts: list[Fact], now: Annotation) -> list[Fact]:
    if not facts:
        raise CannotUndo("It is as it was before already.", changed_by=str(now.edited_by))
    return facts


def _changed(now: Annotation) -> CannotUndo:
    return CannotUndo("Somebody changed it since.", changed_by=str(now.edited_by))


COMPENSATIONS: dict[type[Fact], Compensation] = {
    a.AnnotationDrawn: _drawn,
    a.AnnotationRemoved: _removed,
    a.AnnotationRestored: _restored,
    a.AnnotationReshaped: _reshaped,
    a.AnnotationReclassified: _reclassified,
    a.AnnotationDescribed: _described,
    a.AnnotationVerified: _verified,
    a.VerificationWithdrawn: _withdrawn,
}

VERDICTS: tuple[type[Fact], ...] = (a.AnnotationVerified, a.VerificationWithdrawn)
"""Facts that only verifiers make."""
