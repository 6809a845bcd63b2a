"""Every wish has a sentence, a permission, exactly one handler, and a module named after a noun."""

import importlib
import inspect
from uuid import UUID

import msgspec
import pytest

from exact.accounts.permissions import TABLE, Permission
from exact.commands.bus import COMMANDS, HANDLERS, Command
from exact.commands.compensating import COMPENSATING, LASTING
from exact.commands.registry import ACROSS, NOUNS, load_commands
from exact.domain import registry as domain
from exact.domain.teams import Role
from tests.architecture.matrix import SERVER_S_OWN

load_commands()
EACH = pytest.mark.parametrize("kind", COMMANDS.values(), ids=COMMANDS)


def all_kinds(kind: type[Command] = Command) -> set[type[Command]]:
    """Every subclass that has none itself: the others are what several commands share."""
    children = kind.__subclasses__()
    return {found for child in children for found in all_kinds(child)} if children else {kind}


def test_every_command_has_a_handler():
    ours = {kind for kind in all_kinds() if kind.__module__.startswith("exact.")}
    assert ours == set(COMMANDS.values()) == set(HANDLERS)


def test_the_nouns_are_the_domain_s():
    assert sorted(NOUNS) == sorted(noun.__name__.rpartition(".")[2] for noun in domain.NOUNS)


@EACH
def test_a_command_says_in_a_sentence_what_it_asks_for(kind):
    assert kind.__doc__ != Command.__doc__
    assert (kind.__doc__ or "").strip().endswith(".")
    assert inspect.getdoc(HANDLERS[kind]), "its handler too"


@EACH
def test_a_command_needs_a_permission_that_somebody_has(kind):
    assert kind.NEEDS is None or kind.NEEDS in TABLE[Role.OWNER]
    assert kind.NEEDS is not None or kind.__name__ in OPEN


OPEN = {"FoundTeam", "Batch", "Undo"}
"""Everybody may found a team; a batch needs what each of its wishes needs."""


@EACH
def test_a_command_refuses_fields_it_does_not_know(kind):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"surprise": 1}, kind)


@EACH
def test_a_handler_stands_beside_its_command(kind):
    assert HANDLERS[kind].__module__ == kind.__module__
    noun = kind.__module__.rpartition(".")[2]
    assert noun in ACROSS or importlib.import_module(f"exact.domain.{noun}")


@EACH
def test_a_command_names_the_thing_it_is_about(kind):
    ids = [field.name for field in msgspec.structs.fields(kind) if field.type is UUID]
    assert ids or kind.__name__ in {"FoundTeam", "FreezeDataset", "Batch", "Undo"}


@EACH
def test_a_command_has_one_that_takes_it_back_or_a_reason_why_not(kind):
    assert (kind.__name__ in COMPENSATING) != (kind.__name__ in LASTING)
    assert all(COMMANDS[back].PUBLIC for back in COMPENSATING.get(kind.__name__, ()))


def test_what_only_the_server_asks_for_is_not_public():
    assert {kind.__name__ for kind in COMMANDS.values() if not kind.PUBLIC} == SERVER_S_OWN


def test_every_permission_is_in_the_owner_s_row():
    assert TABLE[Role.OWNER] == frozenset(Permission)
