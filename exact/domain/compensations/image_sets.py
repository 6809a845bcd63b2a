"""What takes a fact about an image set back."""

from msgspec.structs import replace

from exact.domain import image_sets as s
from exact.domain.compensations.base import UNDONE, Compensation, changed, refuse_changed
from exact.domain.facts import Fact, Stamp
from exact.domain.image_sets import ImageSet


def _offered(now: ImageSet, fact: Fact, before: ImageSet | None, stamp: Stamp) -> list[Fact]:
    if not now.withdrawn:
        refuse_changed(_in_order(now), _in_order(s.evolve(before, fact)))
    return now.withdraw(UNDONE, stamp)


def _in_order(image_set: ImageSet) -> ImageSet:
    """Products that were detached and attached again stand last; that is no change."""
    return replace(image_set, product_ids=tuple(sorted(image_set.product_ids)))


def _described(now: ImageSet, fact: s.ImageSetDescribed, before: ImageSet | None, stamp: Stamp) -> list[Fact]:
    assert before is not None, "it was there before"
    if (now.name, now.description) != (fact.name, fact.description):
        raise changed()
    return now.describe(before.name, before.description, stamp)


def _attached(now: ImageSet, fact: s.ProductAttached, _: ImageSet | None, stamp: Stamp) -> list[Fact]:
    return now.detach(fact.product_id, stamp)


def _detached(now: ImageSet, fact: s.ProductDetached, _: ImageSet | None, stamp: Stamp) -> list[Fact]:
    return now.attach(fact.product_id, stamp)


def _withdrawn(now: ImageSet, _: Fact, __: ImageSet | None, stamp: Stamp) -> list[Fact]:
    return now.restore(stamp)


COMPENSATIONS = (
    Compensation(of=s.ImageSetCreated, by=(s.ImageSetWithdrawn,), decide=_offered),
    Compensation(of=s.ImageSetDescribed, by=(s.ImageSetDescribed,), decide=_described),
    Compensation(of=s.ProductAttached, by=(s.ProductDetached,), decide=_attached),
    Compensation(of=s.ProductDetached, by=(s.ProductAttached,), decide=_detached),
    Compensation(of=s.ImageSetWithdrawn, by=(s.ImageSetRestored,), decide=_withdrawn),
    Compensation(of=s.ImageSetRestored, by=(s.ImageSetWithdrawn,), decide=_offered),
)
