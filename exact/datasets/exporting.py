"""Exports as files: asked for by a person, written by the worker, the same bytes every time."""

import hashlib
import io
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import msgspec
from django.conf import settings
from django.db.models import F
from django.utils import timezone

from exact.accounts.permissions import Permission
from exact.accounts.policy import Person, require
from exact.datasets.models import Export
from exact.datasets.replay import of_image, of_version
from exact.datasets.work import enqueue
from exact.domain.dataset_versions import DatasetVersionFrozen, Definition
from exact.domain.errors import Invalid, NotFound, Refusal
from exact.eventstore.alone import alone
from exact.eventstore.errors import UNAVAILABLE
from exact.eventstore.log import head
from exact.exchange.document import Document, Format, ImageAnnotations
from exact.exchange.registry import format_named
from exact.projections.dataset_versions import DatasetVersionRow
from exact.projections.images import ImageRow
from exact.storage.disk import sweep_older

TELL_EVERY_S = 0.5
ATTEMPTS_MAX = 10
"""So often a file is begun whose worker then dies, or whose database goes away; one more could kill it again."""
KEPT = timedelta(days=30)
UNFINISHED = ("queued", "running")
DRAFT = ".draft-"
Told = Callable[[float], None]


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A finished file."""

    sha256: str
    size_bytes: int


class Watched(msgspec.Struct, kw_only=True):
    """A document that tells how far its writing has come, as a share of its images."""

    document: Any  # Any: a Document; msgspec knows no protocols
    told: Told

    @property
    def title(self) -> str:
        return str(self.document.title)

    @property
    def position(self) -> int:
        return int(self.document.position)

    @property
    def image_count(self) -> int:
        return int(self.document.image_count)

    @property
    def single_image(self) -> bool:
        return bool(self.document.single_image)

    def type_of(self, annotation_type_id: UUID) -> Any:  # Any: see above
        return self.document.type_of(annotation_type_id)

    def images(self) -> Iterator[ImageAnnotations]:
        for done, shown in enumerate(self.document.images(), 1):
            yield shown
            self.told(done / max(self.image_count, 1))


class Hashing(io.RawIOBase):
    """A file that is hashed while it is written; it cannot seek, so that a ZIP is written in one go."""

    def __init__(self, out: BinaryIO) -> None:
        super().__init__()
        self.out, self.sum, self.size = out, hashlib.sha256(), 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:  # Any: a buffer
        self.sum.update(data)
        self.out.write(data)
        self.size += len(data)
        return len(data)


def write(document: Document, format_: Format, path: Path, told: Told = lambda _: None) -> Written:
    """Write the file whole or not at all; it is there under its name only when it is finished."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=DRAFT)
    try:
        with os.fdopen(descriptor, "wb") as out:
            hashing = Hashing(out)
            format_.write(Watched(document=document, told=told), hashing)  # type: ignore[arg-type]
            out.flush()
            os.fsync(out.fileno())
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)
    return Written(sha256=hashing.sum.hexdigest(), size_bytes=hashing.size)


def request_version(number: int, format_name: str, by: Person) -> Export:
    """Ask for a frozen version as a file."""
    format_ = format_named(format_name)
    row = DatasetVersionRow.objects.filter(number=number).first()
    if row is None:
        raise NotFound("There is no such dataset version, or it belongs to another team.")
    require(by, Permission.EXPORT, row.team_id)
    definition = msgspec.convert(row.definition, Definition)
    document = of_version(definition)
    return _request(document, format_, by, team_id=row.team_id, dataset_version_id=row.id, position=row.position)


def prepare_version(export_id: UUID, frozen: DatasetVersionFrozen, format_name: str) -> None:
    """Ask for a version's file on behalf of whoever froze it; the same id twice is one file."""
    document, format_ = of_version(frozen.definition), format_named(format_name)
    fields = {
        "team_id": frozen.definition.team_id,
        "dataset_version_id": frozen.originator_id,
        "position": frozen.definition.position,
        "format": format_.name,
        "filename": file_name(document, format_),
        "requested_by": frozen.by,
    }
    Export.objects.get_or_create(id=export_id, defaults=fields)
    enqueue("write_export", str(export_id))


def request_image(number: int, position: int | None, format_name: str, by: Person) -> Export:
    """Ask for one image as it stood at a position; without one, as it stands now."""
    format_ = format_named(format_name)
    row = ImageRow.objects.select_related("image_set").filter(number=number).first()
    if row is None:
        raise NotFound("There is no such image, or it belongs to another team.")
    require(by, Permission.EXPORT, row.image_set.team_id)
    at = checked_position(position)
    document = of_image(row.id, at)
    return _request(document, format_, by, team_id=row.image_set.team_id, image_id=row.id, position=at)


def checked_position(position: int | None) -> int:
    """The newest position, or the one asked for when the log has come so far."""
    newest = head()
    if position is not None and not 0 < position <= newest:
        raise Invalid(f"The log has the positions 1 to {newest}.", code="position")
    return newest if position is None else position


def file_name(document: Document, format_: Format) -> str:
    """A name that any file system takes."""
    plain = "".join(letter if letter.isalnum() or letter in "-_.@" else "_" for letter in document.title)
    at = f"-at-{document.position}" if document.single_image else ""
    return f"{plain}{at}{format_.suffix(document)}"


def _request(document: Document, format_: Format, by: Person, **fields: Any) -> Export:  # Any: the row's columns
    export = Export.objects.create(
        format=format_.name, filename=file_name(document, format_), requested_by=by.person_id, **fields
    )
    enqueue("write_export", str(export.id))
    return export


def path_of(export: Export) -> Path:
    """Where its file lies."""
    return Path(settings.EXPORTS) / f"{export.id}{''.join(Path(export.filename).suffixes[-2:])}"


def perform(export_id: UUID) -> None:
    """Write the file of a request, unless it is done or being done; doing it twice gives the same file.

    Raises what the database says when it goes away meanwhile, and what nobody expected: that is told in the row, too.
    """
    with alone(f"export {export_id}") as mine:
        export = _begun(export_id) if mine else None
        if export is None:
            return
        try:
            written = write(_document(export), format_named(export.format), path_of(export), _teller(export))
        except Refusal as refusal:
            _end(export, state="failed", problem=refusal.sentence)
        except OSError as error:
            _end(export, state="failed", problem=f"The file could not be written: {error.strerror}.")
        except UNAVAILABLE:
            raise  # unfinished: the worker's next look begins it again
        except Exception as error:
            _end(export, state="failed", problem=f"The server made a mistake in writing it ({type(error).__name__}).")
            raise
        else:
            _end(export, state="ready", progress=1, sha256=written.sha256, size_bytes=written.size_bytes)


def _begun(export_id: UUID) -> Export | None:
    """The request, counted as begun once more; None when it is finished or was begun too often."""
    waiting = Export.objects.filter(id=export_id, state__in=UNFINISHED)
    waiting.update(state="running", progress=0, attempts=F("attempts") + 1)
    export = waiting.first()
    if export is not None and export.attempts > ATTEMPTS_MAX:
        problem = f"The file was begun {ATTEMPTS_MAX} times, and the server went down each time; ask for less at once."
        _end(export, state="failed", problem=problem)
        return None
    return export


def _end(export: Export, **fields: Any) -> None:  # Any: the row's columns
    Export.objects.filter(id=export.id).update(**fields)


def _document(export: Export) -> Document:
    if export.image_id:
        return of_image(export.image_id, export.position)
    assert export.dataset_version_id is not None, "an export is of an image or of a version"
    row = DatasetVersionRow.objects.get(id=export.dataset_version_id)
    return of_version(msgspec.convert(row.definition, Definition))


def _teller(export: Export) -> Told:
    told = 0.0

    def tell(share: float) -> None:
        nonlocal told
        if time.monotonic() - told > TELL_EVERY_S:
            told = time.monotonic()
            Export.objects.filter(id=export.id).update(progress=share)

    return tell


def unfinished() -> list[UUID]:
    """Requests that no worker has finished, the oldest first."""
    waiting = Export.objects.filter(state__in=UNFINISHED).order_by("requested_at")
    return list(waiting.values_list("id", flat=True))


def sweep_drafts() -> int:
    """Delete drafts that a killed worker left more than a day ago; answers how many files."""
    return sweep_older(Path(settings.EXPORTS), f"{DRAFT}*")


def forget_old() -> int:
    """Drop files that were asked for more than thirty days ago: each can be made again. Answers how many."""
    old = list(Export.objects.filter(requested_at__lt=timezone.now() - KEPT))
    for export in old:
        path_of(export).unlink(missing_ok=True)
        export.delete()
    return len(old)
