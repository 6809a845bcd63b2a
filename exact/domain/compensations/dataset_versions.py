"""What takes a fact about a dataset version back: it is withdrawn or reinstated, and stays readable in any case."""

from exact.domain.compensations.base import UNDONE, Compensation, changed
from exact.domain.dataset_versions import (
    DatasetVersion,
    DatasetVersionFrozen,
    DatasetVersionReinstated,
    DatasetVersionWithdrawn,
)
from exact.domain.facts import Fact, Stamp


def _frozen(now: DatasetVersion, _: Fact, __: DatasetVersion | None, stamp: Stamp) -> list[Fact]:
    return now.withdraw(UNDONE, stamp)


def _withdrawn(
    now: DatasetVersion, fact: DatasetVersionWithdrawn, _: DatasetVersion | None, stamp: Stamp
) -> list[Fact]:
    if now.withdrawn and now.reason != fact.reason:
        raise changed()
    return now.reinstate(stamp)


def _reinstated(now: DatasetVersion, _: Fact, before: DatasetVersion | None, stamp: Stamp) -> list[Fact]:
    assert before is not None, "it was there before"
    return now.withdraw(before.reason, stamp)


COMPENSATIONS = (
    Compensation(of=DatasetVersionFrozen, by=(DatasetVersionWithdrawn,), decide=_frozen),
    Compensation(of=DatasetVersionWithdrawn, by=(DatasetVersionReinstated,), decide=_withdrawn),
    Compensation(of=DatasetVersionReinstated, by=(DatasetVersionWithdrawn,), decide=_reinstated),
)
