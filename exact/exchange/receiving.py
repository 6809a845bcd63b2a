"""Taking a file of annotations in: asked by somebody with the right to, hashed while it comes, kept for the worker."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import IntegrityError, transaction

from exact.accounts.permissions import Permission
from exact.accounts.policy import Person, require
from exact.domain.errors import Invalid, KeyReused, NotFound
from exact.domain.identifiers import derived_id, new_id
from exact.domain.imports import Origin, check_origin
from exact.exchange.folders import ImportFolder
from exact.exchange.models import ImportRun, OnBadRows
from exact.exchange.reading import geojson
from exact.exchange.reading.recognise import reader_named, recognised
from exact.exchange.reading.unpacked import opened
from exact.projections.image_sets import ImageSetRow
from exact.storage.disk import disk_full_refused
from exact.storage.uploads import Upload, receiving

UNPACKED_TIMES = 4
"""A packed file may be so many times as large as the largest that is received."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to be done with a file; `image` and `annotation_type` count for rows that name none."""

    image_set_id: UUID
    image: int | str | None = None
    annotation_type: int | str | None = None
    format: str | None = None
    filename: str = "annotations"
    on_bad_rows: OnBadRows = OnBadRows.REFUSE
    origin: Origin = Origin()


def receive(asked: Asked, blocks: Iterable[bytes], by: Person, key: str | None = None) -> ImportRun:
    """Keep the file and queue its import; the same `key` of the same person names the same import.

    Raises NotFound, Forbidden, Invalid, Unsupported, TooLarge, KeyReused, Busy (disk full); then nothing is kept.
    """
    team_id = team_of(asked.image_set_id, by)
    check_origin(asked.origin)
    import_id = derived_id("import", by.person_id, key) if key else new_id()
    folder = Path(settings.IMPORTS)
    with receiving(blocks, asked.filename, max_bytes=settings.IMPORT_MAX_BYTES, folder=folder) as upload:
        wish = hashlib.sha256(upload.sha256.encode() + msgspec.json.encode(asked)).digest()
        return known(import_id, wish) or queued(import_id, asked, upload, team_id, by, wish)


def team_of(image_set_id: UUID, by: Person) -> UUID:
    """The set's team, when the person may annotate in it."""
    image_set = ImageSetRow.objects.filter(id=image_set_id).first()
    if image_set is None:
        raise NotFound("There is no such image set, or it belongs to another team.", what="image set")
    require(by, Permission.ANNOTATE, image_set.team_id)
    if image_set.withdrawn:
        raise NotFound("The image set was withdrawn.", code="withdrawn")
    team_id: UUID = image_set.team_id
    return team_id


def known(import_id: UUID, wish: bytes) -> ImportRun | None:
    """The import that this very request began before; a refusal when the key stood for another file or other words."""
    run = ImportRun.objects.filter(id=import_id).first()
    if run and bytes(run.wish) != wish:
        raise KeyReused("This idempotency key was used for another import; choose a new key.")
    return run


def queued(import_id: UUID, asked: Asked, upload: Upload, team_id: UUID, by: Person, wish: bytes) -> ImportRun:
    """Keep the file beside its row; of two equal requests at the same moment one makes it, both get it."""
    format_ = format_of(asked, upload.path)
    folder = ImportFolder(import_id)
    with disk_full_refused():
        folder.path.mkdir(parents=True, exist_ok=True)
        upload.path.replace(folder.received)
    try:
        with transaction.atomic():
            return ImportRun.objects.create(
                id=import_id,
                team_id=team_id,
                image_set_id=asked.image_set_id,
                requested_by=by.person_id,
                wish=wish,
                format=format_,
                filename=upload.filename,
                sha256=upload.sha256,
                size_bytes=upload.size_bytes,
                defaults={"image": asked.image, "annotation_type": asked.annotation_type},
                on_bad_rows=asked.on_bad_rows.value,
                origin=builtins(asked.origin),
            )
    except IntegrityError:
        twin = known(import_id, wish)
        assert twin is not None, "the row that is there is the reason"
        return twin


def builtins(origin: Origin) -> Any:  # Any: JSON
    """As the table keeps it."""
    return msgspec.to_builtins(origin)


def format_of(asked: Asked, path: Path) -> str:
    """The format as said, else as seen; GeoJSON cannot say which image it is about, so that the request must."""
    with opened(path, unpacked_max()) as (reader, _):
        seen = recognised(reader)
    format_ = reader_named(asked.format) if asked.format else seen
    if format_ == geojson.name and asked.image is None:
        raise Invalid("A GeoJSON file names no image: say with `image` which one it is for.", code="image_missing")
    return format_


def unpacked_max() -> int:
    """Bytes that a file may have when it is unpacked."""
    received: int = settings.IMPORT_MAX_BYTES
    return UNPACKED_TIMES * received
