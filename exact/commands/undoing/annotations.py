"""Taking back what was done to annotations: on an image that is offered, and shapes that fit their types."""

from exact.accounts.permissions import Permission
from exact.commands.bus import Context
from exact.commands.places import place_of
from exact.commands.undoing.base import Undoing
from exact.domain import annotations
from exact.domain.annotations import Annotation
from exact.domain.facts import Fact
from exact.domain.registry import facts_of
from exact.eventstore.recorded import Recorded
from exact.projections.annotation_types import AnnotationTypeRow

VERDICTS = (annotations.AnnotationVerified, annotations.VerificationWithdrawn)
NEEDS = {
    kind: Permission.VERIFY if issubclass(kind, VERDICTS) else Permission.ANNOTATE for kind in facts_of(annotations)
}


def check(_: Annotation, recorded: Recorded, __: Fact, context: Context) -> None:
    """Nothing changes on an image that was withdrawn."""
    place_of(recorded.scope_id, context, NEEDS[type(recorded.fact)])


def fits(annotation: Annotation, context: Context) -> bool:
    """A shape and its type belong together; where one of them was changed since, neither is taken back alone."""
    type_id = annotation.annotation_type_id
    kind = context.notebook.once(("type", type_id), lambda: AnnotationTypeRow.objects.filter(id=type_id).first())
    return kind is None or annotation.vector is None or kind.vector_type == annotation.vector.vector_type


ANNOTATIONS = Undoing(needs=NEEDS, check=check)
