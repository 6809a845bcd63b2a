"""Product: a team's named group of annotation types."""

from uuid import UUID

from msgspec.structs import replace

from exact.domain.facts import Fact, Stamp
from exact.domain.streams import Stream, checked_name, checked_text

NAME_MAX = 100


class ProductCreated(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A team got a new product."""

    number: int
    team_id: UUID
    name: str
    description: str = ""


class ProductChanged(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """Name or description changed."""

    name: str
    description: str = ""


class ProductWithdrawn(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The product is no longer offered; its facts stay."""

    reason: str = ""


class ProductRestored(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A withdrawn product is offered again."""


class Product(Stream, frozen=True, kw_only=True):
    """The state of one product."""

    team_id: UUID
    name: str
    description: str

    def change(self, name: str, description: str, stamp: Stamp) -> list[Fact]:
        """Change name and description."""
        self.refuse_withdrawn()
        name, description = checked_name(name, most=NAME_MAX), checked_text(description)
        if (name, description) == (self.name, self.description):
            return []
        return [self.next(ProductChanged, stamp, name=name, description=description)]

    def withdraw(self, reason: str, stamp: Stamp) -> list[Fact]:
        """Offer it no more."""
        return (
            [] if self.withdrawn else [self.next(ProductWithdrawn, stamp, reason=checked_text(reason, what="reason"))]
        )

    def restore(self, stamp: Stamp) -> list[Fact]:
        """Offer it again; nothing where it is offered."""
        return [self.next(ProductRestored, stamp)] if self.withdrawn else []


def evolve(product: Product | None, fact: Fact) -> Product:
    """The product after one more fact."""
    if isinstance(fact, ProductCreated):
        return Product(id=fact.originator_id, version=fact.originator_version, number=fact.number,
                       team_id=fact.team_id, name=fact.name, description=fact.description)  # fmt: skip
    assert product is not None, "the first fact of a product is ProductCreated"
    product = replace(product, version=fact.originator_version)
    match fact:
        case ProductChanged():
            return replace(product, name=fact.name, description=fact.description)
        case ProductWithdrawn():
            return replace(product, withdrawn=True)
        case ProductRestored():
            return replace(product, withdrawn=False)
    raise TypeError(f"{type(fact).__name__} is no fact of a product")
