"""Freezing: image sets as they stand become a version with a name, a number, a position and a manifest hash."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from exact.accounts.permissions import Permission
from exact.accounts.policy import Person, require
from exact.commands.bus import Answer, answered, dispatch
from exact.commands.dataset_versions import FreezeDataset
from exact.datasets.manifest import EXPORTER, digest, image_entry, manifest
from exact.datasets.replay import Replay, of_version
from exact.domain.dataset_versions import Definition, FrozenImage
from exact.domain.errors import Conflict, Invalid, NotFound
from exact.domain.streams import checked_name, checked_text
from exact.eventstore.log import head
from exact.projections.annotation_types import AnnotationTypeRow
from exact.projections.annotations import AnnotationRow
from exact.projections.dataset_versions import DatasetVersionRow
from exact.projections.image_sets import ImageSetProductRow, ImageSetRow
from exact.projections.images import ImageRow
from exact.projections.products import ProductRow
from exact.projections.snapshot import one_moment

ATTEMPTS = 5
READ = (AnnotationRow, AnnotationTypeRow, DatasetVersionRow, ImageRow, ImageSetProductRow, ImageSetRow, ProductRow)
"""What a definition is made of."""


class Freeze(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asks: a name, the sets, a description."""

    name: str
    image_set_ids: tuple[UUID, ...]
    description: str = ""


def freeze(wish: Freeze, *, by: Person, key: str | None = None) -> Answer:
    """Freeze the sets as they stand now. Versions of one name count 1, 2, 3 in a team."""
    if key and (answer := answered(wish, by=by, key=key)):
        return answer
    team_id = _team_of(wish, by)
    for _ in range(ATTEMPTS):
        definition = define(wish, team_id)
        try:
            return dispatch(FreezeDataset(definition=definition), by=by, key=key, wish=wish)
        except Conflict as refusal:
            if refusal.code != "version_exists":
                raise
    raise Conflict("Others freeze this dataset at the same moment; try again.", code="version_exists")


def define(wish: Freeze, team_id: UUID) -> Definition:
    """What would be frozen now: one reading of position and images, then a fold of the log up to there."""
    draft = _read(wish, team_id)
    replay = of_version(draft)
    entries = [image_entry(shown) for shown in replay.images()]
    counted = msgspec.structs.replace(draft, annotation_count=sum(entry["annotation_count"] for entry in entries))
    described = manifest(counted, entries, [replay.type_of(kind) for kind in counted.annotation_type_ids])
    return msgspec.structs.replace(counted, manifest_sha256=digest(described))


def manifest_of(definition: Definition) -> dict[str, Any]:  # Any: JSON
    """The manifest of a frozen version, folded from the log again; its digest is the one that was frozen."""
    replay: Replay = of_version(definition)
    entries = [image_entry(shown) for shown in replay.images()]
    return manifest(definition, entries, [replay.type_of(kind) for kind in definition.annotation_type_ids])


def _team_of(wish: Freeze, by: Person) -> UUID:
    checked_name(wish.name)
    checked_text(wish.description)
    if "@" in wish.name:
        raise Invalid("The name of a dataset has no @: name@number is how a version is called.", code="name_invalid")
    teams = ImageSetRow.objects.filter(id__in=wish.image_set_ids, withdrawn=False).values_list("id", "team_id")
    found = dict(teams)
    if not wish.image_set_ids or set(found) != set(wish.image_set_ids):
        raise NotFound("There is no such image set, or it belongs to another team.")
    if len(set(found.values())) != 1:
        raise Invalid("The image sets of one dataset belong to one team.", code="several_teams")
    team_id: UUID = next(iter(found.values()))
    require(by, Permission.FREEZE, team_id)
    return team_id


def _read(wish: Freeze, team_id: UUID) -> Definition:
    """Position and rows of one snapshot: positions are given in commit order, so the rows are those of the position."""
    assert not connection.in_atomic_block, "a reading of its own"
    with one_moment(*READ):
        position = head()
        images = ImageRow.objects.filter(image_set_id__in=wish.image_set_ids, withdrawn=False).order_by("number")
        frozen = tuple(FrozenImage(image_id=image.id, sha256=image.sha256) for image in images)
        return Definition(
            team_id=team_id,
            name=wish.name.strip(),
            version=1 + DatasetVersionRow.objects.filter(team_id=team_id, name=wish.name.strip()).count(),
            description=wish.description,
            position=position,
            image_set_ids=tuple(sorted(wish.image_set_ids)),
            images=frozen,
            annotation_type_ids=_types(wish.image_set_ids),
            annotation_count=0,
            exporter_version=EXPORTER,
            manifest_sha256="",
        )


def _types(image_set_ids: Sequence[UUID]) -> tuple[UUID, ...]:
    """Those offered on the sets and those drawn with, by number."""
    offered = AnnotationTypeRow.objects.filter(product__image_sets__in=image_set_ids, withdrawn=False)
    drawn = AnnotationRow.objects.filter(image__image_set_id__in=image_set_ids).values("annotation_type_id")
    used = AnnotationTypeRow.objects.filter(id__in=drawn)
    found = {*offered.values_list("number", "id"), *used.values_list("number", "id")}
    return tuple(kind for _, kind in sorted(found))
