"""Asynchronous read models: what the projector process keeps up to date from the log."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from django.db import models

from exact.eventstore.log import Recorded


class Projection(ABC):
    """One read model that follows the log: its tables belong to it alone and may be thrown away.

    `apply` folds a batch of facts in position order; the runner moves the position in the same transaction,
    so that a batch is applied once whatever happens. It must depend on nothing but the facts and its own tables.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    tables: ClassVar[tuple[type[models.Model], ...]]

    @abstractmethod
    def apply(self, batch: Sequence[Recorded]) -> None:
        """Fold these facts into the tables."""

    def clear(self) -> None:
        """Forget everything, before a rebuild."""
        for table in self.tables:
            table._default_manager.all().delete()
