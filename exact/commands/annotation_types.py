"""Wishes about annotation types."""

from typing import ClassVar
from uuid import UUID

from exact.accounts.permissions import Permission
from exact.commands.bus import Change, Command, Context, handles, load_or_refuse
from exact.commands.products import product_of
from exact.domain import annotation_types
from exact.domain.annotation_types import AnnotationType, Style, checked_style
from exact.domain.errors import Conflict
from exact.domain.identifiers import new_id
from exact.domain.products import Product
from exact.domain.streams import first
from exact.domain.vectors import vector_type_of
from exact.eventstore.log import next_number
from exact.projections.annotation_types import AnnotationTypeRow


class StyleFields(Command, frozen=True, kw_only=True):
    """The fields of a type that may change; sizes in pixels."""

    NEEDS: ClassVar[Permission] = Permission.MANAGE_SETS
    name: str
    color_code: str = "#0072B2"
    node_count: int = 0
    default_width: int = 50
    default_height: int = 50
    sort_order: int = 0
    closed: bool = True
    area_hit_test: bool = True
    multi_frame: bool = False
    enable_concealed: bool = False
    enable_blurred: bool = False

    @property
    def style(self) -> Style:
        """These fields as the domain's style, checked."""
        return checked_style(Style(**{name: getattr(self, name) for name in Style.__struct_fields__}))


class CreateAnnotationType(StyleFields, frozen=True, kw_only=True):
    """A new type of a product; its geometry never changes."""

    product_id: UUID
    vector_type: int


class ChangeAnnotationType(StyleFields, frozen=True, kw_only=True):
    """Another name, colour or default."""

    annotation_type_id: UUID


class WithdrawAnnotationType(Command, frozen=True, kw_only=True):
    """Offer the type no more; what was drawn with it stays."""

    NEEDS: ClassVar[Permission] = Permission.MANAGE_SETS
    annotation_type_id: UUID
    reason: str = ""


class RestoreAnnotationType(Command, frozen=True, kw_only=True):
    """Offer a withdrawn type again."""

    NEEDS: ClassVar[Permission] = Permission.MANAGE_SETS
    annotation_type_id: UUID


@handles(CreateAnnotationType)
def create_annotation_type(command: CreateAnnotationType, context: Context) -> Change:
    """The first fact of a type; names are unique in a product."""
    product = product_of(command.product_id, context, command.NEEDS)
    product.refuse_withdrawn()
    style = command.style
    refuse_taken(product.id, style.name)
    fact = first(
        annotation_types.AnnotationTypeCreated,
        new_id(),
        context.stamp,
        number=next_number("annotation_type"),
        product_id=product.id,
        vector_type=vector_type_of(command.vector_type),
        style=style,
    )
    return Change(before=None, facts=[fact], scope_id=product.team_id)


@handles(ChangeAnnotationType)
def change_annotation_type(command: ChangeAnnotationType, context: Context) -> Change:
    """Another name, colour or default."""
    annotation_type, product = annotation_type_of(command.annotation_type_id, context, command.NEEDS)
    annotation_type.refuse_stale(context.expected_version)
    if command.style.name != annotation_type.style.name:
        refuse_taken(product.id, command.style.name)
    facts = annotation_type.change(command.style, context.stamp)
    return Change(before=annotation_type, facts=facts, scope_id=product.team_id)


@handles(WithdrawAnnotationType)
def withdraw_annotation_type(command: WithdrawAnnotationType, context: Context) -> Change:
    """No more offered."""
    annotation_type, product = annotation_type_of(command.annotation_type_id, context, command.NEEDS)
    annotation_type.refuse_stale(context.expected_version)
    facts = annotation_type.withdraw(command.reason, context.stamp)
    return Change(before=annotation_type, facts=facts, scope_id=product.team_id)


@handles(RestoreAnnotationType)
def restore_annotation_type(command: RestoreAnnotationType, context: Context) -> Change:
    """Offered again, when its product is there and no other type of it has taken the name."""
    annotation_type, product = annotation_type_of(command.annotation_type_id, context, command.NEEDS)
    annotation_type.refuse_stale(context.expected_version)
    facts = annotation_type.restore(context.stamp)
    if facts:
        product.refuse_withdrawn()
        refuse_taken(product.id, annotation_type.style.name)
    return Change(before=annotation_type, facts=facts, scope_id=product.team_id)


def annotation_type_of(
    annotation_type_id: UUID, context: Context, permission: Permission
) -> tuple[AnnotationType, Product]:
    """The type and its product, when the person may do this in the team."""
    found: AnnotationType = load_or_refuse(annotation_type_id, AnnotationType, "annotation type", context)
    return found, product_of(found.product_id, context, permission)


def refuse_taken(product_id: UUID, name: str) -> None:
    """Names of types are unique in a product."""
    if AnnotationTypeRow.objects.filter(product_id=product_id, name=name, withdrawn=False).exists():
        raise Conflict("The product has an annotation type of this name; choose another.", code="name_taken")
