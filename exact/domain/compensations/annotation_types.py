"""What takes a fact about an annotation type back."""

from exact.domain.annotation_types import (
    AnnotationType,
    AnnotationTypeChanged,
    AnnotationTypeCreated,
    AnnotationTypeRestored,
    AnnotationTypeWithdrawn,
    evolve,
)
from exact.domain.compensations.base import UNDONE, Compensation, changed, refuse_changed
from exact.domain.facts import Fact, Stamp


def _offered(now: AnnotationType, fact: Fact, before: AnnotationType | None, stamp: Stamp) -> list[Fact]:
    if not now.withdrawn:
        refuse_changed(now, evolve(before, fact))
    return now.withdraw(UNDONE, stamp)


def _changed(
    now: AnnotationType, fact: AnnotationTypeChanged, before: AnnotationType | None, stamp: Stamp
) -> list[Fact]:
    assert before is not None, "it was there before"
    if now.style != fact.style:
        raise changed()
    return now.change(before.style, stamp)


def _withdrawn(now: AnnotationType, _: Fact, __: AnnotationType | None, stamp: Stamp) -> list[Fact]:
    return now.restore(stamp)


COMPENSATIONS = (
    Compensation(of=AnnotationTypeCreated, by=(AnnotationTypeWithdrawn,), decide=_offered),
    Compensation(of=AnnotationTypeChanged, by=(AnnotationTypeChanged,), decide=_changed),
    Compensation(of=AnnotationTypeWithdrawn, by=(AnnotationTypeRestored,), decide=_withdrawn),
    Compensation(of=AnnotationTypeRestored, by=(AnnotationTypeWithdrawn,), decide=_offered),
)
