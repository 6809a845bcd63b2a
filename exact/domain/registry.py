"""Every stored fact by its name, and the noun it belongs to: reading the log begins here."""

from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from exact.domain import annotation_types, annotations, dataset_versions, image_sets, images, imports, products, teams
from exact.domain.facts import Fact

NOUNS: tuple[ModuleType, ...] = (
    teams,
    products,
    annotation_types,
    image_sets,
    images,
    annotations,
    imports,
    dataset_versions,
)
"""One module each: facts, state, `evolve`."""

Evolve = Callable[[Any, Fact], Any]  # Any: each noun folds its own state


def facts_of(noun: ModuleType) -> list[type[Fact]]:
    """The facts a noun's module defines, in the order of the file."""
    return [
        value
        for value in vars(noun).values()
        if isinstance(value, type) and issubclass(value, Fact) and value.__module__ == noun.__name__
    ]


FACTS: dict[str, type[Fact]] = {kind.__name__: kind for noun in NOUNS for kind in facts_of(noun)}
"""Stored name to class."""

EVOLVE: dict[type[Fact], Evolve] = {kind: noun.evolve for noun in NOUNS for kind in facts_of(noun)}
"""The fold of the noun a fact belongs to."""


def fold(state: Any, facts: Iterable[Fact]) -> Any:
    """The state after the facts of one stream, whatever its noun; None stays None without facts."""
    for fact in facts:
        state = EVOLVE[type(fact)](state, fact)
    return state
