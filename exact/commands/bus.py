"""The one door for change: permission, once only, stale versions, facts and rows in one transaction."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import msgspec
from django.db import transaction
from msgspec.structs import replace

from exact.accounts.models import users_by_person
from exact.accounts.permissions import Permission
from exact.accounts.policy import Person
from exact.commands.notebook import Notebook
from exact.domain.annotations import Annotation
from exact.domain.errors import Busy, Conflict, KeyReused, NotFound, NoVersion
from exact.domain.facts import Claim, Fact, Stamp
from exact.domain.identifiers import derived_id, new_id
from exact.domain.registry import fold
from exact.eventstore import log
from exact.eventstore.errors import UNAVAILABLE, CommandAlreadyDone, StaleHead
from exact.eventstore.mapper import ENCODER
from exact.eventstore.recorder import Done, Recording
from exact.projections.annotations import shown
from exact.projections.registry import INLINE_OF


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A wish. `NEEDS` is what the person must be allowed to do in the team the wish is about."""

    NEEDS: ClassVar[Permission | None]
    PUBLIC: ClassVar[bool] = True
    """Whether a client may send it; False for what only the server can ask, such as registering a file."""
    ALONE: ClassVar[bool] = False
    """Whether it must come alone: what it looks at does not show yet what a batch has decided before it."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a command did: the thing, its version now, and the position a reader must have reached to see it.

    Its facts stand at `first_position` to `position`; where it changed nothing both are the head of that moment.
    `details` is what some commands say besides, as JSON.
    """

    id: UUID
    number: int | None
    version: int
    position: int
    first_position: int
    command_id: UUID
    details: dict[str, Any] = {}  # Any: JSON


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, what they have seen, and what was read for it so far."""

    person: Person
    stamp: Stamp
    expected_version: int | None = None
    notebook: Notebook = msgspec.field(default_factory=Notebook)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What a handler decided about one stream: its state before, the facts that follow, their scope."""

    before: Any  # Any: the state of whatever noun it is; None for a new stream
    facts: list[Fact]
    scope_id: UUID

    @property
    def after(self) -> Any:  # Any: see above
        """The state with the facts."""
        return fold(self.before, self.facts)


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer is about."""

    id: UUID
    number: int | None
    version: int


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What a handler decided about several streams, in the order in which it happened; all of it or nothing.

    A stream may come twice: its later change begins with the state that the earlier one leaves.
    `details` go into the answer, as JSON.
    """

    subject: Subject
    changes: list[Change]
    details: dict[str, Any] = {}  # Any: JSON


Decision = Change | Changes
Handler = Callable[[Any, Context], Decision]  # Any: each handler takes its own command
C = TypeVar("C", bound=Command)
D = TypeVar("D", bound=Decision)

COMMANDS: dict[str, type[Command]] = {}
"""Name to class, of all that have a handler."""
HANDLERS: dict[type[Command], Handler] = {}


def handles(kind: type[C]) -> Callable[[Callable[[C, Context], D]], Callable[[C, Context], D]]:
    """Marks the one function that grants a kind of wish."""

    def register(handler: Callable[[C, Context], D]) -> Callable[[C, Context], D]:
        COMMANDS[kind.__name__], HANDLERS[kind] = kind, handler
        return handler

    return register


def dispatch(
    command: Command,
    *,
    by: Person,
    key: str | None = None,
    expected_version: int | None = None,
    claim: Claim | None = None,
    correlation_id: UUID | None = None,
    causation_id: UUID | None = None,
    wish: msgspec.Struct | None = None,
) -> Answer:
    """Grant a wish or refuse it; the same `key` of the same person is granted once and answered alike ever after.

    `wish` is what the person asked where the server has filled in the rest of the command.

    Raises a Refusal: NotFound, Forbidden, Invalid, Conflict, StaleVersion, KeyReused, Busy.
    """
    command_id = derived_id(by.person_id, key) if key else new_id()
    request = log.hash_of(wish or command)
    if key and (answer := repeated(command_id, request)):
        return answer
    stamp = Stamp(
        at=datetime.now(UTC), by=by.person_id, claim=claim, correlation_id=correlation_id, causation_id=causation_id
    )
    context = Context(person=by, stamp=stamp, expected_version=expected_version)
    try:
        return record_again_when_overtaken(command, context, command_id, request)
    except CommandAlreadyDone:
        twin = repeated(command_id, request)
        assert twin is not None, "the log says that the command is done"
        return twin
    except Conflict as refusal:
        raise explained(refusal) from None
    except UNAVAILABLE as error:
        raise busy(error) from error


ATTEMPTS = 8


def record_again_when_overtaken(command: Command, context: Context, command_id: UUID, request: bytes) -> Answer:
    """Decide anew when somebody moved the stream meanwhile; whoever named a version is then told."""
    for _ in range(ATTEMPTS):
        try:
            return record(command, replace(context, notebook=Notebook()), command_id, request)
        except StaleHead:
            continue
    raise Busy("Too many people change this at the same moment; try again.")


def answered(wish: msgspec.Struct, *, by: Person, key: str) -> Answer | None:
    """The answer this person got for this wish under this key before, if any."""
    return repeated(derived_id(by.person_id, key), log.hash_of(wish))


def repeated(command_id: UUID, request: bytes) -> Answer | None:
    """The first answer to a command that was done before, or a refusal when the wish was another one."""
    found = log.done(command_id)
    if found is None:
        return None
    if found[0] != request:
        raise KeyReused("This idempotency key was used for another request; choose a new key.")
    return told(command_id, found)


def told(command_id: UUID, done: Done) -> Answer:
    """What was answered when the log remembered the command."""
    _, said, first, count = done
    return Answer(
        id=UUID(said["id"]),
        number=said["number"],
        version=said["version"],
        position=first + max(count, 1) - 1,
        first_position=first,
        command_id=command_id,
        details=said.get("details", {}),
    )


def record(command: Command, context: Context, command_id: UUID, request: bytes) -> Answer:
    """Decide, show the rows, append the facts: one transaction, the append last."""
    with transaction.atomic():
        decision = decided(command, context)
        said = msgspec.to_builtins(decision.subject) | ({"details": decision.details} if decision.details else {})
        recording = Recording(
            command_id=command_id,
            request=request,
            result=ENCODER.encode(said).decode(),
            correlation_id=context.stamp.correlation_id,
        )
        show(decision.changes)
        first, count = append(recording, decision.changes)
    return told(command_id, (request, msgspec.json.decode(recording.result), first, count))


def decided(command: Command, context: Context) -> Changes:
    """What the command's handler decides; that about one stream as what is decided about several."""
    decision = HANDLERS[type(command)](command, context)
    if isinstance(decision, Changes):
        return decision
    if decision.before is None:
        refuse_version(context)
    after = decision.after
    return Changes(
        subject=Subject(id=after.id, number=after.number, version=after.version),
        changes=[decision],
    )


def refuse_version(context: Context) -> None:
    """For wishes about nothing that has a version yet, or ever: naming one is a mistake that must not go unnoticed."""
    if context.expected_version is not None:
        raise NoVersion


def show(changes: list[Change]) -> None:
    """Write the rows of what changed, once for each noun; what only the projector shows has none."""
    states: dict[type[Any], dict[UUID, Any]] = {}  # Any: the noun's state
    facts: dict[type[Any], list[Fact]] = {}
    for change in changes:
        if not change.facts:
            continue
        after = change.after
        states.setdefault(type(after), {})[after.id] = after
        facts.setdefault(type(after), []).extend(change.facts)
    for kind, latest in states.items():
        if kind in INLINE_OF:
            INLINE_OF[kind].show(list(latest.values()), facts[kind])


def append(recording: Recording, changes: list[Change]) -> tuple[int, int]:
    """Record the facts in one range of positions; answers the first of them and how many there are."""
    facts = [fact for change in changes for fact in change.facts]
    if not facts:
        return log.note(recording), 0
    scopes = [change.scope_id for change in changes for _ in change.facts]
    return log.append(recording, facts, scopes)[0], len(facts)


def explained(refusal: Conflict) -> Conflict:
    """The refusal with the thing as it is now and as it was seen in it, and who made it so when."""
    current, expected = refusal.details.get("current"), refusal.details.get("expected")
    if isinstance(current, msgspec.Struct):
        by, at = last_change(current)
        refusal.details |= {
            "current": told_whole(current),
            "seen": told_whole(as_it_was(current, expected)),
            "changed_by": str(by),
            "changed_by_name": name_of(by),
            "changed_at": at,
        }
    return refusal


def last_change(state: Any) -> tuple[UUID, datetime]:  # Any: the noun's state
    """Who made it what it is, and when; a verification does not change an annotation's content."""
    if isinstance(state, Annotation):
        return state.edited_by, state.edited_at
    last = list(log.stream(state.id, after=state.version - 1))[-1]
    return last.by, last.at


def as_it_was(state: Any, version: int | None) -> Any:  # Any: the noun's state
    """The thing in one of its versions; None for a version that there never was."""
    if version is None or not 0 < version <= state.version:
        return None
    return fold(None, (fact for fact in log.stream(state.id, upto=version) if fact.originator_version <= version))


def told_whole(state: Any) -> Any:  # Any: the noun's state; JSON
    """A state as JSON, an annotation as the page knows it."""
    return msgspec.to_builtins(shown(state) if isinstance(state, Annotation) else state)


def busy(error: Exception) -> Busy:
    """The database could not take it just now: a lock was held too long, or it is going down or coming up."""
    return Busy(
        "The server could not save this just now; try again, sending it twice does no harm.",
        reason=type(error).__name__,
    )


def load_or_refuse(stream_id: UUID, kind: type[Any], what: str, context: Context) -> Any:  # Any: the noun's state
    """The state of a stream of that noun; what is missing or is something else is not found."""
    state = context.notebook.state(stream_id)
    if not isinstance(state, kind):
        raise NotFound(f"There is no such {what}.", what=what)
    return state


def name_of(person_id: UUID) -> str:
    """How a person is called now; erased people have no name."""
    user = users_by_person({person_id}).get(person_id)
    return user.shown_name if user else "somebody"
