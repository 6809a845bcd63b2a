"""Undo: what a command recorded is taken back fact by fact, as far as nobody has built on it."""

from typing import Any, ClassVar
from uuid import UUID

from msgspec.structs import replace

from exact.accounts.permissions import Permission
from exact.commands.bus import Change, Changes, Command, Context, Subject, handles
from exact.commands.places import place_of, read_places, read_types
from exact.domain.annotations import Annotation
from exact.domain.compensations import COMPENSATIONS, VERDICTS, CannotUndo, compensate
from exact.domain.errors import Invalid, NotFound, Refusal
from exact.domain.facts import Fact
from exact.domain.registry import fold
from exact.eventstore import log, many
from exact.eventstore.recorded import Recorded
from exact.projections.annotation_types import AnnotationTypeRow

FACTS_MAX = 20_000
LEFT_SHOWN = 100
"""How many of the facts that stay are named in the answer."""


class Undo(Command, frozen=True, kw_only=True):
    """Take back what a command did to annotations, or all commands of one correlation id did; what stays is reported.

    Others' work needs the right to undo it, beside the right to do such work at all.
    """

    NEEDS: ClassVar[None] = None
    ALONE: ClassVar[bool] = True
    command_id: UUID | None = None
    correlation_id: UUID | None = None


@handles(Undo)
def undo(command: Undo, context: Context) -> Changes:
    """Newest fact first, each decided on what the later ones have left."""
    asked, work = _work(command)
    facts = [recorded for _, recorded in work]
    known = [one for one in facts if type(one.fact) in COMPENSATIONS]
    _refuse_others(known, facts, context)
    histories = many.histories({one.fact.originator_id for one in known})
    context.notebook.read(histories)
    changes: list[Change] = []
    left: list[dict[str, Any]] = []  # Any: JSON
    for command_id, recorded in reversed(work):
        try:
            changes.append(_taken_back(command_id, recorded, histories, context))
        except Refusal as refusal:
            left.append(_left(recorded.fact, refusal))
    _refuse_misfits(changes, context)
    details = {"undone": len(changes), "left_count": len(left), "left": left[:LEFT_SHOWN]}
    return Changes(subject=_subject(asked, changes), changes=changes, details=details)


def _work(command: Undo) -> tuple[UUID, list[tuple[UUID, Recorded]]]:
    """What was asked for, and each fact with its command, oldest first."""
    if (command.command_id is None) == (command.correlation_id is None):
        raise Invalid("Say command_id or correlation_id, one of them.", code="what_to_undo")
    asked = command.command_id or command.correlation_id
    assert asked is not None, "one of them is given"
    ids = [asked] if command.command_id else log.together(asked)
    work = [(command_id, recorded) for command_id in ids for recorded in log.facts_of(command_id)]
    if not work:
        raise NotFound("There is no such command, or it changed nothing.", what="command")
    if len(work) > FACTS_MAX:
        raise Invalid(f"These are {len(work)} facts; undo their commands one by one.", code="too_many", most=FACTS_MAX)
    return asked, work


def _refuse_others(known: list[Recorded], facts: list[Recorded], context: Context) -> None:
    """Whoever may not do or undo such work is told so; where nothing can be undone there is nothing to be told."""
    if not known:
        raise CannotUndo("Only work on annotations can be undone in this way.", name=type(facts[0].fact).__name__)
    read_places({one.scope_id for one in known}, context)
    for one in known:
        place_of(one.scope_id, context, Permission.VERIFY if isinstance(one.fact, VERDICTS) else Permission.ANNOTATE)
        if one.fact.by != context.person.person_id:
            place_of(one.scope_id, context, Permission.UNDO_OTHERS)


def _taken_back(command_id: UUID, recorded: Recorded, histories: many.Histories, context: Context) -> Change:
    fact = recorded.fact
    if type(fact) not in COMPENSATIONS:
        raise CannotUndo("This cannot be undone in this way.")
    now: Annotation = context.notebook.state(fact.originator_id)
    earlier = (one.fact for one in histories[fact.originator_id][: fact.originator_version - 1])
    stamp = replace(context.stamp, causation_id=command_id)
    change = Change(before=now, facts=compensate(now, fact, fold(None, earlier), stamp), scope_id=recorded.scope_id)
    context.notebook.write(change.after)
    return change


def _refuse_misfits(changes: list[Change], context: Context) -> None:
    """A shape and its type belong together: where one of them was changed since, neither is taken back alone."""
    states = [context.notebook.state(change.before.id) for change in changes]
    read_types({state.annotation_type_id for state in states}, context)
    for state in states:
        kind: AnnotationTypeRow | None = context.notebook.once(("type", state.annotation_type_id), lambda: None)
        if kind and state.vector and kind.vector_type != state.vector.vector_type:
            raise CannotUndo("Shape and type would not fit any more; somebody changed one of them since.",
                             annotation=state.number)  # fmt: skip


def _left(fact: Fact, refusal: Refusal) -> dict[str, Any]:  # Any: JSON
    who = {"changed_by": refusal.details["changed_by"]} if "changed_by" in refusal.details else {}
    return {"stream_id": str(fact.originator_id), "name": type(fact).__name__, "code": refusal.code,
            "reason": refusal.sentence, **who}  # fmt: skip


def _subject(asked: UUID, changes: list[Change]) -> Subject:
    """The one thing that was changed, else what was asked for."""
    if len({change.before.id for change in changes}) != 1:
        return Subject(id=asked, number=None, version=0)
    after = changes[-1].after
    return Subject(id=after.id, number=after.number, version=after.version)
