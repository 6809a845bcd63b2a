"""Undo: what a command recorded is taken back fact by fact, as far as nobody has built on it."""

from typing import ClassVar
from uuid import UUID

from exact.accounts.permissions import Permission
from exact.commands.bus import Change, Changes, Command, Context, Subject, handles, load_or_refuse, refuse_version
from exact.commands.places import teams_of
from exact.commands.teams import require_in
from exact.commands.undoing import NEEDS
from exact.commands.undoing.taking import Left, Taking
from exact.domain.errors import Invalid, NotFound
from exact.domain.facts import Fact
from exact.domain.teams import Team
from exact.eventstore import log
from exact.eventstore.recorded import Recorded

FACTS_MAX = 20_000
LEFT_SHOWN = 100
"""How many of the facts that stay are named in the answer."""


class Undo(Command, frozen=True, kw_only=True):
    """Take back what a command did, or all commands of one correlation id did; what stays is reported with the reason.

    It needs the right to do what takes each fact back; others' work needs the right to undo it, besides.
    """

    NEEDS: ClassVar[None] = None
    ALONE: ClassVar[bool] = True
    command_id: UUID | None = None
    correlation_id: UUID | None = None


@handles(Undo)
def undo(command: Undo, context: Context) -> Changes:
    """Newest fact first, each decided on what the later ones have left."""
    refuse_version(context)
    asked, work = _work(command)
    teams = teams_of({one.scope_id for _, one in work})
    strange = _strange(set(teams.values()), context)
    known = [(command_id, one) for command_id, one in work if teams[one.scope_id] not in strange]
    _refuse_others(known, teams, context)
    taking = Taking(known, context)
    taking.take_all()
    left = taking.left + [_out_of_reach(one.fact) for _, one in work if _mine_elsewhere(one, teams, strange, context)]
    details = {"undone": taking.undone, "left_count": len(left), "left": left[:LEFT_SHOWN]}
    return Changes(subject=_subject(asked, taking.changes), changes=taking.changes, details=details)


def _work(command: Undo) -> tuple[UUID, log.Work]:
    """What was asked for, and each fact with its command, oldest first."""
    if (command.command_id is None) == (command.correlation_id is None):
        raise Invalid("Say command_id or correlation_id, one of them.", code="what_to_undo")
    asked = command.command_id or command.correlation_id
    assert asked is not None, "one of them is given"
    count = log.count_of(command.command_id, command.correlation_id)
    if not count:
        raise NotFound("There is no such command, or it changed nothing.", what="command")
    if count > FACTS_MAX:
        raise Invalid(f"These are {count} facts; undo their commands one by one.", code="too_many", most=FACTS_MAX)
    return asked, log.work_of(command.command_id, command.correlation_id)


def _strange(team_ids: set[UUID], context: Context) -> set[UUID]:
    """Teams that the person is not in: a correlation id is the client's own, so anybody may have used the same.

    What was done there does not exist for the person; where there is nothing else, nothing was found.
    """
    strange = {team_id for team_id in team_ids if not _reads(team_id, context)}
    if strange == team_ids:
        raise NotFound("There is no such command, or it belongs to another team.", what="command")
    return strange


def _reads(team_id: UUID, context: Context) -> bool:
    team: Team = load_or_refuse(team_id, Team, "command", context)
    try:
        require_in(team, context, Permission.READ)
    except NotFound:
        return False
    return True


def _mine_elsewhere(one: Recorded, teams: dict[UUID, UUID], strange: set[UUID], context: Context) -> bool:
    return teams[one.scope_id] in strange and one.fact.by == context.person.person_id


def _out_of_reach(fact: Fact) -> Left:
    return {
        "stream_id": str(fact.originator_id),
        "name": type(fact).__name__,
        "code": NotFound.code,
        "reason": "You are not in its team any more.",
    }


def _refuse_others(work: log.Work, teams: dict[UUID, UUID], context: Context) -> None:
    """Whoever may not do or undo such work is told so, whatever could be undone of it."""
    facts = [(one.scope_id, one.fact) for _, one in work]
    rights = {(scope_id, NEEDS[type(fact)]) for scope_id, fact in facts}
    others = {(scope_id, Permission.UNDO_OTHERS) for scope_id, fact in facts if fact.by != context.person.person_id}
    for team_id, right in sorted({(teams[scope_id], right) for scope_id, right in rights | others}):
        require_in(load_or_refuse(team_id, Team, "command", context), context, right)


def _subject(asked: UUID, changes: list[Change]) -> Subject:
    """The one thing that was changed, else what was asked for."""
    if len({change.before.id for change in changes}) != 1:
        return Subject(id=asked, number=None, version=0)
    after = changes[-1].after
    return Subject(id=after.id, number=after.number, version=after.version)
