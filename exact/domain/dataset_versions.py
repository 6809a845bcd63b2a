"""DatasetVersion: a named, numbered, frozen state of image sets; it can be withdrawn and reinstated, never changed."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from exact.domain.facts import Fact, Stamp
from exact.domain.streams import Stream, checked_text


class FrozenImage(msgspec.Struct, frozen=True, kw_only=True):
    """One image of a frozen version: its stream and the hash of its file."""

    image_id: UUID
    sha256: str


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """What a version holds: everything up to and including `position` on these images."""

    team_id: UUID
    name: str
    version: int
    description: str
    position: int
    image_set_ids: tuple[UUID, ...]
    images: tuple[FrozenImage, ...]
    annotation_type_ids: tuple[UUID, ...]
    annotation_count: int
    exporter_version: str
    manifest_sha256: str


class DatasetVersionFrozen(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A state was frozen for ever."""

    number: int
    definition: Definition


class DatasetVersionWithdrawn(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The version should not be used any more; it stays readable."""

    reason: str


class DatasetVersionReinstated(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The version may be used again: its withdrawal was taken back."""


class DatasetVersion(Stream, frozen=True, kw_only=True):
    """The state of one dataset version."""

    definition: Definition
    frozen_by: UUID
    frozen_at: datetime
    reason: str = ""

    def withdraw(self, reason: str, stamp: Stamp) -> list[Fact]:
        """Say that it should not be used any more, and why."""
        if self.withdrawn:
            return []
        return [self.next(DatasetVersionWithdrawn, stamp, reason=checked_text(reason, what="reason"))]

    def reinstate(self, stamp: Stamp) -> list[Fact]:
        """Say that it may be used again; nothing where nobody said otherwise."""
        return [self.next(DatasetVersionReinstated, stamp)] if self.withdrawn else []


def evolve(dataset_version: DatasetVersion | None, fact: Fact) -> DatasetVersion:
    """The version after one more fact."""
    if isinstance(fact, DatasetVersionFrozen):
        return DatasetVersion(
            id=fact.originator_id,
            version=fact.originator_version,
            number=fact.number,
            definition=fact.definition,
            frozen_by=fact.by,
            frozen_at=fact.at,
        )
    assert dataset_version is not None, "the first fact of a dataset version is DatasetVersionFrozen"
    dataset_version = replace(dataset_version, version=fact.originator_version)
    match fact:
        case DatasetVersionWithdrawn():
            return replace(dataset_version, withdrawn=True, reason=fact.reason)
        case DatasetVersionReinstated():
            return replace(dataset_version, withdrawn=False, reason="")
    raise TypeError(f"{type(fact).__name__} is no fact of a dataset version")
