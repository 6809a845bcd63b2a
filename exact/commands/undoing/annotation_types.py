"""Taking back what was done to an annotation type: not while it was drawn with since."""

from exact.accounts.permissions import Permission
from exact.commands.annotation_types import refuse_taken
from exact.commands.bus import Context
from exact.commands.undoing.base import Undoing, refuse_drawn_since
from exact.domain import annotation_types
from exact.domain.annotation_types import AnnotationType
from exact.domain.facts import Fact
from exact.domain.registry import facts_of
from exact.eventstore.recorded import Recorded


def check(now: AnnotationType, recorded: Recorded, back: Fact, context: Context) -> None:
    """Annotations need it; another type of the product may have its name."""
    match back:
        case annotation_types.AnnotationTypeWithdrawn():
            refuse_drawn_since(recorded, context, "Somebody has drawn with this type since.", annotation_type=now.id)
        case annotation_types.AnnotationTypeRestored():
            context.notebook.state(now.product_id).refuse_withdrawn()
            refuse_taken(now.product_id, now.style.name)
        case annotation_types.AnnotationTypeChanged() if back.style.name != now.style.name:
            refuse_taken(now.product_id, back.style.name)


ANNOTATION_TYPES = Undoing(needs=dict.fromkeys(facts_of(annotation_types), Permission.MANAGE_SETS), check=check)
