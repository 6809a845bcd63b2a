"""Annotation: drawn, reshaped, reclassified, described, removed, restored; verified for one version of its content."""

import math
import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

import msgspec
from msgspec.structs import replace

from exact.domain.errors import Conflict, Invalid, StaleVersion
from exact.domain.facts import Fact, Stamp
from exact.domain.streams import checked_text
from exact.domain.vectors import Vector

DESCRIPTION_MAX = 1000
META_DATA_MAX = 100_000
"""Bytes of JSON in the client's own data of one annotation."""
META_DATA_DEPTH = 20
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL and halves of characters: PostgreSQL keeps neither."""


class Verdict(StrEnum):
    """What a verifier says of one version."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Status(StrEnum):
    """What the valid verifications add up to: one rejection outweighs every acceptance."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class AnnotationDrawn(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A shape of a type appeared on an image; `vector` None means the type is not in the image."""

    number: int
    image_id: UUID
    unique_identifier: UUID
    annotation_type_id: UUID
    vector: Vector | None = None
    description: str = ""
    meta_data: dict[str, Any] | None = None  # Any: the client's own JSON


class AnnotationReshaped(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The geometry became another one."""

    vector: Vector | None = None


class AnnotationReclassified(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The annotation got another type."""

    annotation_type_id: UUID


class AnnotationDescribed(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The remark or the client's own data changed."""

    description: str = ""
    meta_data: dict[str, Any] | None = None  # Any: the client's own JSON


class AnnotationRemoved(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The annotation is no longer shown; it can be restored."""

    reason: str = ""


class AnnotationRestored(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A removed annotation is shown again."""


class AnnotationVerified(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A person accepted or rejected one version of the content."""

    number: int
    verdict: Verdict
    of_version: int


class VerificationWithdrawn(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """What a person had said was taken back, by that person or by whoever undoes it."""

    SCHEMA: ClassVar[int] = 2
    person_id: UUID
    of_version: int


class Verification(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one person said of one version."""

    number: int
    person_id: UUID
    verdict: Verdict
    of_version: int
    at: datetime


class Annotation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The state of one annotation; `content_version` is the version of its last change of shape, type or remark."""

    id: UUID
    version: int
    content_version: int
    number: int
    image_id: UUID
    unique_identifier: UUID
    annotation_type_id: UUID
    vector: Vector | None
    description: str
    meta_data: dict[str, Any] | None  # Any: the client's own JSON
    removed: bool
    created_by: UUID
    created_at: datetime
    edited_by: UUID
    edited_at: datetime
    verifications: tuple[Verification, ...] = ()

    @property
    def valid_verifications(self) -> tuple[Verification, ...]:
        """Those given for the content as it is now."""
        return tuple(v for v in self.verifications if v.of_version == self.content_version)

    @property
    def status(self) -> Status:
        """What the valid verifications add up to."""
        if not self.verifications:
            return Status.OPEN
        verdicts = {verification.verdict for verification in self.valid_verifications}
        if Verdict.REJECTED in verdicts:
            return Status.REJECTED
        return Status.ACCEPTED if verdicts else Status.OPEN

    def refuse_stale(self, expected: int | None) -> None:
        """A change of content must know the content it changes; a verification by somebody else does not disturb it."""
        if expected is not None and not self.content_version <= expected <= self.version:
            raise StaleVersion("Somebody else changed this annotation first; look at both versions.",
                               expected=expected, version=self.version, current=self)  # fmt: skip

    def refuse_removed(self) -> None:
        """A removed annotation must be restored before it can change."""
        if self.removed:
            raise Conflict("The annotation was removed; restore it first.", code="annotation_removed", current=self)

    def reshape(self, vector: Vector | None, stamp: Stamp) -> list[Fact]:
        """Give it another geometry; nothing where it is the same."""
        self.refuse_removed()
        return [] if vector == self.vector else [self._next(AnnotationReshaped, stamp, vector=vector)]

    def reclassify(self, annotation_type_id: UUID, stamp: Stamp) -> list[Fact]:
        """Give it another type; nothing where it is the same."""
        self.refuse_removed()
        if annotation_type_id == self.annotation_type_id:
            return []
        return [self._next(AnnotationReclassified, stamp, annotation_type_id=annotation_type_id)]

    def describe(self, description: str, meta_data: dict[str, Any] | None, stamp: Stamp) -> list[Fact]:
        """Change the remark (at most 1000 characters) and the client's own data."""
        self.refuse_removed()
        check_description(description)
        check_meta_data(meta_data)
        if (description, meta_data) == (self.description, self.meta_data):
            return []
        return [self._next(AnnotationDescribed, stamp, description=description, meta_data=meta_data)]

    def remove(self, reason: str, stamp: Stamp) -> list[Fact]:
        """Take it off the image; nothing where it is gone already."""
        reason = checked_text(reason, what="reason")
        return [] if self.removed else [self._next(AnnotationRemoved, stamp, reason=reason)]

    def restore(self, stamp: Stamp) -> list[Fact]:
        """Bring it back; nothing where it is there."""
        return [self._next(AnnotationRestored, stamp)] if self.removed else []

    def verify(self, verdict: Verdict, of_version: int, number: int, stamp: Stamp) -> list[Fact]:
        """Accept or reject the content that the verifier has seen."""
        self.refuse_removed()
        self._refuse_unseen(of_version)
        mine = self.verification_of(stamp.by)
        if mine and (mine.verdict, mine.of_version) == (verdict, self.content_version):
            return []
        number = mine.number if mine else number
        return [self._next(AnnotationVerified, stamp, number=number, verdict=verdict, of_version=self.content_version)]

    def withdraw_verification(self, person_id: UUID, stamp: Stamp) -> list[Fact]:
        """Take back what that person said; nothing where there is nothing."""
        said = self.verification_of(person_id)
        if said is None:
            return []
        return [self._next(VerificationWithdrawn, stamp, person_id=person_id, of_version=said.of_version)]

    def verification_of(self, person_id: UUID) -> Verification | None:
        """What that person last said, of whatever version."""
        return next((v for v in self.verifications if v.person_id == person_id), None)

    def _refuse_unseen(self, of_version: int) -> None:
        if not self.content_version <= of_version <= self.version:
            raise StaleVersion("The annotation changed since you looked at it; look again before you verify.",
                               expected=of_version, version=self.version, current=self)  # fmt: skip

    def _next(self, kind: type[Fact], stamp: Stamp, **fields: Any) -> Fact:
        return kind(originator_id=self.id, originator_version=self.version + 1, **stamp.fields(), **fields)


def draw(
    *,
    id: UUID,
    number: int,
    image_id: UUID,
    unique_identifier: UUID,
    annotation_type_id: UUID,
    vector: Vector | None,
    description: str,
    meta_data: dict[str, Any] | None,
    stamp: Stamp,
) -> AnnotationDrawn:
    """The first fact of an annotation; the vector has been checked against the image."""
    check_description(description)
    check_meta_data(meta_data)
    return AnnotationDrawn(
        originator_id=id,
        originator_version=1,
        number=number,
        image_id=image_id,
        unique_identifier=unique_identifier,
        annotation_type_id=annotation_type_id,
        vector=vector,
        description=description,
        meta_data=meta_data,
        **stamp.fields(),
    )


def check_description(description: str) -> None:
    """A remark has at most 1000 characters and no NUL, which the database cannot keep."""
    if len(description) > DESCRIPTION_MAX or "\x00" in description:
        raise Invalid(f"A remark has at most {DESCRIPTION_MAX} characters and no NUL.", code="description_too_long")


def check_meta_data(meta_data: dict[str, Any] | None) -> None:
    """The client's own data must be JSON that the database keeps as it is, and no store of files."""
    if not _storable(meta_data, META_DATA_DEPTH) or len(msgspec.json.encode(meta_data)) > META_DATA_MAX:
        raise Invalid(
            f"meta_data has at most {META_DATA_MAX} bytes, {META_DATA_DEPTH} levels, finite numbers below 2 to the 63rd"
            " and texts without NUL.",
            code="meta_data_invalid",
        )


def _storable(value: Any, depth: int) -> bool:  # Any: JSON
    match value:
        case dict():
            return depth > 0 and all(_storable(key, 0) and _storable(value[key], depth - 1) for key in value)
        case list() | tuple():
            return depth > 0 and all(_storable(item, depth - 1) for item in value)
        case str():
            return not UNSTORABLE.search(value)
        case float():
            return math.isfinite(value)
        case int():
            return -(2**63) <= value < 2**63
    return value is None


def evolve(annotation: Annotation | None, fact: Fact) -> Annotation:
    """The annotation after one more fact; live rows, replays and exports all come through here."""
    if isinstance(fact, AnnotationDrawn):
        return _drawn(fact)
    assert annotation is not None, "the first fact of an annotation is AnnotationDrawn"
    match fact:  # the most frequent first
        case AnnotationVerified():
            return _followed(annotation, fact, verifications=_verified(annotation.verifications, fact))
        case AnnotationReshaped():
            return _edited(annotation, fact, vector=fact.vector)
        case AnnotationReclassified():
            return _edited(annotation, fact, annotation_type_id=fact.annotation_type_id)
        case AnnotationDescribed():
            return _edited(annotation, fact, description=fact.description, meta_data=fact.meta_data)
        case AnnotationRemoved():
            return _followed(annotation, fact, removed=True, edited_by=fact.by, edited_at=fact.at)
        case AnnotationRestored():
            return _followed(annotation, fact, removed=False, edited_by=fact.by, edited_at=fact.at)
        case VerificationWithdrawn():
            return _followed(annotation, fact, verifications=_without(annotation.verifications, fact.person_id))
    raise TypeError(f"{type(fact).__name__} is no fact of an annotation")


def _drawn(fact: AnnotationDrawn) -> Annotation:
    return Annotation(
        id=fact.originator_id,
        version=fact.originator_version,
        content_version=fact.originator_version,
        number=fact.number,
        image_id=fact.image_id,
        unique_identifier=fact.unique_identifier,
        annotation_type_id=fact.annotation_type_id,
        vector=fact.vector,
        description=fact.description,
        meta_data=fact.meta_data,
        removed=False,
        created_by=fact.by,
        created_at=fact.at,
        edited_by=fact.by,
        edited_at=fact.at,
    )


def _followed(annotation: Annotation, fact: Fact, **fields: Any) -> Annotation:
    return replace(annotation, version=fact.originator_version, **fields)


def _edited(annotation: Annotation, fact: Fact, **fields: Any) -> Annotation:
    version = fact.originator_version
    return _followed(annotation, fact, content_version=version, edited_by=fact.by, edited_at=fact.at, **fields)


def _without(verifications: Sequence[Verification], person_id: UUID) -> tuple[Verification, ...]:
    return tuple(v for v in verifications if v.person_id != person_id)


def _verified(verifications: Sequence[Verification], fact: AnnotationVerified) -> tuple[Verification, ...]:
    mine = Verification(
        number=fact.number, person_id=fact.by, verdict=fact.verdict, of_version=fact.of_version, at=fact.at
    )
    return (*_without(verifications, fact.by), mine) if verifications else (mine,)
