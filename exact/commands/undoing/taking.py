"""Taking facts back, the newest first: each on the state and the rows that the later ones have left."""

from itertools import groupby
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from exact.commands.bus import Change, Context, show
from exact.commands.places import read_places, read_types
from exact.commands.undoing import UNDOING
from exact.commands.undoing.annotations import fits
from exact.commands.undoing.imports import BROUGHT, import_of, move, staying
from exact.domain import annotations, imports
from exact.domain.annotations import Annotation
from exact.domain.compensations import CannotUndo, compensate
from exact.domain.errors import Refusal
from exact.domain.facts import Fact, Stamp
from exact.domain.registry import EVOLVE, facts_of, fold
from exact.eventstore import many
from exact.eventstore.log import Work
from exact.eventstore.recorded import Recorded

OF_ANNOTATIONS, OF_IMPORTS = tuple(facts_of(annotations)), tuple(facts_of(imports))
Left = dict[str, Any]  # Any: JSON


class Taking:
    """What was decided so far, and what was left alone.

    Facts of one annotation that one command recorded one after the other make a *run*: where shape and type would not
    fit any more, the whole run stays. Of an import everything that one command did is a run.
    """

    def __init__(self, work: Work, context: Context) -> None:
        self.changes: list[Change] = []
        self.left: list[Left] = []
        self.undone = 0
        self._work, self._context = work, context
        self._unshown: list[Change] = []
        self._imports_taken: set[UUID] = set()
        self._states: dict[UUID, list[Any]] = {}  # Any: the states of a stream after each of its facts
        self._histories = self._read()

    def _read(self) -> many.Histories:
        """Everything that will be asked for, in a few queries."""
        recorded = [one for _, one in self._work]
        found = many.histories({one.fact.originator_id for one in recorded if not isinstance(one.fact, OF_IMPORTS)})
        states = [fold(None, (one.fact for one in facts)) for facts in found.values()]
        for state in states:
            self._context.notebook.write(state)
        read_places({one.scope_id for one in recorded if isinstance(one.fact, OF_ANNOTATIONS)}, self._context)
        read_types({state.annotation_type_id for state in states if isinstance(state, Annotation)}, self._context)
        return found

    def take_all(self) -> None:
        """Run after run, the newest first."""
        runs = [(key, [one for _, one in run]) for key, run in groupby(self._work, _run_of)]
        for (command_id, _), run in reversed(runs):
            stamp = replace(self._context.stamp, causation_id=command_id)
            if isinstance(run[0].fact, OF_IMPORTS):
                self._take_import(run[-1], stamp)
            elif isinstance(run[0].fact, OF_ANNOTATIONS):
                self._take_run(run, stamp)
            else:
                for recorded in reversed(run):
                    self._take(recorded, stamp)

    def _take(self, recorded: Recorded, stamp: Stamp) -> None:
        """One fact of something other than an annotation: what is decided about the next one asks its row."""
        self._show_annotations()
        try:
            change = self._back(recorded, stamp)
        except Refusal as refusal:
            self.left.append(self._left(recorded, refusal))
            return
        self._decided([change])
        self.undone += 1

    def _take_run(self, run: list[Recorded], stamp: Stamp) -> None:
        before = self._context.notebook.state(run[0].fact.originator_id)
        changes, left = [], []
        for recorded in reversed(run):
            try:
                changes.append(self._back(recorded, stamp))
            except Refusal as refusal:
                left.append(self._left(recorded, refusal))
        if changes and not fits(changes[-1].after, self._context):
            self._context.notebook.write(before)
            changes, left = [], [self._left(recorded, misfit()) for recorded in reversed(run)]
        self.left += left
        self.undone += len(changes)
        self.changes += changes
        self._unshown += changes

    def _back(self, recorded: Recorded, stamp: Stamp) -> Change:
        """The change that takes one fact back, or a refusal."""
        fact, notebook = recorded.fact, self._context.notebook
        now = notebook.state(fact.originator_id)
        facts = compensate(now, fact, self._before(fact), stamp)
        for one in facts:
            UNDOING[type(fact)].check(now, recorded, one, self._context)
        change = Change(before=now, facts=facts, scope_id=recorded.scope_id)
        notebook.write(change.after)
        return change

    def _before(self, fact: Fact) -> Any:  # Any: the state of the fact's noun
        """The state that the fact changed; None for a first fact."""
        stream_id = fact.originator_id
        if stream_id not in self._states:
            states = self._states[stream_id] = [None]
            for one in self._histories[stream_id]:
                states.append(EVOLVE[type(fact)](states[-1], one.fact))
        return self._states[stream_id][fact.originator_version - 1]

    def _take_import(self, newest: Recorded, stamp: Stamp) -> None:
        """All of it moves at once; what one command did of it counts as one fact."""
        import_id, context = import_of(newest.fact), replace(self._context, stamp=stamp)
        brought = isinstance(newest.fact, BROUGHT)
        if brought and import_id in self._imports_taken:
            return  # with a later one of the same import
        self._show_annotations()
        try:
            [back] = compensate(context.notebook.state(import_id), newest.fact, None, stamp)
            decision = move(import_id, back, context)
        except Refusal as refusal:
            self.left.append(self._left(newest, refusal, import_id))
            return
        self._imports_taken |= {import_id} if brought else set()
        self.undone += 1
        self._decided(decision.changes)
        if stays := staying(decision.details):
            code, sentence, count = stays
            self.left.append(self._left(newest, CannotUndo(sentence, code=code), import_id) | {"count": count})

    def _decided(self, changes: list[Change]) -> None:
        """What comes next asks the rows of these."""
        self.changes += changes
        for change in changes:
            self._context.notebook.write(change.after)
        show(changes)
        self._context.notebook.forget_rows()

    def _show_annotations(self) -> None:
        """Their rows are asked for only when something else is decided; else they are shown once, in the end."""
        show(self._unshown)
        self._unshown = []

    def _left(self, recorded: Recorded, refusal: Refusal, stream_id: UUID | None = None) -> Left:
        """A fact that stays: why, and who has changed the thing since."""
        fact = recorded.fact
        since = [one.fact.by for one in self._histories.get(fact.originator_id, [])[fact.originator_version :]]
        by = refusal.details.get("changed_by") or (since[-1] if since and isinstance(refusal, CannotUndo) else None)
        return {
            "stream_id": str(stream_id or fact.originator_id),
            "name": type(fact).__name__,
            "code": refusal.code,
            "reason": refusal.sentence,
            **({"changed_by": str(by)} if by else {}),
        }


def misfit() -> CannotUndo:
    """Why a run stays as a whole."""
    sentence = "Shape and type would not fit any more; somebody changed one of them since."
    return CannotUndo(sentence, code="would_not_fit")


def _run_of(one: tuple[UUID, Recorded]) -> tuple[UUID, UUID]:
    """The command, and the stream or the import that a fact is about."""
    command_id, recorded = one
    fact = recorded.fact
    return command_id, import_of(fact) if isinstance(fact, OF_IMPORTS) else fact.originator_id
