"""Asynchronous read models: what the projector process keeps up to date from the log."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any

from django.db import models

from exact.eventstore.log import Recorded, pages
from exact.projections.places import stop


class OnPoison(StrEnum):
    """What becomes of a projection that meets a fact it cannot fold, after all retries."""

    STOP = "stop"
    """It stands still until somebody starts or rebuilds it: for what decides something."""
    PARK = "park"
    """The fact is laid aside with every later one of its stream; the other streams go on, and it is called degraded."""


class Projection(ABC):
    """One read model that follows the log: its tables belong to it alone and may be thrown away.

    `apply` folds a batch of facts in position order; the runner moves the position in the same transaction,
    so that a batch is applied once whatever happens. It must depend on nothing but the facts and its own tables.
    A fact of an unknown type or of a newer schema version always stops it, whatever `on_poison` says.
    """

    name: str
    on_poison: OnPoison = OnPoison.STOP
    state: str = "live"
    """Which generation this object moves: the one that people read, or one that is being built."""
    tables: tuple[type[models.Model], ...]

    @abstractmethod
    def apply(self, batch: Sequence[Recorded]) -> None:
        """Fold these facts into the tables."""

    def parts(self, upto: int) -> Iterator[Any]:  # Any: whatever `fill` takes
        """The facts up to a position in portions, for `fill`: memory is bounded by one of them."""
        return pages(upto)

    def fill(self, part: Any) -> None:  # Any: see above
        """Bring one portion into tables that hold nothing but the portions before; by COPY where that pays."""
        self.apply(part)

    def stopped(self, problem: str) -> None:
        """A fact that cannot be folded, and that may not be parked, was met."""
        stop(self.name, problem)
