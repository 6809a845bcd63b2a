"""Several wishes as one command: all or nothing, one range of positions; a later one sees what an earlier one did."""

from collections.abc import Iterable
from typing import Any, ClassVar

import msgspec
from msgspec.structs import replace

from exact.commands.annotations import read_ahead
from exact.commands.bus import Change, Changes, Command, Context, Subject, decided, handles, show
from exact.domain.annotations import Annotation
from exact.domain.errors import Invalid, Refusal
from exact.domain.facts import Claim


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """One of them: its command by name and fields, what its author has seen, and its place in what was sent."""

    name: str
    command: Command
    index: int
    expected_version: int | None = None
    claim: Claim | None = None


class Batch(Command, frozen=True, kw_only=True):
    """Grant all of these wishes or none; the server makes it of what a client has sent."""

    NEEDS: ClassVar[None] = None
    PUBLIC: ClassVar[bool] = False
    ALONE: ClassVar[bool] = True
    wishes: tuple[Wish, ...]


def batch(commands: Iterable[Command], *, expected_version: int | None = None) -> Batch:
    """A batch of wishes that have seen the same."""
    return Batch(
        wishes=tuple(
            Wish(name=type(command).__name__, command=command, index=index, expected_version=expected_version)
            for index, command in enumerate(commands)
        )
    )


@handles(Batch)
def grant_all(command: Batch, context: Context) -> Changes:
    """Each wish decided on what the ones before it leave; a refusal says which of them was meant."""
    read_ahead([wish.command for wish in command.wishes], context)
    changes: list[Change] = []
    results: list[Subject] = []
    for wish in command.wishes:
        decision = _granted(wish, context)
        changes += decision.changes
        results.append(decision.subject)
    return Changes(subject=results[-1], changes=changes, details={"results": msgspec.to_builtins(results)})


def _granted(wish: Wish, context: Context) -> Changes:
    """What is decided about one wish, written down for the next ones."""
    stamp = replace(context.stamp, claim=wish.claim)
    try:
        if wish.command.ALONE:
            raise Invalid(f"{wish.name} cannot be part of a batch; send it by itself.", code="not_in_a_batch")
        own = replace(context, stamp=stamp, expected_version=wish.expected_version)
        decision = decided(wish.command, own)
    except Refusal as refusal:
        refusal.details |= {"index": wish.index}
        raise
    for change in decision.changes:
        _written(change, context)
    return decision


def _written(change: Change, context: Context) -> None:
    """Annotations are shown once, in the end; other things at once, since what comes next asks their rows."""
    after: Any = change.after  # Any: the noun's state
    context.notebook.write(after)
    if change.facts and not isinstance(after, Annotation):
        show([change])
        context.notebook.forget_rows()
