"""Which tables a backup holds, and why it leaves the others out. A test knows every table there is."""

import msgspec

from exact.operations.read_models import ALL
from exact.projections.base import Inline


class Kept(msgspec.Struct, frozen=True):
    """A table that is truth: nothing else could tell what stands in it."""

    name: str
    order: str
    """Columns, with commas between them, that give the rows one order, so that equal rows are equal files."""


EVENTS, SEALS = "es.event", "es.seal"
KEPT = (
    Kept(EVENTS, "position"),
    Kept("es.command", "command_id"),  # what was asked under which key, and what was answered
    Kept(SEALS, "tree_size"),  # signed: nobody can make them again
    Kept("es.seal_tile", "level, number"),  # with the seals: the witnesses against a changed fact
    Kept("es.seal_edge", "level"),
    Kept("es.seal_published", "place"),
    Kept("django_content_type", "id"),
    Kept("auth_permission", "id"),
    Kept("auth_group", "id"),
    Kept("auth_group_permissions", "id"),
    Kept("users", "id"),
    Kept("users_groups", "id"),
    Kept("users_user_permissions", "id"),
    Kept("access_tokens", "id"),  # hashes only: nobody can read a token out of a backup
)
"""In the order in which they are loaded: a row comes after those it refers to."""

MADE_BY_MIGRATE = ("django_content_type", "auth_permission")
"""Kept tables that have rows in a database nobody has used yet."""

LEFT_OUT = {
    "es.stream": "The heads of the streams are derived from the facts.",
    "es.snapshot": "States of streams are made of the facts when they are needed.",
    "es.tracking": "How far the library's own followers came; nothing of ours follows that way.",
    "es.projection": "A restore rebuilds each projection up to the newest fact; a reactor begins with the next one.",
    "es.parked": "Facts that a projection could not fold; a rebuild tries each again.",
    "es.bulk": "Which fact an imported annotation came with: derived with the heads.",
    "django_migrations": "Written by the migrations themselves; their names stand in the manifest.",
    "django_session": "People sign in again.",
    "import_runs": "How far a file has come; what an import brought is facts, and a file that waits is sent again.",
    "deliveries": "Files on their way to becoming images; what has not become one is sent again.",
    "delivered_files": "See deliveries.",
    "seen_files": "Hashes of files that lie elsewhere; they are read again where this is not known.",
    "delivered_images": "What became of each is told for a month; the images are facts.",
    "exports": "A file that was exported can be exported again, to the same bytes.",
}


def read_model_tables() -> set[str]:
    """Tables of the read models: folded from the facts again."""
    models = [
        table for found in ALL.values() for table in (found.tables() if isinstance(found, Inline) else found.tables)
    ]
    return {model._meta.db_table for model in models}
