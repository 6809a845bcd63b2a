"""Building the next generation of a read model: how it is filled, brought forward, and where the live one stands."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import transaction
from eventsourcing.persistence import MapperDeserialisationError

from exact.domain.errors import Conflict
from exact.eventstore.driver import execute
from exact.eventstore.errors import passing
from exact.eventstore.log import Recorded, head, read, read_some
from exact.projections import generations
from exact.projections.base import Inline
from exact.projections.follow import OnPoison, Projection
from exact.projections.generations import Tables, look_in, schema_of
from exact.projections.poison import advance_with_care, told
from exact.projections.replay import WIDE, portions, states_of, touched
from exact.projections.runner import BATCH, advance, hold, stands_at

ReadModel = Inline | Projection
NEAR = 200
"""Facts that may be left when a generation is called caught up: they are folded while the tables are exchanged."""


class Build(ABC):
    """One generation that is not live: its tables, and its row in es.projection, building or retired."""

    kind: str

    def __init__(self, name: str, tables: Tables, generation: int) -> None:
        self.name, self.tables, self.generation = name, tables, generation
        self.schema = schema_of(name, generation)

    @property
    def position(self) -> int:
        """Up to where the facts are in it."""
        sql = "select position from es.projection where name = %s and generation = %s"
        return int(execute(sql, self.name, self.generation)[0][0])

    def move(self, position: int) -> None:
        """Say so."""
        sql = "update es.projection set position = %s, updated = now() where name = %s and generation = %s"
        execute(sql, position, self.name, self.generation)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """One transaction that finds this generation's tables under their own names."""
        with transaction.atomic():
            look_in(self.schema)
            yield

    def bring_to(self, position: int) -> None:
        """Exactly there; in a transaction of `inside`."""
        while self.step(position):
            continue
        self.move(max(position, self.position))

    def catch_up(self) -> None:
        """Fold until next to nothing is left, while the others go on reading and writing."""
        while self.step_with_care() and head() - self.position > NEAR:
            continue

    def is_near(self) -> bool:
        """Whether so little is left that others can wait for it."""
        return head() - self.position <= NEAR

    @abstractmethod
    def fill(self, upto: int) -> None:
        """Bring the facts up to a position into the empty tables."""

    @abstractmethod
    def step(self, upto: int | None = None) -> int:
        """Fold the next facts, none beyond the position; answers how many. In a transaction of `inside`."""

    @abstractmethod
    def step_with_care(self) -> int:
        """The same in a transaction of its own; what cannot be folded is parked or refused."""

    @abstractmethod
    def live_position(self) -> int:
        """Where the live generation stands, in the snapshot of this transaction."""

    @abstractmethod
    def hold_writers(self) -> None:
        """Keep whoever writes the live tables away until the transaction ends, as far as a lock on them does not."""


class InlineBuild(Build):
    """Of rows that the commands write: whatever a fact touches is folded again as a whole."""

    kind = "inline"

    def __init__(self, inline: Inline, generation: int) -> None:
        super().__init__(inline.name, inline.tables(), generation)
        self.inline = inline

    def fill(self, upto: int) -> None:
        with explained(self.name):
            for portion in portions(self.inline, upto):
                with self.inside():
                    self.inline.fill(portion)
        self.move(upto)

    def step(self, upto: int | None = None) -> int:
        batch = read(after=self.position, upto=upto, limit=BATCH)
        if batch:
            for portion in states_of(touched(batch, self.inline), self.inline):
                self.inline.show(portion)
            self.move(batch[-1].position)
        return len(batch)

    def step_with_care(self) -> int:
        with explained(self.name), self.inside():
            return self.step()

    def is_near(self) -> bool:
        """Not while an import's million rows stand ahead."""
        wide = [kind.__name__ for kind in WIDE]
        return super().is_near() and not read_some(wide, self.position, head(), 1)

    def live_position(self) -> int:
        return head()

    def hold_writers(self) -> None:
        """The lock on their tables does: a command writes its rows before its facts, so none can be half-way."""


class ProjectionBuild(Build):
    """Of rows that the projector writes: the same projection, told to look elsewhere."""

    kind = "projection"

    def __init__(self, projection: Projection, generation: int, state: str) -> None:
        super().__init__(projection.name, projection.tables, generation)
        self.projection = projection
        self.following = Elsewhere(projection, self.schema, state)

    def fill(self, upto: int) -> None:
        """Quickly, and where that meets a fact that is to be parked again in small steps."""
        try:
            with explained(self.name):
                for part in self.projection.parts(upto):
                    with self.inside():
                        self.projection.fill(part)
        except CannotBuild as refusal:
            if refusal.unreadable or self.projection.on_poison is not OnPoison.PARK:
                raise
            generations.clear(self.tables, self.schema)
            self.catch_up()
        else:
            self.move(upto)

    def step(self, upto: int | None = None) -> int:
        return advance(self.following, BATCH, upto)

    def step_with_care(self) -> int:
        return advance_with_care(self.following)

    def live_position(self) -> int:
        return stands_at(self.projection)

    def hold_writers(self) -> None:
        hold(self.projection)


class Elsewhere(Projection):
    """A projection that writes the tables of another generation."""

    def __init__(self, projection: Projection, schema: str, state: str) -> None:
        self.projection, self.schema, self.state = projection, schema, state
        self.name, self.tables, self.on_poison = projection.name, projection.tables, projection.on_poison

    def apply(self, batch: Sequence[Recorded]) -> None:
        look_in(self.schema)
        self.projection.apply(batch)

    def stopped(self, problem: str) -> None:
        raise cannot(self.name, problem)


class CannotBuild(Conflict):
    """The read model cannot be built; the live generation is as it was."""

    code = "cannot_build"

    def __init__(self, sentence: str, *, unreadable: bool = False) -> None:
        super().__init__(sentence)
        self.unreadable = unreadable


def cannot(name: str, problem: str, *, unreadable: bool = False) -> CannotBuild:
    """The refusal."""
    return CannotBuild(f"{name} cannot be built, the old rows stay: {problem}", unreadable=unreadable)


@contextmanager
def explained(name: str) -> Iterator[None]:
    """A fact that cannot be folded is told as a refusal; what passes by itself goes through."""
    try:
        yield
    except CannotBuild:
        raise
    except Exception as error:
        if passing(error):
            raise
        raise cannot(name, told(error), unreadable=isinstance(error, MapperDeserialisationError)) from error


def build_of(read_model: ReadModel, generation: int, state: str = "building") -> Build:
    """A generation that is being built, or that was kept (`retired`) and is to come back."""
    if isinstance(read_model, Inline):
        return InlineBuild(read_model, generation)
    return ProjectionBuild(read_model, generation, state)
