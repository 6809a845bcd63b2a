"""The one door for change: permission, once only, stale versions, facts and rows in one transaction."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import msgspec
from django import db
from django.db import transaction
from eventsourcing import persistence as library

from exact.accounts.models import users_by_person
from exact.accounts.permissions import Permission
from exact.accounts.policy import Person
from exact.domain.annotations import Annotation
from exact.domain.errors import Busy, Conflict, KeyReused, NotFound
from exact.domain.facts import Claim, Fact, Stamp
from exact.domain.identifiers import derived_id, new_id
from exact.domain.registry import fold
from exact.eventstore import log
from exact.eventstore.errors import CommandAlreadyDone, StaleHead
from exact.eventstore.recorder import Recording
from exact.projections.annotations import shown
from exact.projections.registry import INLINE_OF


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A wish. `NEEDS` is what the person must be allowed to do in the team the wish is about."""

    NEEDS: ClassVar[Permission | None]
    PUBLIC: ClassVar[bool] = True
    """Whether a client may send it; False for what only the server can ask, such as registering a file."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a command did: the thing, its version now, and the position a reader must have reached to see it."""

    id: UUID
    number: int | None
    version: int
    position: int


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, under which key, and what they have seen."""

    person: Person
    stamp: Stamp
    expected_version: int | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What a handler decided about one stream: its state before, the facts that follow, their scope."""

    before: Any  # Any: the state of whatever noun it is; None for a new stream
    facts: list[Fact]
    scope_id: UUID

    @property
    def after(self) -> Any:  # Any: see above
        """The state with the facts."""
        return fold(self.before, self.facts)


Handler = Callable[[Any, Context], Change]  # Any: each handler takes its own command
C = TypeVar("C", bound=Command)

COMMANDS: dict[str, type[Command]] = {}
"""Name to class, of all that have a handler."""
HANDLERS: dict[type[Command], Handler] = {}


def handles(kind: type[C]) -> Callable[[Callable[[C, Context], Change]], Callable[[C, Context], Change]]:
    """Marks the one function that grants a kind of wish."""

    def register(handler: Callable[[C, Context], Change]) -> Callable[[C, Context], Change]:
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
    except (db.OperationalError, library.OperationalError) as error:
        raise busy(error) from error


ATTEMPTS = 8


def record_again_when_overtaken(command: Command, context: Context, command_id: UUID, request: bytes) -> Answer:
    """Decide anew when somebody moved the stream meanwhile; whoever named a version is then told."""
    for _ in range(ATTEMPTS):
        try:
            return record(command, context, command_id, request)
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
    known, result, position, count = found
    if known != request:
        raise KeyReused("This idempotency key was used for another request; choose a new key.")
    return Answer(
        id=UUID(result["id"]),
        number=result["number"],
        version=result["version"],
        position=position + max(count, 1) - 1,
    )


def record(command: Command, context: Context, command_id: UUID, request: bytes) -> Answer:
    """Decide, show the rows, append the facts: one transaction, the append last."""
    with transaction.atomic():
        change = HANDLERS[type(command)](command, context)
        after = change.after
        result = {"id": str(after.id), "number": after.number, "version": after.version}
        recording = Recording(command_id=command_id, request=request, result=msgspec.json.encode(result).decode())
        if change.facts:
            INLINE_OF[type(after)].show([after], change.facts)
            position = log.append(recording, change.facts, [change.scope_id] * len(change.facts))[-1]
        else:
            position = log.note(recording)
    return Answer(id=after.id, number=after.number, version=after.version, position=position)


def explained(refusal: Conflict) -> Conflict:
    """The refusal with the thing as it is now in it, and the person who made it so."""
    current = refusal.details.get("current")
    if isinstance(current, Annotation):
        refusal.details |= {
            "current": msgspec.to_builtins(shown(current)),
            "changed_by": str(current.edited_by),
            "changed_by_name": name_of(current.edited_by),
        }
    return refusal


def busy(error: Exception) -> Busy:
    """The database could not take it just now: a lock was held too long, or it is going down or coming up."""
    return Busy(
        "The server could not save this just now; try again, sending it twice does no harm.",
        reason=type(error).__name__,
    )


def load_or_refuse(stream_id: UUID, kind: type[C] | type[Any], what: str) -> Any:  # Any: the noun's state
    """The state of a stream of that noun; what is missing or is something else is not found."""
    state = log.load(stream_id)
    if not isinstance(state, kind):
        raise NotFound(f"There is no such {what}.", what=what)
    return state


def name_of(person_id: UUID) -> str:
    """How a person is called now; erased people have no name."""
    user = users_by_person({person_id}).get(person_id)
    return user.shown_name if user else "somebody"
