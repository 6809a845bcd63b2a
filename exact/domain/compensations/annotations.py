"""What takes a fact about an annotation back: decided on the state now, and only where the fact is still in force."""

from exact.domain import annotations as a
from exact.domain.annotations import Annotation, Verification
from exact.domain.compensations.base import UNDONE, CannotUndo, Compensation
from exact.domain.facts import Fact, Stamp


def _drawn(now: Annotation, fact: a.AnnotationDrawn, _: Annotation | None, stamp: Stamp) -> list[Fact]:
    if _content(now) != _content(fact):
        raise _changed(now)
    for said in now.verifications:
        if said.person_id != fact.by:
            raise CannotUndo("Somebody verified it since.", changed_by=str(said.person_id))
    return now.remove(UNDONE, stamp)


def _removed(now: Annotation, _: Fact, __: Annotation | None, stamp: Stamp) -> list[Fact]:
    return now.restore(stamp)


def _restored(now: Annotation, _: Fact, before: Annotation | None, stamp: Stamp) -> list[Fact]:
    assert before is not None, "it was there before"
    if _content(now) != _content(before):
        raise _changed(now)
    return now.remove(UNDONE, stamp)


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


def _verified(now: Annotation, fact: a.AnnotationVerified, before: Annotation | None, stamp: Stamp) -> list[Fact]:
    """The verdict that the same person had given of the same content before, else none."""
    assert before is not None, "it was there before"
    said, had = now.verification_of(fact.by), before.verification_of(fact.by)
    stands = said and said.verdict == fact.verdict and (said.of_version == fact.of_version or _valid(said, now, before))
    if not stands:
        raise CannotUndo("The verdict was changed or withdrawn since.", changed_by=str(fact.by))
    if had and stamp.by == fact.by and _valid(had, before, now):
        return now.verify(had.verdict, now.version, had.number, stamp)
    return now.withdraw_verification(fact.by, stamp)


def _withdrawn(now: Annotation, fact: a.VerificationWithdrawn, before: Annotation | None, stamp: Stamp) -> list[Fact]:
    assert before is not None, "it was there before"
    said, person_id = before.verification_of(fact.person_id), fact.person_id
    if said is None or stamp.by != person_id:
        raise CannotUndo("Only the person who gave the verdict can give it again.", changed_by=str(fact.by))
    if now.verification_of(person_id) or not _valid(said, before, now):
        raise _changed(now)
    return now.verify(said.verdict, now.version, said.number, stamp)


def _valid(said: Verification, state: Annotation, other: Annotation) -> bool:
    """Whether it is a verdict of what the state shows, and the other shows the same; edits may have come and gone."""
    return said.of_version == state.content_version and _content(state) == _content(other)


Content = tuple[object, ...]


def _content(of: Annotation | a.AnnotationDrawn) -> Content:
    return of.vector, of.annotation_type_id, of.description, of.meta_data


def _changed(now: Annotation) -> CannotUndo:
    return CannotUndo("Somebody changed it since.", changed_by=str(now.edited_by))


COMPENSATIONS = (
    Compensation(of=a.AnnotationDrawn, by=(a.AnnotationRemoved,), decide=_drawn),
    Compensation(of=a.AnnotationRemoved, by=(a.AnnotationRestored,), decide=_removed),
    Compensation(of=a.AnnotationRestored, by=(a.AnnotationRemoved,), decide=_restored),
    Compensation(of=a.AnnotationReshaped, by=(a.AnnotationReshaped,), decide=_reshaped),
    Compensation(of=a.AnnotationReclassified, by=(a.AnnotationReclassified,), decide=_reclassified),
    Compensation(of=a.AnnotationDescribed, by=(a.AnnotationDescribed,), decide=_described),
    Compensation(of=a.AnnotationVerified, by=(a.VerificationWithdrawn, a.AnnotationVerified), decide=_verified),
    Compensation(of=a.VerificationWithdrawn, by=(a.AnnotationVerified,), decide=_withdrawn),
)
