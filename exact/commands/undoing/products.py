"""Taking back what was done to a product: not while it has types, is attached, or was drawn with since."""

from exact.accounts.permissions import Permission
from exact.commands.bus import Context
from exact.commands.products import refuse_taken
from exact.commands.undoing.base import Undoing, begun, refuse_drawn_since
from exact.domain import products
from exact.domain.compensations import CannotUndo
from exact.domain.facts import Fact
from exact.domain.products import Product
from exact.domain.registry import facts_of
from exact.eventstore.log import begun_after
from exact.eventstore.recorded import Recorded
from exact.projections.annotation_types import AnnotationTypeRow
from exact.projections.image_sets import ImageSetRow


def check(now: Product, recorded: Recorded, back: Fact, context: Context) -> None:
    """Others' types and annotations need it; another product may have its name."""
    match back:
        case products.ProductWithdrawn():
            _refuse_used(now, recorded, context)
        case products.ProductRestored():
            refuse_taken(now.team_id, now.name)
        case products.ProductChanged() if back.name != now.name:
            refuse_taken(now.team_id, back.name)


def _refuse_used(now: Product, recorded: Recorded, context: Context) -> None:
    types = AnnotationTypeRow.objects.filter(product=now.id, withdrawn=False).values_list("id", flat=True)
    if begun_after(list(types), recorded.position):
        raise CannotUndo("Annotation types were added to the product since.")
    if begun(recorded) and ImageSetRow.objects.filter(products=now.id, withdrawn=False).exists():
        raise CannotUndo("The product is attached to image sets; detach it first.")
    refuse_drawn_since(recorded, context, "Somebody has drawn with its types since.", annotation_type__product=now.id)


PRODUCTS = Undoing(needs=dict.fromkeys(facts_of(products), Permission.MANAGE_SETS), check=check)
