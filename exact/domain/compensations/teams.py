"""What takes a fact about a team or its members back."""

from exact.domain import teams as t
from exact.domain.compensations.base import UNDONE, CannotUndo, Compensation, changed, refuse_changed
from exact.domain.facts import Fact, Stamp
from exact.domain.teams import Team


def _there(now: Team, fact: Fact, before: Team | None, stamp: Stamp) -> list[Fact]:
    if not now.withdrawn:
        refuse_changed(now, t.evolve(before, fact))
    return now.dissolve(UNDONE, stamp)


def _dissolved(now: Team, _: Fact, __: Team | None, stamp: Stamp) -> list[Fact]:
    return now.restore(stamp)


def _renamed(now: Team, fact: t.TeamRenamed, before: Team | None, stamp: Stamp) -> list[Fact]:
    assert before is not None, "it was there before"
    if now.name != fact.name:
        raise changed()
    return now.rename(before.name, stamp)


def _added(now: Team, fact: t.MemberAdded, _: Team | None, stamp: Stamp) -> list[Fact]:
    member = now.member(fact.person_id)
    if member is None:
        raise CannotUndo("This person is not a member any more.")
    if (member.number, member.role) != (fact.number, fact.role):
        raise changed()
    return now.remove(fact.person_id, stamp)


def _role_changed(now: Team, fact: t.RoleChanged, before: Team | None, stamp: Stamp) -> list[Fact]:
    member, had = now.member(fact.person_id), before.member(fact.person_id) if before else None
    if member is None or had is None or member.role != fact.role:
        raise changed()
    return now.change_role(fact.person_id, had.role, stamp)


def _removed(now: Team, fact: t.MemberRemoved, before: Team | None, stamp: Stamp) -> list[Fact]:
    had = before.member(fact.person_id) if before else None
    assert had is not None, "the member was there before"
    return now.add(fact.person_id, had.role, had.number, stamp)


COMPENSATIONS = (
    Compensation(of=t.TeamFounded, by=(t.TeamDissolved,), decide=_there),
    Compensation(of=t.TeamRenamed, by=(t.TeamRenamed,), decide=_renamed),
    Compensation(of=t.MemberAdded, by=(t.MemberRemoved,), decide=_added),
    Compensation(of=t.RoleChanged, by=(t.RoleChanged,), decide=_role_changed),
    Compensation(of=t.MemberRemoved, by=(t.MemberAdded,), decide=_removed),
    Compensation(of=t.TeamDissolved, by=(t.TeamRestored,), decide=_dissolved),
    Compensation(of=t.TeamRestored, by=(t.TeamDissolved,), decide=_there),
)
