"""What undoing the facts of any noun has in common: the right it needs, and a look at what was built on a fact."""

from collections.abc import Callable
from typing import Any

import msgspec
from django.db.models import Q, QuerySet

from exact.accounts.permissions import Permission
from exact.commands.bus import Context
from exact.domain.compensations import CannotUndo
from exact.domain.facts import Fact
from exact.eventstore.log import changed_after
from exact.eventstore.recorded import Recorded
from exact.projections.annotations import AnnotationRow

Rows = QuerySet[AnnotationRow]
Check = Callable[[Any, Recorded, Fact, Context], None]
"""(state now, the fact to be taken back, the fact that would do so, context): raises a refusal where others have built
on it, or something else has taken its place.

Any: the state of the noun.
"""


class Undoing(msgspec.Struct, frozen=True, kw_only=True):
    """How facts of one noun are taken back: which right each kind needs, as the wish that would do the same."""

    needs: dict[type[Fact], Permission]
    check: Check


def begun(recorded: Recorded) -> bool:
    """Whether it is the first fact of its stream: whatever is built on the thing is younger."""
    return recorded.fact.originator_version == 1


def refuse_drawn_since(recorded: Recorded, context: Context, sentence: str, **where: Any) -> None:  # Any: Django's
    """Annotations that are there and were drawn or changed after the fact are built on it."""
    rows = AnnotationRow.objects.filter(removed=False, **where)
    newest = (rows if begun(recorded) else _since(rows, recorded, context)).order_by("-edited_at").first()
    if newest:
        raise CannotUndo(sentence, changed_by=str(newest.edited_by))


def _since(rows: Rows, recorded: Recorded, context: Context) -> Rows:
    """Those changed after the fact, by its own command, too; but for those that this undo has brought back."""
    at = recorded.fact.at
    brought_back = Q(edited_at=context.stamp.at, edited_by=context.stamp.by, created_at__lt=at)
    together = changed_after(rows.filter(edited_at=at).values_list("id", flat=True), recorded.position)
    return rows.filter(Q(edited_at__gt=at) | Q(id__in=together)).exclude(brought_back)
