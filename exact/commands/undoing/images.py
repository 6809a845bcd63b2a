"""Taking back what was done to an image: not over annotations that were drawn or changed on it since."""

from exact.accounts.permissions import Permission
from exact.commands.bus import Context
from exact.commands.images import refuse_twin
from exact.commands.undoing.base import Undoing, refuse_drawn_since
from exact.domain import images
from exact.domain.errors import Conflict
from exact.domain.facts import Fact
from exact.domain.images import Image
from exact.domain.registry import facts_of
from exact.eventstore.recorded import Recorded


def check(now: Image, recorded: Recorded, back: Fact, context: Context) -> None:
    """Its set is there; others' annotations need it; the same file may have come again."""
    if context.notebook.state(now.image_set_id).withdrawn:
        raise Conflict("The image set was withdrawn.", code="withdrawn")
    match back:
        case images.ImageWithdrawn():
            refuse_drawn_since(recorded, context, "Somebody has drawn on the image since.", image=now.id)
        case images.ImageRestored():
            refuse_twin(now.image_set_id, now.content.sha256)


IMAGES = Undoing(needs=dict.fromkeys(facts_of(images), Permission.MANAGE_IMAGES), check=check)
