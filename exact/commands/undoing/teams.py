"""Taking back what was done to a team: names are unique, only owners make and unmake owners, a full team stays."""

from exact.accounts.permissions import Permission
from exact.commands import teams as wishes
from exact.commands.bus import Context
from exact.commands.undoing.base import Undoing
from exact.domain import teams
from exact.domain.facts import Fact
from exact.domain.registry import facts_of
from exact.domain.teams import Team
from exact.eventstore.recorded import Recorded

OF_MEMBERS = (teams.MemberAdded, teams.RoleChanged, teams.MemberRemoved)
NEEDS = {
    kind: Permission.MANAGE_MEMBERS if issubclass(kind, OF_MEMBERS) else Permission.MANAGE_TEAM
    for kind in facts_of(teams)
}


def check(now: Team, _: Recorded, back: Fact, context: Context) -> None:
    """What the wish that does the same looks at."""
    match back:
        case teams.TeamRenamed():
            wishes.refuse_taken(back.name)
        case teams.TeamRestored():
            wishes.refuse_taken(now.name)
        case teams.TeamDissolved():
            wishes.refuse_filled(now.id)
        case teams.MemberAdded():
            wishes.refuse_unknown(back.person_id)
            wishes.refuse_making_owners(now, back.role, context)
        case teams.RoleChanged():
            wishes.refuse_making_owners(now, back.role, context)
            wishes.refuse_touching_owners(now, back.person_id, context)
        case teams.MemberRemoved():
            wishes.refuse_touching_owners(now, back.person_id, context)


TEAMS = Undoing(needs=NEEDS, check=check)
