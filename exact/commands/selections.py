"""Wishes about all annotations of an image that a filter leaves: accepted, reclassified, removed, restored as a set."""

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

import msgspec
from django.db.models import Q

from exact.accounts.permissions import Permission
from exact.commands.bus import Change, Changes, Command, Context, Subject, handles
from exact.commands.places import Place, fitting, place_of
from exact.domain.annotations import Annotation, Status, Verdict
from exact.domain.errors import Invalid, Refusal
from exact.domain.facts import Fact
from exact.domain.images import Image
from exact.domain.registry import fold
from exact.eventstore import many
from exact.eventstore.errors import StaleHead
from exact.eventstore.recorded import Recorded
from exact.projections.annotations import AnnotationRow

MATCHING_MAX = 10_000
"""Annotations that one command may be about."""
LEFT_SHOWN = 100
"""How many of those that were left alone are named in the answer."""


class Where(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What an annotation must be to be meant; everything that is given must hold.

    `region` is left, top, right, bottom in 1/100 pixel: the bounds of the shape lie inside, edges included.
    """

    annotation_type_id: UUID | None = None
    status: Status | None = None
    region: tuple[int, int, int, int] | None = None
    frame: int | None = None
    plane: int | None = None
    created_by: UUID | None = None
    annotation_ids: tuple[UUID, ...] | None = None


class Selection(Command, frozen=True, kw_only=True):
    """Which annotations of an image are meant; those that somebody changed after the position are left alone."""

    ALONE: ClassVar[bool] = True
    image_id: UUID
    where: Where = Where()
    unless_changed_since: int | None = None


class VerifyAnnotations(Selection, frozen=True, kw_only=True):
    """Accept or reject every annotation that the filter leaves, each in its newest version."""

    NEEDS: ClassVar[Permission] = Permission.VERIFY
    verdict: Verdict


class ReclassifyAnnotations(Selection, frozen=True, kw_only=True):
    """Give every annotation that the filter leaves another type; those of another geometry are left alone."""

    NEEDS: ClassVar[Permission] = Permission.ANNOTATE
    annotation_type_id: UUID


class RemoveAnnotations(Selection, frozen=True, kw_only=True):
    """Take every annotation that the filter leaves off the image; they can be restored."""

    NEEDS: ClassVar[Permission] = Permission.ANNOTATE
    reason: str = ""


class RestoreAnnotations(Selection, frozen=True, kw_only=True):
    """Bring back every removed annotation that the filter leaves."""

    NEEDS: ClassVar[Permission] = Permission.ANNOTATE


@handles(VerifyAnnotations)
def verify_annotations(command: VerifyAnnotations, context: Context) -> Changes:
    """One fact for each that has another verdict of this person, or none."""
    place = place_of(command.image_id, context, command.NEEDS)

    def decide(annotation: Annotation) -> list[Fact]:
        mine = annotation.verification_of(context.person.person_id)
        number = 0 if mine else context.notebook.number("verification")
        return annotation.verify(command.verdict, annotation.version, number, context.stamp)

    return _of_all(command, place, context, decide, numbers="verification")


@handles(ReclassifyAnnotations)
def reclassify_annotations(command: ReclassifyAnnotations, context: Context) -> Changes:
    """One fact for each that has another type."""
    place = place_of(command.image_id, context, command.NEEDS)
    fitting(None, command.annotation_type_id, place, context)

    def decide(annotation: Annotation) -> list[Fact]:
        facts = annotation.reclassify(command.annotation_type_id, context.stamp)
        if facts:
            fitting(annotation.vector, command.annotation_type_id, place, context)
        return facts

    return _of_all(command, place, context, decide)


@handles(RemoveAnnotations)
def remove_annotations(command: RemoveAnnotations, context: Context) -> Changes:
    """One fact for each that is there."""
    place = place_of(command.image_id, context, command.NEEDS)
    return _of_all(command, place, context, lambda annotation: annotation.remove(command.reason, context.stamp))


@handles(RestoreAnnotations)
def restore_annotations(command: RestoreAnnotations, context: Context) -> Changes:
    """One fact for each that was removed."""
    place = place_of(command.image_id, context, command.NEEDS)
    return _of_all(command, place, context, lambda annotation: annotation.restore(context.stamp), removed=True)


Decide = Callable[[Annotation], list[Fact]]


def _of_all(
    command: Selection, place: Place, context: Context, decide: Decide, *, removed: bool = False, numbers: str = ""
) -> Changes:
    """What is decided about each of them; the answer says how many changed and which were left alone, and why."""
    _refuse_stale(place, context)
    matching = _matching(command, removed=removed)
    histories = many.histories(matching)
    if numbers:
        context.notebook.expect(numbers, len(matching))
    changes, left = [], []
    for stream_id, version in matching.items():
        facts = histories[stream_id]
        annotation: Annotation = fold(None, (one.fact for one in facts))
        if annotation.version != version:
            raise StaleHead("changed between the filter and the reading")
        outcome = _decided(annotation, facts, command.unless_changed_since, decide)
        if isinstance(outcome, dict):
            left.append(outcome)
        elif outcome:
            changes.append(Change(before=annotation, facts=outcome, scope_id=annotation.image_id))
    image = place.image
    return Changes(
        subject=Subject(id=image.id, number=image.number, version=image.version),
        changes=changes,
        details={"changed": len(changes), "left_count": len(left), "left": left[:LEFT_SHOWN]},
    )


Left = dict[str, Any]  # Any: JSON


def _decided(annotation: Annotation, facts: list[Recorded], since: int | None, decide: Decide) -> list[Fact] | Left:
    """Its facts, none where it is as wished already, or why it is left alone."""
    try:
        wished = decide(annotation)
    except Refusal as refusal:
        return _left(annotation, refusal.code, refusal.sentence)
    if wished and since is not None and facts[-1].position > since:
        return _left(annotation, "changed_since", "Somebody changed it since.", changed_by=str(facts[-1].fact.by))
    return wished


def _left(annotation: Annotation, code: str, reason: str, **more: str) -> Left:
    return {
        "annotation_id": str(annotation.id),
        "number": annotation.number,
        "version": annotation.version,
        "code": code,
        "reason": reason,
        **more,
    }


def _refuse_stale(place: Place, context: Context) -> None:
    """A version that was named is the image's."""
    seen = context.expected_version
    if seen is not None and seen != place.image.version:
        image: Image = context.notebook.state(place.image.id)
        image.refuse_stale(seen)


def _matching(command: Selection, *, removed: bool) -> dict[UUID, int]:
    """The annotations that the filter leaves and their versions, in the order of their numbers; not too many."""
    rows = AnnotationRow.objects.filter(_condition(command.where), image_id=command.image_id, removed=removed)
    found = dict(rows.values_list("id", "version")[: MATCHING_MAX + 1])
    if len(found) > MATCHING_MAX:
        count = rows.count()
        raise Invalid(
            f"The filter leaves {count} annotations, and one command takes {MATCHING_MAX} at most; narrow it, say to a"
            " region.",
            code="too_many",
            matching=count,
            most=MATCHING_MAX,
        )
    return found


def _condition(where: Where) -> Q:
    plain = {
        "annotation_type_id": where.annotation_type_id,
        "status": where.status,
        "vector__frame": where.frame,
        "created_by": where.created_by,
        "id__in": where.annotation_ids,
    }
    condition = Q(**{name: value for name, value in plain.items() if value is not None})
    if where.region is not None:
        left, top, right, bottom = where.region
        condition &= Q(left__gte=left, top__gte=top, right__lte=right, bottom__lte=bottom)
    if where.plane is not None:
        # The stored shape leaves out the plane of flat images.
        there = Q(vector__plane=where.plane)
        condition &= there if where.plane else there | Q(vector__isnull=False, vector__plane__isnull=True)
    return condition
