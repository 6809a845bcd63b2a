"""Taking back what was done to a dataset version: it stays readable, so that nothing stands in the way."""

from typing import Any

from exact.accounts.permissions import Permission
from exact.commands.undoing.base import Undoing
from exact.domain import dataset_versions
from exact.domain.registry import facts_of


def check(*_: Any) -> None:  # Any: the arguments of a check, none of which matters
    """Whoever may freeze may say which versions to use."""


DATASET_VERSIONS = Undoing(needs=dict.fromkeys(facts_of(dataset_versions), Permission.FREEZE), check=check)
