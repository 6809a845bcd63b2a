"""What takes each fact back, one module for each noun; a fact is taken back only while it is still in force.

Decided on the state now. What was built on a fact elsewhere, in other streams, is looked for by exact/commands/undoing.
"""

from typing import Any

from exact.domain.compensations import (
    annotation_types,
    annotations,
    dataset_versions,
    image_sets,
    images,
    imports,
    products,
    teams,
)
from exact.domain.compensations.base import CannotUndo, Compensation
from exact.domain.facts import Fact, Stamp
from exact.domain.imports import ImportCancelled

__all__ = ["COMPENSATIONS", "LASTING", "CannotUndo", "Compensation", "compensate"]

COMPENSATIONS: dict[type[Fact], Compensation] = {
    one.of: one
    for noun in (teams, products, annotation_types, image_sets, images, annotations, imports, dataset_versions)
    for one in noun.COMPENSATIONS
}

LASTING: dict[type[Fact], str] = {
    ImportCancelled: "A cancelled import was never shown, and what it had brought is forgotten; send the file again.",
}
"""Facts that nothing takes back, and why."""


def compensate(now: Any, fact: Fact, before: Any, stamp: Stamp) -> list[Fact]:  # Any: the state of the fact's noun
    """The facts that bring back what `fact` changed; `before` is the state that it changed, None for a first fact.

    Raises CannotUndo and other refusals.
    """
    if type(fact) in LASTING:
        raise CannotUndo(LASTING[type(fact)])
    facts = COMPENSATIONS[type(fact)].decide(now, fact, before, stamp)
    if not facts:
        raise CannotUndo("It is as it was before already.")
    return facts
