"""What takes a fact about a product back."""

from exact.domain.compensations.base import UNDONE, Compensation, changed, refuse_changed
from exact.domain.facts import Fact, Stamp
from exact.domain.products import (
    Product,
    ProductChanged,
    ProductCreated,
    ProductRestored,
    ProductWithdrawn,
    evolve,
)


def _offered(now: Product, fact: Fact, before: Product | None, stamp: Stamp) -> list[Fact]:
    if not now.withdrawn:
        refuse_changed(now, evolve(before, fact))
    return now.withdraw(UNDONE, stamp)


def _changed(now: Product, fact: ProductChanged, before: Product | None, stamp: Stamp) -> list[Fact]:
    assert before is not None, "it was there before"
    if (now.name, now.description) != (fact.name, fact.description):
        raise changed()
    return now.change(before.name, before.description, stamp)


def _withdrawn(now: Product, _: Fact, __: Product | None, stamp: Stamp) -> list[Fact]:
    return now.restore(stamp)


COMPENSATIONS = (
    Compensation(of=ProductCreated, by=(ProductWithdrawn,), decide=_offered),
    Compensation(of=ProductChanged, by=(ProductChanged,), decide=_changed),
    Compensation(of=ProductWithdrawn, by=(ProductRestored,), decide=_withdrawn),
    Compensation(of=ProductRestored, by=(ProductWithdrawn,), decide=_offered),
)
