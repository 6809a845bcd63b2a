"""Wishes about products."""

from typing import ClassVar
from uuid import UUID

from exact.accounts.permissions import Permission
from exact.accounts.policy import require
from exact.commands.bus import Change, Command, Context, handles, load_or_refuse
from exact.domain import products
from exact.domain.errors import Conflict
from exact.domain.identifiers import new_id
from exact.domain.products import NAME_MAX, Product
from exact.domain.streams import checked_name, checked_text, first
from exact.eventstore.log import next_number
from exact.projections.products import ProductRow


class CreateProduct(Command, frozen=True, kw_only=True):
    """A new product of a team."""

    NEEDS: ClassVar[Permission] = Permission.MANAGE_SETS
    team_id: UUID
    name: str
    description: str = ""


class ChangeProduct(Command, frozen=True, kw_only=True):
    """Another name or description."""

    NEEDS: ClassVar[Permission] = Permission.MANAGE_SETS
    product_id: UUID
    name: str
    description: str = ""


class WithdrawProduct(Command, frozen=True, kw_only=True):
    """Offer the product no more; what was drawn with its types stays."""

    NEEDS: ClassVar[Permission] = Permission.MANAGE_SETS
    product_id: UUID
    reason: str = ""


class RestoreProduct(Command, frozen=True, kw_only=True):
    """Offer a withdrawn product again."""

    NEEDS: ClassVar[Permission] = Permission.MANAGE_SETS
    product_id: UUID


@handles(CreateProduct)
def create_product(command: CreateProduct, context: Context) -> Change:
    """The first fact of a product; names are unique in a team."""
    require(context.person, command.NEEDS, command.team_id)
    name = checked_name(command.name, most=NAME_MAX)
    refuse_taken(command.team_id, name)
    fact = first(
        products.ProductCreated,
        new_id(),
        context.stamp,
        number=next_number("product"),
        team_id=command.team_id,
        name=name,
        description=checked_text(command.description),
    )
    return Change(before=None, facts=[fact], scope_id=command.team_id)


@handles(ChangeProduct)
def change_product(command: ChangeProduct, context: Context) -> Change:
    """Another name or description."""
    product = product_of(command.product_id, context, command.NEEDS)
    product.refuse_stale(context.expected_version)
    if command.name.strip() != product.name:
        refuse_taken(product.team_id, command.name.strip())
    facts = product.change(command.name, command.description, context.stamp)
    return Change(before=product, facts=facts, scope_id=product.team_id)


@handles(WithdrawProduct)
def withdraw_product(command: WithdrawProduct, context: Context) -> Change:
    """No more offered."""
    product = product_of(command.product_id, context, command.NEEDS)
    product.refuse_stale(context.expected_version)
    return Change(before=product, facts=product.withdraw(command.reason, context.stamp), scope_id=product.team_id)


@handles(RestoreProduct)
def restore_product(command: RestoreProduct, context: Context) -> Change:
    """Offered again, when no other product has taken its name."""
    product = product_of(command.product_id, context, command.NEEDS)
    product.refuse_stale(context.expected_version)
    facts = product.restore(context.stamp)
    if facts:
        refuse_taken(product.team_id, product.name)
    return Change(before=product, facts=facts, scope_id=product.team_id)


def product_of(product_id: UUID, context: Context, permission: Permission) -> Product:
    """The product, when the person may do this in its team."""
    product: Product = load_or_refuse(product_id, Product, "product", context)
    require(context.person, permission, product.team_id)
    return product


def refuse_taken(team_id: UUID, name: str) -> None:
    """Names of products are unique in a team."""
    if ProductRow.objects.filter(team_id=team_id, name=name, withdrawn=False).exists():
        raise Conflict("The team has a product of this name; choose another.", code="name_taken")
