"""Taking back what was done to an image set: not over images that came since, nor over work on them."""

from exact.accounts.permissions import Permission
from exact.commands.bus import Context
from exact.commands.image_sets import refuse_taken
from exact.commands.undoing.base import Undoing, begun, refuse_drawn_since
from exact.domain import image_sets
from exact.domain.compensations import CannotUndo
from exact.domain.facts import Fact
from exact.domain.image_sets import ImageSet
from exact.domain.registry import facts_of
from exact.eventstore.recorded import Recorded
from exact.projections.images import ImageRow


def check(now: ImageSet, recorded: Recorded, back: Fact, context: Context) -> None:
    """Others' images and annotations need it; another set may have its name; a product may be gone."""
    match back:
        case image_sets.ImageSetWithdrawn():
            _refuse_images_since(now, recorded)
            refuse_drawn_since(recorded, context, "Somebody has drawn on its images since.", image__image_set=now.id)
        case image_sets.ImageSetRestored():
            refuse_taken(now.team_id, now.name)
        case image_sets.ImageSetDescribed() if back.name != now.name:
            refuse_taken(now.team_id, back.name)
        case image_sets.ProductAttached():
            context.notebook.state(back.product_id).refuse_withdrawn()
        case image_sets.ProductDetached():
            sentence = "Somebody has drawn with the product's types on this set since."
            where = {"image__image_set": now.id, "annotation_type__product": back.product_id}
            refuse_drawn_since(recorded, context, sentence, **where)


def _refuse_images_since(now: ImageSet, recorded: Recorded) -> None:
    images = ImageRow.objects.filter(image_set=now.id, withdrawn=False)
    newest = (images if begun(recorded) else images.filter(registered_at__gte=recorded.fact.at)).last()
    if newest:
        raise CannotUndo("Images were added to the set since.", changed_by=str(newest.registered_by))


IMAGE_SETS = Undoing(needs=dict.fromkeys(facts_of(image_sets), Permission.MANAGE_SETS), check=check)
