"""AnnotationType: what may be marked, with which geometry, in which colour."""

import re
from uuid import UUID

import msgspec
from msgspec.structs import replace

from exact.domain.errors import Invalid
from exact.domain.facts import Fact, Stamp
from exact.domain.streams import Stream, checked_name, checked_text
from exact.domain.vectors import VectorType

NAME_MAX = 50
COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")


class Style(msgspec.Struct, frozen=True, kw_only=True):
    """What may change about a type; sizes in pixels. The fields and their defaults are the ancestor's."""

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


class AnnotationTypeCreated(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A product got a new type; its geometry never changes."""

    number: int
    product_id: UUID
    vector_type: VectorType
    style: Style


class AnnotationTypeChanged(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """Name, colour or defaults changed."""

    style: Style


class AnnotationTypeWithdrawn(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The type is no longer offered; what was drawn with it stays."""

    reason: str = ""


class AnnotationTypeRestored(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A withdrawn type is offered again."""


class AnnotationType(Stream, frozen=True, kw_only=True):
    """The state of one annotation type."""

    product_id: UUID
    vector_type: VectorType
    style: Style

    def change(self, style: Style, stamp: Stamp) -> list[Fact]:
        """Change name, colour or defaults."""
        self.refuse_withdrawn()
        style = checked_style(style)
        return [] if style == self.style else [self.next(AnnotationTypeChanged, stamp, style=style)]

    def withdraw(self, reason: str, stamp: Stamp) -> list[Fact]:
        """Offer it no more."""
        if self.withdrawn:
            return []
        return [self.next(AnnotationTypeWithdrawn, stamp, reason=checked_text(reason, what="reason"))]

    def restore(self, stamp: Stamp) -> list[Fact]:
        """Offer it again; nothing where it is offered."""
        return [self.next(AnnotationTypeRestored, stamp)] if self.withdrawn else []


def checked_style(style: Style) -> Style:
    """The style with a clean name, or a refusal: colour #rrggbb, sizes of at least one pixel."""
    if not COLOUR.fullmatch(style.color_code):
        raise Invalid("A colour is written #rrggbb, for example #0072B2.", code="color_code_invalid")
    if min(style.default_width, style.default_height) < 1 or style.node_count < 0:
        raise Invalid("Default width and height are at least 1 pixel, node_count at least 0.", code="style_invalid")
    return replace(style, name=checked_name(style.name, most=NAME_MAX))


def evolve(annotation_type: AnnotationType | None, fact: Fact) -> AnnotationType:
    """The type after one more fact."""
    if isinstance(fact, AnnotationTypeCreated):
        return AnnotationType(id=fact.originator_id, version=fact.originator_version, number=fact.number,
                              product_id=fact.product_id, vector_type=fact.vector_type, style=fact.style)  # fmt: skip
    assert annotation_type is not None, "the first fact of a type is AnnotationTypeCreated"
    annotation_type = replace(annotation_type, version=fact.originator_version)
    match fact:
        case AnnotationTypeChanged():
            return replace(annotation_type, style=fact.style)
        case AnnotationTypeWithdrawn():
            return replace(annotation_type, withdrawn=True)
        case AnnotationTypeRestored():
            return replace(annotation_type, withdrawn=False)
    raise TypeError(f"{type(fact).__name__} is no fact of an annotation type")
