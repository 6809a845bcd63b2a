"""ImageSet: a team's working collection of images, with the products whose types are used on it."""

from uuid import UUID

from msgspec.structs import replace

from exact.domain.facts import Fact, Stamp
from exact.domain.streams import Stream, checked_name, checked_text


class ImageSetCreated(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A team got a new image set."""

    number: int
    team_id: UUID
    name: str
    description: str = ""


class ImageSetDescribed(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """Name or description changed."""

    name: str
    description: str = ""


class ProductAttached(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A product's annotation types may be used on the set."""

    product_id: UUID


class ProductDetached(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A product's annotation types are no longer offered on the set; what was drawn stays."""

    product_id: UUID


class ImageSetWithdrawn(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The set is no longer offered; its facts stay."""

    reason: str = ""


class ImageSetRestored(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A withdrawn set is offered again."""


class ImageSet(Stream, frozen=True, kw_only=True):
    """The state of one image set."""

    team_id: UUID
    name: str
    description: str
    product_ids: tuple[UUID, ...] = ()

    def describe(self, name: str, description: str, stamp: Stamp) -> list[Fact]:
        """Change name and description."""
        self.refuse_withdrawn()
        name, description = checked_name(name), checked_text(description)
        if (name, description) == (self.name, self.description):
            return []
        return [self.next(ImageSetDescribed, stamp, name=name, description=description)]

    def attach(self, product_id: UUID, stamp: Stamp) -> list[Fact]:
        """Offer a product's types on the set."""
        self.refuse_withdrawn()
        return [] if product_id in self.product_ids else [self.next(ProductAttached, stamp, product_id=product_id)]

    def detach(self, product_id: UUID, stamp: Stamp) -> list[Fact]:
        """Offer a product's types no more."""
        self.refuse_withdrawn()
        return [self.next(ProductDetached, stamp, product_id=product_id)] if product_id in self.product_ids else []

    def withdraw(self, reason: str, stamp: Stamp) -> list[Fact]:
        """Offer the set no more."""
        return (
            [] if self.withdrawn else [self.next(ImageSetWithdrawn, stamp, reason=checked_text(reason, what="reason"))]
        )

    def restore(self, stamp: Stamp) -> list[Fact]:
        """Offer the set again; nothing where it is offered."""
        return [self.next(ImageSetRestored, stamp)] if self.withdrawn else []


def evolve(image_set: ImageSet | None, fact: Fact) -> ImageSet:
    """The image set after one more fact."""
    if isinstance(fact, ImageSetCreated):
        return ImageSet(id=fact.originator_id, version=fact.originator_version, number=fact.number,
                        team_id=fact.team_id, name=fact.name, description=fact.description)  # fmt: skip
    assert image_set is not None, "the first fact of an image set is ImageSetCreated"
    image_set = replace(image_set, version=fact.originator_version)
    match fact:
        case ImageSetDescribed():
            return replace(image_set, name=fact.name, description=fact.description)
        case ProductAttached():
            return replace(image_set, product_ids=(*image_set.product_ids, fact.product_id))
        case ProductDetached():
            return replace(image_set, product_ids=tuple(p for p in image_set.product_ids if p != fact.product_id))
        case ImageSetWithdrawn():
            return replace(image_set, withdrawn=True)
        case ImageSetRestored():
            return replace(image_set, withdrawn=False)
    raise TypeError(f"{type(fact).__name__} is no fact of an image set")
