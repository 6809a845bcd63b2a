"""Reactors: side effects that follow the log. They are silent in rebuilds and never look behind their registration."""

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar
from uuid import UUID

from eventsourcing.persistence import MapperDeserialisationError

from exact.domain.errors import Busy
from exact.domain.facts import Fact
from exact.domain.identifiers import derived_id
from exact.eventstore.alone import alone
from exact.eventstore.driver import execute
from exact.eventstore.errors import passing
from exact.eventstore.log import Recorded, head, read_some
from exact.projections.follow import OnPoison
from exact.projections.places import position_of, stop
from exact.projections.poison import RETRIES_S, told
from exact.projections.runner import Lease, park

logger = logging.getLogger("exact.projector")
LIMIT = 100
BUSY_S = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Pauses while what the effect needs does not answer; the last one again and again."""
GENERATION = 1


class Reactor(ABC):
    """Something that is done because a fact happened, such as a file made in advance or a mail.

    It is no read model: a rebuild or a replay never comes here, and facts older than its first registration do not
    either. `react` is called at least once for each fact in position order; whatever it makes has the id `effect_id`,
    so that twice is once. Busy means "not now" and is tried for ever; any other error is tried four times.
    """

    name: ClassVar[str]
    on: ClassVar[tuple[type[Fact], ...]]
    on_poison: ClassVar[OnPoison] = OnPoison.PARK
    """Park: this one effect is laid aside and the others go on. Stop: nothing happens until somebody starts it."""

    @abstractmethod
    def react(self, recorded: Recorded) -> None:
        """Do it, or do nothing where it was done."""

    def effect_id(self, recorded: Recorded, *parts: object) -> UUID:
        """The id of what is made because of this fact."""
        return derived_id(self.name, recorded.position, *parts)


def register(reactor: Reactor) -> None:
    """Make the row that holds its place, once: it begins with the next fact."""
    sql = (
        "insert into es.projection (name, generation, kind, state, position)"
        " select %s, %s, 'reactor', 'live', coalesce(max(position), 0) from es.event on conflict do nothing"
    )
    execute(sql, reactor.name, GENERATION)


def ask_again(name: str) -> int:
    """Have the parked effects of a reactor tried once more, by the process that runs it; answers how many."""
    sql = "update es.parked set again = true where projection = %s returning 1"
    asked = len(execute(sql, name))
    execute("notify es")
    return asked


class Running:
    """One reactor as this process runs it: what has failed and when it is tried again."""

    def __init__(self, reactor: Reactor, clock: Callable[[], float] = time.monotonic) -> None:
        self.reactor, self.clock = reactor, clock
        self.failures, self.due = 0, 0.0

    def turn(self) -> int:
        """Do what is to be done now; answers how many effects. Raises only what passes by itself."""
        if self.clock() < self.due:
            return 0
        with alone(f"reactor {self.reactor.name}") as mine:
            return self._again() + self._follow() if mine and self._lives() else 0

    def _lives(self) -> bool:
        sql = "select 1 from es.projection where name = %s and state = 'live'"
        return bool(execute(sql, self.reactor.name))

    def _follow(self) -> int:
        """The next effects, until one fails."""
        newest, done = head(), 0
        found = self._next(newest)
        if found is None:
            return 0
        for recorded in found:
            if not self._did(recorded):
                return done
            done += 1
        if not found:  # a page may be shorter than LIMIT while there is more: its payloads are big
            self._move(newest)
        return done

    def _next(self, newest: int) -> list[Recorded] | None:
        """The next facts it is for; None where one cannot be read, which stops it."""
        names = [kind.__name__ for kind in self.reactor.on]
        try:
            return read_some(names, position_of(self.reactor.name), newest, LIMIT)
        except MapperDeserialisationError as error:
            self._stop(told(error))
            return None

    def _did(self, recorded: Recorded) -> bool:
        """Whether the effect is dealt with: done or parked."""
        try:
            self.reactor.react(recorded)
        except Exception as error:
            if passing(error):
                raise
            return self._failed(recorded, error)
        self.failures = 0
        self._move(recorded.position)
        return True

    def _failed(self, recorded: Recorded, error: Exception) -> bool:
        problem = f"position {recorded.position}: {told(error)}"
        logger.warning("reactor %s fails at %s", self.reactor.name, problem)
        self.failures += 1
        if isinstance(error, Busy):
            return self._later(problem, BUSY_S[min(self.failures, len(BUSY_S)) - 1])
        if self.failures <= len(RETRIES_S):
            return self._later(problem, RETRIES_S[self.failures - 1])
        self.failures = 0
        if self.reactor.on_poison is OnPoison.STOP:
            return self._stop(problem)
        self._park(recorded, problem)
        self._move(recorded.position)
        return True

    def _later(self, problem: str, pause_s: float) -> bool:
        self.due = self.clock() + pause_s
        execute("update es.projection set error = %s, updated = now() where name = %s", problem, self.reactor.name)
        return False

    def _stop(self, problem: str) -> bool:
        logger.error("reactor %s stops: %s", self.reactor.name, problem)
        stop(self.reactor.name, problem)
        return False

    def _park(self, recorded: Recorded, problem: str) -> None:
        held = Lease(name=self.reactor.name, generation=GENERATION, position=recorded.position)
        park(held, recorded.position, recorded.fact.originator_id, problem)

    def _move(self, position: int) -> None:
        sql = (
            "update es.projection set position = %s, error = null, updated = now() where name = %s and position < %s"
            " and state = 'live'"
        )
        execute(sql, position, self.reactor.name, position)

    def _again(self) -> int:
        """The parked effects that somebody asked for, once each; what fails stays parked."""
        sql = "select position from es.parked where projection = %s and again order by position"
        positions = [position for (position,) in execute(sql, self.reactor.name)]
        names = [kind.__name__ for kind in self.reactor.on]
        for position in positions:
            for recorded in read_some(names, position - 1, position):
                self._once_more(recorded)
        return len(positions)

    def _once_more(self, recorded: Recorded) -> None:
        try:
            self.reactor.react(recorded)
        except Exception as error:
            if passing(error):
                raise
            self._park(recorded, told(error))
        else:
            sql = "delete from es.parked where projection = %s and position = %s"
            execute(sql, self.reactor.name, recorded.position)
