"""Wishes about annotations and their verifications."""

from typing import Any, ClassVar
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from exact.accounts.permissions import Permission
from exact.accounts.policy import require
from exact.commands.bus import Change, Command, Context, handles, load_or_refuse
from exact.domain import annotations
from exact.domain.annotations import Annotation, Verdict
from exact.domain.errors import Invalid, NotFound
from exact.domain.facts import Fact
from exact.domain.identifiers import annotation_stream, new_id
from exact.domain.registry import fold
from exact.domain.vectors import Vector, checked
from exact.eventstore.log import load, next_number
from exact.projections.annotation_types import AnnotationTypeRow
from exact.projections.images import ImageRow


class DrawAnnotation(Command, frozen=True, kw_only=True):
    """Draw a shape. `unique_identifier` is the client's own: drawing it again edits the one that is there."""

    NEEDS: ClassVar[Permission] = Permission.ANNOTATE
    image_id: UUID
    annotation_type_id: UUID
    vector: Vector | None = None
    description: str = ""
    meta_data: dict[str, Any] | None = None  # Any: the client's own JSON
    unique_identifier: UUID | None = None


class ReshapeAnnotation(Command, frozen=True, kw_only=True):
    """Give it another geometry."""

    NEEDS: ClassVar[Permission] = Permission.ANNOTATE
    annotation_id: UUID
    vector: Vector | None


class ReclassifyAnnotation(Command, frozen=True, kw_only=True):
    """Give it another type of the same geometry."""

    NEEDS: ClassVar[Permission] = Permission.ANNOTATE
    annotation_id: UUID
    annotation_type_id: UUID


class DescribeAnnotation(Command, frozen=True, kw_only=True):
    """Change the remark or the client's own data."""

    NEEDS: ClassVar[Permission] = Permission.ANNOTATE
    annotation_id: UUID
    description: str = ""
    meta_data: dict[str, Any] | None = None  # Any: the client's own JSON


class RemoveAnnotation(Command, frozen=True, kw_only=True):
    """Take it off the image; it can be restored."""

    NEEDS: ClassVar[Permission] = Permission.ANNOTATE
    annotation_id: UUID
    reason: str = ""


class RestoreAnnotation(Command, frozen=True, kw_only=True):
    """Bring a removed one back."""

    NEEDS: ClassVar[Permission] = Permission.ANNOTATE
    annotation_id: UUID


class EditAnnotation(Command, frozen=True, kw_only=True):
    """Several changes at once, all or nothing; what is left out stays."""

    NEEDS: ClassVar[Permission] = Permission.ANNOTATE
    annotation_id: UUID
    vector: Vector | UnsetType | None = UNSET
    annotation_type_id: UUID | UnsetType = UNSET
    description: str | UnsetType = UNSET
    meta_data: dict[str, Any] | UnsetType | None = UNSET  # Any: the client's own JSON
    removed: bool | UnsetType = UNSET


class VerifyAnnotation(Command, frozen=True, kw_only=True):
    """Accept or reject the version that was seen; without `of_version` the newest."""

    NEEDS: ClassVar[Permission] = Permission.VERIFY
    annotation_id: UUID
    verdict: Verdict
    of_version: int | None = None


class WithdrawVerification(Command, frozen=True, kw_only=True):
    """Take the own verification back."""

    NEEDS: ClassVar[Permission] = Permission.VERIFY
    annotation_id: UUID


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The image an annotation lies on, and the products whose types its set offers."""

    image: ImageRow
    product_ids: frozenset[UUID]

    def checked(self, vector: Vector | None, node_count: int) -> Vector | None:
        """The vector, when it fits on the image."""
        if vector is None:
            return None
        width, height, frames = self._size(vector.plane)
        return checked(vector, width=width, height=height, frames=frames, node_count=node_count)

    def _size(self, plane: int) -> tuple[int, int, int]:
        planes = {size["plane"]: size for size in self.image.planes}
        if plane in planes:
            size = planes[plane]
            return size["width"], size["height"], size["frames"]
        if plane or planes:
            raise Invalid(f"The image has no plane {plane}.", code="vector_plane")
        return self.image.width, self.image.height, self.image.frames


@handles(DrawAnnotation)
def draw_annotation(command: DrawAnnotation, context: Context) -> Change:
    """The first fact of an annotation; or, for an identifier that is known on the image, an edit of that annotation."""
    place = place_of(command.image_id, context, command.NEEDS)
    identifier = command.unique_identifier or new_id()
    stream_id = annotation_stream(place.image.id, identifier)
    existing: Annotation | None = load(stream_id)
    if existing:
        return _redraw(existing, command, place, context)
    fact = annotations.draw(
        id=stream_id,
        number=next_number("annotation"),
        image_id=place.image.id,
        unique_identifier=identifier,
        annotation_type_id=command.annotation_type_id,
        vector=fitting(command.vector, command.annotation_type_id, place),
        description=command.description,
        meta_data=command.meta_data,
        stamp=context.stamp,
    )
    return Change(before=None, facts=[fact], scope_id=place.image.id)


@handles(ReshapeAnnotation)
def reshape_annotation(command: ReshapeAnnotation, context: Context) -> Change:
    """Another geometry, which fits type and image."""
    annotation, place = annotation_of(command.annotation_id, context, command.NEEDS)
    annotation.refuse_stale(context.expected_version)
    vector = fitting(command.vector, annotation.annotation_type_id, place, drawn_before=True)
    return _change(annotation, annotation.reshape(vector, context.stamp))


@handles(ReclassifyAnnotation)
def reclassify_annotation(command: ReclassifyAnnotation, context: Context) -> Change:
    """Another type, which fits the geometry."""
    annotation, place = annotation_of(command.annotation_id, context, command.NEEDS)
    annotation.refuse_stale(context.expected_version)
    fitting(annotation.vector, command.annotation_type_id, place)
    return _change(annotation, annotation.reclassify(command.annotation_type_id, context.stamp))


@handles(DescribeAnnotation)
def describe_annotation(command: DescribeAnnotation, context: Context) -> Change:
    """Another remark."""
    annotation, _ = annotation_of(command.annotation_id, context, command.NEEDS)
    annotation.refuse_stale(context.expected_version)
    return _change(annotation, annotation.describe(command.description, command.meta_data, context.stamp))


@handles(RemoveAnnotation)
def remove_annotation(command: RemoveAnnotation, context: Context) -> Change:
    """Off the image."""
    annotation, _ = annotation_of(command.annotation_id, context, command.NEEDS)
    annotation.refuse_stale(context.expected_version)
    return _change(annotation, annotation.remove(command.reason, context.stamp))


@handles(RestoreAnnotation)
def restore_annotation(command: RestoreAnnotation, context: Context) -> Change:
    """Back on the image."""
    annotation, _ = annotation_of(command.annotation_id, context, command.NEEDS)
    annotation.refuse_stale(context.expected_version)
    return _change(annotation, annotation.restore(context.stamp))


@handles(EditAnnotation)
def edit_annotation(command: EditAnnotation, context: Context) -> Change:
    """Several facts of one annotation, or none."""
    annotation, place = annotation_of(command.annotation_id, context, command.NEEDS)
    annotation.refuse_stale(context.expected_version)
    return _change(annotation, _edits(annotation, command, place, context))


@handles(VerifyAnnotation)
def verify_annotation(command: VerifyAnnotation, context: Context) -> Change:
    """A verdict about the content that was seen."""
    annotation, _ = annotation_of(command.annotation_id, context, command.NEEDS)
    seen = command.of_version or context.expected_version or annotation.version
    number = 0 if annotation.verification_of(context.person.person_id) else next_number("verification")
    return _change(annotation, annotation.verify(command.verdict, seen, number, context.stamp))


@handles(WithdrawVerification)
def withdraw_verification(command: WithdrawVerification, context: Context) -> Change:
    """The own verdict taken back."""
    annotation, _ = annotation_of(command.annotation_id, context, command.NEEDS)
    return _change(annotation, annotation.withdraw_verification(context.stamp))


def annotation_of(annotation_id: UUID, context: Context, permission: Permission) -> tuple[Annotation, Place]:
    """The annotation and its image, when the person may do this in the team."""
    annotation: Annotation = load_or_refuse(annotation_id, Annotation, "annotation")
    return annotation, place_of(annotation.image_id, context, permission)


def place_of(image_id: UUID, context: Context, permission: Permission) -> Place:
    """The image, when it is offered and the person may do this in its team."""
    image = ImageRow.objects.select_related("image_set").filter(id=image_id).first()
    if image is None:
        raise NotFound("There is no such image, or it belongs to another team.", what="image")
    require(context.person, permission, image.image_set.team_id)
    if image.withdrawn or image.image_set.withdrawn:
        raise NotFound("The image was withdrawn.", code="withdrawn")
    products = image.image_set.products.values_list("id", flat=True)
    return Place(image=image, product_ids=frozenset(products))


def fitting(vector: Vector | None, type_id: UUID, place: Place, *, drawn_before: bool = False) -> Vector | None:
    """The vector, when the type is offered on the set, has this geometry, and the shape lies on the image.

    What was drawn with a type that has been detached or withdrawn since may still be reshaped.
    """
    kind = AnnotationTypeRow.objects.filter(id=type_id).first()
    offered = kind is not None and kind.product_id in place.product_ids and not kind.withdrawn
    if kind is None or not (offered or drawn_before):
        raise Invalid("This annotation type is not offered on the image set; attach its product to the set first.",
                      code="annotation_type_not_offered")  # fmt: skip
    if vector is not None and vector.vector_type != kind.vector_type:
        raise Invalid(f"The type “{kind.name}” has another geometry than this shape.", code="vector_type")
    return place.checked(vector, kind.node_count)


def _redraw(annotation: Annotation, command: DrawAnnotation, place: Place, context: Context) -> Change:
    """The ancestor's upsert: shape, type and presence are the client's; the overtaken state stays in history."""
    edit = EditAnnotation(
        annotation_id=annotation.id,
        vector=command.vector,
        annotation_type_id=command.annotation_type_id,
        description=command.description or annotation.description,
        meta_data=annotation.meta_data if command.meta_data is None else command.meta_data,
        removed=False,
    )
    annotation.refuse_stale(context.expected_version)
    return _change(annotation, _edits(annotation, edit, place, context))


def _edits(annotation: Annotation, command: EditAnnotation, place: Place, context: Context) -> list[Fact]:
    """The facts of an edit, each decided on the state that the earlier ones leave."""
    facts: list[Fact] = []
    stamp = context.stamp

    def now() -> Annotation:
        state: Annotation = fold(annotation, facts)
        return state

    if command.removed is False:
        facts += now().restore(stamp)
    if command.annotation_type_id is not UNSET:
        kept = annotation.vector if command.vector is UNSET else command.vector
        known = command.annotation_type_id == annotation.annotation_type_id
        fitting(kept, command.annotation_type_id, place, drawn_before=known)
        facts += now().reclassify(command.annotation_type_id, stamp)
    if command.vector is not UNSET:
        vector = fitting(command.vector, now().annotation_type_id, place, drawn_before=True)
        facts += now().reshape(vector, stamp)
    if command.description is not UNSET or command.meta_data is not UNSET:
        description = annotation.description if command.description is UNSET else command.description
        meta_data = annotation.meta_data if command.meta_data is UNSET else command.meta_data
        facts += now().describe(description, meta_data, stamp)
    if command.removed is True:
        facts += now().remove("", stamp)
    return facts


def _change(annotation: Annotation, facts: list[Fact]) -> Change:
    return Change(before=annotation, facts=facts, scope_id=annotation.image_id)
