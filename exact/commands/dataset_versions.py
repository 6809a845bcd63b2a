"""Wishes about dataset versions: freeze what a fold of the log has found, withdraw with a reason, reinstate."""

from typing import ClassVar
from uuid import UUID

from exact.accounts.permissions import Permission
from exact.accounts.policy import require
from exact.commands.bus import Change, Command, Context, handles, load_or_refuse
from exact.domain import dataset_versions
from exact.domain.dataset_versions import DatasetVersion, Definition
from exact.domain.errors import Conflict
from exact.domain.identifiers import derived_id
from exact.domain.streams import checked_name, checked_text, first
from exact.eventstore.log import next_number


class FreezeDataset(Command, frozen=True, kw_only=True):
    """Freeze a definition that the server itself has worked out (exact/datasets/freezing.py)."""

    NEEDS: ClassVar[Permission] = Permission.FREEZE
    PUBLIC: ClassVar[bool] = False
    definition: Definition


class WithdrawDatasetVersion(Command, frozen=True, kw_only=True):
    """Say that a version should not be used any more, and why; it stays readable."""

    NEEDS: ClassVar[Permission] = Permission.FREEZE
    dataset_version_id: UUID
    reason: str


class ReinstateDatasetVersion(Command, frozen=True, kw_only=True):
    """Say that a withdrawn version may be used again."""

    NEEDS: ClassVar[Permission] = Permission.FREEZE
    dataset_version_id: UUID


@handles(FreezeDataset)
def freeze_dataset(command: FreezeDataset, context: Context) -> Change:
    """The first fact of a version; its stream is named by team, name and number, so that no two can be alike."""
    definition = command.definition
    require(context.person, command.NEEDS, definition.team_id)
    checked_name(definition.name)
    checked_text(definition.description)
    stream_id = derived_id(definition.team_id, definition.name, definition.version)
    if context.notebook.state(stream_id) is not None:
        raise Conflict("This version was frozen at the same moment by somebody else.", code="version_exists")
    fact = first(
        dataset_versions.DatasetVersionFrozen,
        stream_id,
        context.stamp,
        number=next_number("dataset_version"),
        definition=definition,
    )
    return Change(before=None, facts=[fact], scope_id=definition.team_id)


@handles(WithdrawDatasetVersion)
def withdraw_dataset_version(command: WithdrawDatasetVersion, context: Context) -> Change:
    """No more recommended."""
    version = dataset_version_of(command.dataset_version_id, context, command.NEEDS)
    checked_name(command.reason, what="reason", most=1000)
    facts = version.withdraw(command.reason, context.stamp)
    return Change(before=version, facts=facts, scope_id=version.definition.team_id)


@handles(ReinstateDatasetVersion)
def reinstate_dataset_version(command: ReinstateDatasetVersion, context: Context) -> Change:
    """Recommended again."""
    version = dataset_version_of(command.dataset_version_id, context, command.NEEDS)
    return Change(before=version, facts=version.reinstate(context.stamp), scope_id=version.definition.team_id)


def dataset_version_of(dataset_version_id: UUID, context: Context, permission: Permission) -> DatasetVersion:
    """The version, when the person may do this in its team and has seen its newest state."""
    version: DatasetVersion = load_or_refuse(dataset_version_id, DatasetVersion, "dataset version", context)
    require(context.person, permission, version.definition.team_id)
    version.refuse_stale(context.expected_version)
    return version
