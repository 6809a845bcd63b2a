"""Wishes about annotations and their verifications."""

from collections.abc import Iterable
from typing import Any, ClassVar
from uuid import UUID

from msgspec import UNSET, UnsetType

from exact.accounts.permissions import Permission
from exact.commands.bus import Change, Command, Context, handles, load_or_refuse
from exact.commands.places import Place, fitting, place_of, read_places, read_types
from exact.domain import annotations
from exact.domain.annotations import Annotation, Verdict
from exact.domain.facts import Fact
from exact.domain.identifiers import annotation_stream, new_id
from exact.domain.registry import fold
from exact.domain.vectors import Vector


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


@handles(DrawAnnotation)
def draw_annotation(command: DrawAnnotation, context: Context) -> Change:
    """The first fact of an annotation; or, for an identifier that is known on the image, an edit of that annotation."""
    place = place_of(command.image_id, context, command.NEEDS)
    identifier = command.unique_identifier or new_id()
    stream_id = annotation_stream(place.image.id, identifier)
    existing: Annotation | None = context.notebook.state(stream_id) if command.unique_identifier else None
    if existing:
        return _redraw(existing, command, place, context)
    fact = annotations.draw(
        id=stream_id,
        number=context.notebook.number("annotation"),
        image_id=place.image.id,
        unique_identifier=identifier,
        annotation_type_id=command.annotation_type_id,
        vector=fitting(command.vector, command.annotation_type_id, place, context),
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
    vector = fitting(command.vector, annotation.annotation_type_id, place, context, drawn_before=True)
    return _change(annotation, annotation.reshape(vector, context.stamp))


@handles(ReclassifyAnnotation)
def reclassify_annotation(command: ReclassifyAnnotation, context: Context) -> Change:
    """Another type, which fits the geometry."""
    annotation, place = annotation_of(command.annotation_id, context, command.NEEDS)
    annotation.refuse_stale(context.expected_version)
    fitting(annotation.vector, command.annotation_type_id, place, context)
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
    annotation.refuse_stale(context.expected_version)
    seen = command.of_version or context.expected_version or annotation.version
    number = 0 if annotation.verification_of(context.person.person_id) else context.notebook.number("verification")
    return _change(annotation, annotation.verify(command.verdict, seen, number, context.stamp))


@handles(WithdrawVerification)
def withdraw_verification(command: WithdrawVerification, context: Context) -> Change:
    """The own verdict taken back."""
    annotation, _ = annotation_of(command.annotation_id, context, command.NEEDS)
    annotation.refuse_stale(context.expected_version)
    return _change(annotation, annotation.withdraw_verification(context.person.person_id, context.stamp))


def read_ahead(commands: Iterable[Command], context: Context) -> None:
    """What wishes about annotations will ask for one by one, in a few queries for all of them."""
    fields = [(command, command.__struct_fields__) for command in commands]
    known = {command.annotation_id for command, names in fields if "annotation_id" in names}  # type: ignore[attr-defined]
    drawn = [command for command, _ in fields if isinstance(command, DrawAnnotation)]
    twins = {annotation_stream(d.image_id, d.unique_identifier) for d in drawn if d.unique_identifier}
    context.notebook.read(known | twins)
    states = [context.notebook.state(stream_id) for stream_id in known | twins]
    there = [state for state in states if isinstance(state, Annotation)]
    read_places({d.image_id for d in drawn} | {state.image_id for state in there}, context)
    read_types({d.annotation_type_id for d in drawn} | {state.annotation_type_id for state in there}, context)
    context.notebook.expect("annotation", len(drawn))
    context.notebook.expect("verification", sum(isinstance(command, VerifyAnnotation) for command, _ in fields))


def annotation_of(annotation_id: UUID, context: Context, permission: Permission) -> tuple[Annotation, Place]:
    """The annotation and its image, when the person may do this in the team."""
    annotation: Annotation = load_or_refuse(annotation_id, Annotation, "annotation", context)
    return annotation, place_of(annotation.image_id, context, permission)


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
        fitting(kept, command.annotation_type_id, place, context, drawn_before=known)
        facts += now().reclassify(command.annotation_type_id, stamp)
    if command.vector is not UNSET:
        vector = fitting(command.vector, now().annotation_type_id, place, context, drawn_before=True)
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
