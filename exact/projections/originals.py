"""Which kept files an image speaks of; what none speaks of, a crash between keeping and registering has left."""

import logging
import time

from django.db import connection, transaction

from exact.domain.images import ImageRegistered
from exact.eventstore.log import every
from exact.projections.images import ImageRow
from exact.storage import originals
from exact.storage.disk import LEFTOVER_AGE_S

logger = logging.getLogger("exact.originals")


def alone_with(sha256: str) -> None:
    """Until the end of the transaction nobody else keeps or forgets this content."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [int(sha256[:15], 16)])


def forget(sha256: str) -> bool:
    """Remove content that no image speaks of; whether it was removed."""
    with transaction.atomic():
        alone_with(sha256)
        if ImageRow.objects.filter(sha256=sha256).exists():
            return False
        originals.path_of(sha256).unlink(missing_ok=True)
        return True


def sweep_unnamed() -> int:
    """Remove contents of more than a day ago that neither a row nor a fact names; answers how many.

    Where the log names fewer than it does not name, this is another log's folder, and nothing is removed.
    """
    without_row = _old() - set(ImageRow.objects.values_list("sha256", flat=True))
    if not without_row:
        return 0
    named = {fact.content.sha256 for fact in every(ImageRegistered)}
    unnamed = without_row - named
    if len(unnamed) > len(named):
        logger.warning("%d originals are named by no fact: is this their database? None is removed", len(unnamed))
        return 0
    return sum(forget(sha256) for sha256 in sorted(unnamed))


def _old() -> set[str]:
    oldest = time.time() - LEFTOVER_AGE_S
    return {sha256 for sha256 in originals.all_kept() if _kept_at(sha256) < oldest}


def _kept_at(sha256: str) -> float:
    """When it came; now, when it has gone meanwhile."""
    try:
        return originals.path_of(sha256).stat().st_mtime
    except FileNotFoundError:
        return time.time()
