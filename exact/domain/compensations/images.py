"""What takes a fact about an image back."""

from exact.domain.compensations.base import UNDONE, Compensation, changed, refuse_changed
from exact.domain.facts import Fact, Stamp
from exact.domain.images import Image, ImageRegistered, ImageRenamed, ImageRestored, ImageWithdrawn, evolve


def _offered(now: Image, fact: Fact, before: Image | None, stamp: Stamp) -> list[Fact]:
    if not now.withdrawn:
        refuse_changed(now, evolve(before, fact))
    return now.withdraw(UNDONE, stamp)


def _renamed(now: Image, fact: ImageRenamed, before: Image | None, stamp: Stamp) -> list[Fact]:
    assert before is not None, "it was there before"
    if now.name != fact.name:
        raise changed()
    return now.rename(before.name, stamp)


def _withdrawn(now: Image, _: Fact, __: Image | None, stamp: Stamp) -> list[Fact]:
    return now.restore(stamp)


COMPENSATIONS = (
    Compensation(of=ImageRegistered, by=(ImageWithdrawn,), decide=_offered),
    Compensation(of=ImageRenamed, by=(ImageRenamed,), decide=_renamed),
    Compensation(of=ImageWithdrawn, by=(ImageRestored,), decide=_withdrawn),
    Compensation(of=ImageRestored, by=(ImageWithdrawn,), decide=_offered),
)
