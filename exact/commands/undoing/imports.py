"""Taking back what was done to an import: it is undone or restored as a whole, by the wishes for that."""

from typing import Any
from uuid import UUID

from exact.accounts.permissions import Permission
from exact.commands.bus import Changes, Context
from exact.commands.imports import (
    CancelImport,
    RestoreImport,
    UndoImport,
    cancel_import,
    restore_import,
    undo_import,
)
from exact.commands.undoing.base import Undoing
from exact.domain import imports
from exact.domain.facts import Fact
from exact.domain.registry import facts_of

BROUGHT = (
    imports.ImportStarted,
    imports.AnnotationsImported,
    imports.ImportedAnnotationsShown,
    imports.ImportCompleted,
)
"""Facts of the import's own coming; the others are of its going and coming back."""
STAYS = {
    "kept": "{count} of its annotations stay: people have worked on them since.",
    "left": "{count} of its annotations stay as they are: people have worked on them.",
}


def import_of(fact: Fact) -> UUID:
    """The import that a fact is about: each has a stream of its own, and one for each image."""
    import_id: UUID = getattr(fact, "import_id", fact.originator_id)
    return import_id


def move(import_id: UUID, back: Fact, context: Context) -> Changes:
    """What the wish decides that records such a fact."""
    if isinstance(back, imports.ImportCancelled):
        return cancel_import(CancelImport(import_id=import_id, reason=back.reason), context)
    if isinstance(back, imports.ImportUndone):
        return undo_import(UndoImport(import_id=import_id), context)
    return restore_import(RestoreImport(import_id=import_id), context)


def staying(details: dict[str, int]) -> tuple[str, str, int] | None:
    """Code, sentence and number of what did not move with the others; None where everything did."""
    for code, sentence in STAYS.items():
        if count := details.get(code):
            return code, sentence.format(count=count), count
    return None


def check(*_: Any) -> None:  # Any: the arguments of a check
    """The wishes look for themselves."""


IMPORTS = Undoing(needs=dict.fromkeys(facts_of(imports), Permission.ANNOTATE), check=check)
