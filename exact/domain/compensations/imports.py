"""What takes a fact about an import back: it moves as a whole, so that only its direction is decided on a state.

How many of its annotations have moved is known when they have been counted; the command says that in the fact
(exact/commands/undoing/imports.py).
"""

from exact.domain import imports as i
from exact.domain.compensations.base import Compensation
from exact.domain.facts import Fact, Stamp
from exact.domain.imports import Import, Progress


def _brought(now: Import, _: Fact, __: Import | None, stamp: Stamp) -> list[Fact]:
    """Under way it is cancelled, later undone."""
    if now.progress is Progress.RUNNING:
        return now.cancel("Undone.", stamp)
    return now.undo(0, 0, stamp) if now.progress is Progress.COMPLETE else []


def _undone(now: Import, _: Fact, __: Import | None, stamp: Stamp) -> list[Fact]:
    return now.restore(0, 0, stamp) if now.progress is Progress.UNDONE else []


def _restored(now: Import, _: Fact, __: Import | None, stamp: Stamp) -> list[Fact]:
    return now.undo(0, 0, stamp) if now.progress is Progress.COMPLETE else []


TAKEN, GIVEN = (i.ImportUndone, i.ImportedAnnotationsRemoved), (i.ImportRestored, i.ImportedAnnotationsRestored)
COMPENSATIONS = (
    *(
        Compensation(of=kind, by=(i.ImportCancelled, *TAKEN), decide=_brought)
        for kind in (i.ImportStarted, i.AnnotationsImported, i.ImportedAnnotationsShown, i.ImportCompleted)
    ),
    *(Compensation(of=kind, by=GIVEN, decide=_undone) for kind in TAKEN),
    *(Compensation(of=kind, by=TAKEN, decide=_restored) for kind in GIVEN),
)
