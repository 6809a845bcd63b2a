"""Asynchronous read models: what the projector process keeps up to date from the log."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar

from django.db import models

from exact.eventstore.log import Recorded


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

    name: ClassVar[str]
    on_poison: ClassVar[OnPoison] = OnPoison.STOP
    tables: ClassVar[tuple[type[models.Model], ...]]

    @abstractmethod
    def apply(self, batch: Sequence[Recorded]) -> None:
        """Fold these facts into the tables."""

    def clear(self) -> None:
        """Forget everything, before a rebuild."""
        for table in self.tables:
            table._default_manager.all().delete()
