"""Wishes about image sets."""

from typing import ClassVar
from uuid import UUID

from exact.accounts.permissions import Permission
from exact.accounts.policy import require
from exact.commands.bus import Change, Command, Context, handles, load_or_refuse
from exact.domain import image_sets
from exact.domain.errors import Conflict
from exact.domain.facts import Fact
from exact.domain.identifiers import new_id
from exact.domain.image_sets import ImageSet
from exact.domain.products import Product
from exact.domain.streams import checked_name, checked_text, first
from exact.eventstore.log import next_number
from exact.projections.image_sets import ImageSetRow


class CreateImageSet(Command, frozen=True, kw_only=True):
    """A new, empty image set of a team."""

    NEEDS: ClassVar[Permission] = Permission.MANAGE_SETS
    team_id: UUID
    name: str
    description: str = ""


class DescribeImageSet(Command, frozen=True, kw_only=True):
    """Another name or description."""

    NEEDS: ClassVar[Permission] = Permission.MANAGE_SETS
    image_set_id: UUID
    name: str
    description: str = ""


class AttachProduct(Command, frozen=True, kw_only=True):
    """Offer a product's annotation types on the set."""

    NEEDS: ClassVar[Permission] = Permission.MANAGE_SETS
    image_set_id: UUID
    product_id: UUID


class DetachProduct(Command, frozen=True, kw_only=True):
    """Offer a product's annotation types no more; what was drawn stays."""

    NEEDS: ClassVar[Permission] = Permission.MANAGE_SETS
    image_set_id: UUID
    product_id: UUID


class WithdrawImageSet(Command, frozen=True, kw_only=True):
    """Offer the set no more; its facts and its dataset versions stay."""

    NEEDS: ClassVar[Permission] = Permission.MANAGE_SETS
    image_set_id: UUID
    reason: str = ""


class RestoreImageSet(Command, frozen=True, kw_only=True):
    """Offer a withdrawn set again, with its images."""

    NEEDS: ClassVar[Permission] = Permission.MANAGE_SETS
    image_set_id: UUID


@handles(CreateImageSet)
def create_image_set(command: CreateImageSet, context: Context) -> Change:
    """The first fact of a set; names are unique in a team."""
    require(context.person, command.NEEDS, command.team_id)
    name = checked_name(command.name)
    refuse_taken(command.team_id, name)
    fact = first(
        image_sets.ImageSetCreated,
        new_id(),
        context.stamp,
        number=next_number("image_set"),
        team_id=command.team_id,
        name=name,
        description=checked_text(command.description),
    )
    return Change(before=None, facts=[fact], scope_id=fact.originator_id)


@handles(DescribeImageSet)
def describe_image_set(command: DescribeImageSet, context: Context) -> Change:
    """Another name or description."""
    image_set = image_set_of(command.image_set_id, context, command.NEEDS)
    if command.name.strip() != image_set.name:
        refuse_taken(image_set.team_id, command.name.strip())
    return _change(image_set, image_set.describe(command.name, command.description, context.stamp))


@handles(AttachProduct)
def attach_product(command: AttachProduct, context: Context) -> Change:
    """One product more; it must be the same team's."""
    image_set = image_set_of(command.image_set_id, context, command.NEEDS)
    product: Product = load_or_refuse(command.product_id, Product, "product", context)
    require(context.person, Permission.READ, product.team_id)
    if product.team_id != image_set.team_id:
        raise Conflict("The product belongs to another of your teams; create one in this team.", code="other_team")
    product.refuse_withdrawn()
    return _change(image_set, image_set.attach(product.id, context.stamp))


@handles(DetachProduct)
def detach_product(command: DetachProduct, context: Context) -> Change:
    """One product less."""
    image_set = image_set_of(command.image_set_id, context, command.NEEDS)
    return _change(image_set, image_set.detach(command.product_id, context.stamp))


@handles(WithdrawImageSet)
def withdraw_image_set(command: WithdrawImageSet, context: Context) -> Change:
    """No more offered."""
    image_set = image_set_of(command.image_set_id, context, command.NEEDS)
    return _change(image_set, image_set.withdraw(command.reason, context.stamp))


@handles(RestoreImageSet)
def restore_image_set(command: RestoreImageSet, context: Context) -> Change:
    """Offered again, when no other set has taken its name."""
    image_set = image_set_of(command.image_set_id, context, command.NEEDS)
    facts = image_set.restore(context.stamp)
    if facts:
        refuse_taken(image_set.team_id, image_set.name)
    return _change(image_set, facts)


def image_set_of(image_set_id: UUID, context: Context, permission: Permission) -> ImageSet:
    """The set, when the person may do this in its team and has seen its newest version."""
    image_set: ImageSet = load_or_refuse(image_set_id, ImageSet, "image set", context)
    require(context.person, permission, image_set.team_id)
    image_set.refuse_stale(context.expected_version)
    return image_set


def _change(image_set: ImageSet, facts: list[Fact]) -> Change:
    return Change(before=image_set, facts=facts, scope_id=image_set.id)


def refuse_taken(team_id: UUID, name: str) -> None:
    """Names of sets are unique in a team."""
    if ImageSetRow.objects.filter(team_id=team_id, name=name, withdrawn=False).exists():
        raise Conflict("The team has an image set of this name; choose another.", code="name_taken")
