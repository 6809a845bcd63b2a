"""Which kept files an image speaks of; what none speaks of, a crash between keeping and registering has left."""

import logging
import time
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from django.db import connection, transaction

from exact.domain.images import ImageRegistered
from exact.eventstore.log import every
from exact.projections.images import ImageRow
from exact.storage import originals
from exact.storage.bundles import parts_of
from exact.storage.disk import LEFTOVER_AGE_S
from exact.storage.references import all_referred, forget_reference, noted_at

logger = logging.getLogger("exact.originals")

REMOVING = 0x4D454D42
"""The advisory lock that whoever keeps something shares, and whoever removes something has alone."""


def alone_with(sha256: str) -> None:
    """Until the end of the transaction nobody else keeps this content, and nobody removes any: its members may be
    there already, left by a crash."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock_shared(%s)", [REMOVING])
        cursor.execute("select pg_advisory_xact_lock(%s)", [int(sha256[:15], 16)])


def forget(*contents: str) -> int:
    """Remove contents that no image speaks of, as a whole or as one of its files; how many were removed."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [REMOVING])
        gone = set(contents) - shown_parts()
        for sha256 in gone:
            originals.path_of(sha256).unlink(missing_ok=True)
            forget_reference(sha256)
    return len(gone)


def sweep_unnamed() -> int:
    """Remove contents of more than a day ago that neither a row nor a fact names; answers how many.

    Where the log names fewer than it does not name, this is another log's folder, and nothing is removed.
    """
    without_row = _old() - shown_parts()
    if not without_row:
        return 0
    named = all_parts({fact.content.sha256 for fact in every(ImageRegistered)})
    unnamed = without_row - named
    if len(unnamed) > len(named):
        logger.warning("%d originals are named by no fact: is this their database? None is removed", len(unnamed))
        return 0
    return forget(*unnamed)


def shown_parts() -> set[str]:
    """Of all images that have a row, withdrawn or not."""
    return all_parts(ImageRow.objects.order_by().values_list("sha256", flat=True).distinct())


def all_parts(named: Iterable[str]) -> set[str]:
    """The hashes of everything that these images are kept as."""
    return set(chain.from_iterable(map(parts_of, named)))


def _old() -> set[str]:
    oldest = time.time() - LEFTOVER_AGE_S
    old = {sha256 for sha256 in originals.all_kept() if _came_at(originals.path_of(sha256)) < oldest}
    return old | {sha256 for sha256, _ in all_referred() if _came_at(noted_at(sha256)) < oldest}


def _came_at(path: Path) -> float:
    """When it came; now, when it has gone meanwhile."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()
