"""Deliveries: begun with their first file, started when all have come, given up by hand or by time."""

import shutil
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone

from exact.accounts.permissions import Permission
from exact.accounts.policy import Person, require
from exact.domain.errors import Conflict, NotFound, TooLarge
from exact.ingest.folders import delivery_folder, delivery_folders, sweep_unpacked
from exact.ingest.models import UNFINISHED, WORKING, DeliveredFile, Delivery, State
from exact.ingest.parts import received_bytes
from exact.projections.image_sets import ImageSetRow
from exact.projections.teams import role_of
from exact.storage.bundles import MEMBERS_MAX, checked_path
from exact.storage.uploads import in_words

KEPT = timedelta(days=30)
"""What became of a delivery is told for so long."""
OPEN_MAX = 200
"""Deliveries that one person may have begun and not ended."""
SET_MISSING = "There is no such image set, or it belongs to another team."
FILE_MISSING = "There is no such upload, or it has ended."


class Announced(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is to come."""

    path: str
    size_bytes: int
    image_set: int
    delivery_id: UUID | None = None
    modified_ms: int | None = None
    metadata: str = ""


def announce(wanted: Announced, person: Person) -> DeliveredFile:
    """A place for a file, in its delivery or in one of its own; asks for the right and the limits first."""
    image_set = set_for(wanted.image_set, person)
    path = checked_path(wanted.path)
    if wanted.size_bytes > settings.UPLOAD_MAX_BYTES:
        limit = in_words(settings.UPLOAD_MAX_BYTES)
        raise TooLarge(f"{path} is larger than {limit}, the most this server takes.")
    _refuse_too_many(person, wanted.size_bytes)
    with transaction.atomic():
        delivery = _delivery(wanted.delivery_id, image_set, person)
        if delivery.files.count() >= MEMBERS_MAX:
            raise TooLarge(f"{MEMBERS_MAX:,} files can be sent together.")
        return _file(delivery, path, wanted)


def set_for(number: int, person: Person) -> ImageSetRow:
    """The set, when the person may upload into it."""
    found = ImageSetRow.objects.filter(number=number, withdrawn=False).first()
    if found is None or role_of(person.person_id, found.team_id) is None:
        raise NotFound(SET_MISSING, what="image set")
    require(person, Permission.UPLOAD, found.team_id)
    return found


def file_of(file_id: UUID, person: Person) -> DeliveredFile:
    """A file that this person sends, and may send still."""
    found = DeliveredFile.objects.select_related("delivery").filter(id=file_id).first()
    if found is None or found.delivery.sent_by != person.person_id:
        raise NotFound(FILE_MISSING, what="upload")
    if role_of(person.person_id, found.delivery.team_id) is None:
        raise NotFound(FILE_MISSING, what="upload")
    require(person, Permission.UPLOAD, found.delivery.team_id)
    return found


def path_of(file: DeliveredFile) -> Path:
    """Where it grows."""
    return delivery_folder(file.delivery_id) / str(file.id)


def offset_of(file: DeliveredFile) -> int:
    """How much of it has come."""
    return file.size_bytes if file.whole else received_bytes(path_of(file), file.unchecked_from)


def is_complete(file: DeliveredFile) -> bool:
    """Every byte has come, but the server was killed before it could say so."""
    return not file.whole and file.size_bytes > 0 and offset_of(file) == file.size_bytes


def arrived(file: DeliveredFile, sha256: str) -> bool:
    """The file is whole; answers whether that starts the work on its delivery."""
    DeliveredFile.objects.filter(id=file.id).update(whole=True, sha256=sha256, unchecked_from=None)
    return file.delivery.alone and start(file.delivery)


def touched(delivery_id: UUID) -> None:
    """Somebody sends: it lives for another while."""
    Delivery.objects.filter(id=delivery_id, state=State.RECEIVING).update(touched_at=timezone.now())


def start(delivery: Delivery) -> bool:
    """All files have come; whether that is new."""
    if not delivery.files.exists():
        raise Conflict("No file of this delivery has come.", code="no_file")
    for file in delivery.files.filter(whole=False):
        if is_complete(file):
            arrived(file, "")
    if delivery.files.filter(whole=False).exists():
        raise Conflict("Not all files of this delivery have come whole.", code="unfinished_files")
    begun = Delivery.objects.filter(id=delivery.id, state=State.RECEIVING)
    return bool(begun.update(state=State.QUEUED, touched_at=timezone.now()))


def cancel(delivery: Delivery) -> bool:
    """Nothing more comes of it; images that it has become stay. Whether it went on until now."""
    running = Delivery.objects.filter(id=delivery.id, state__in=UNFINISHED)
    cancelled = bool(running.update(state=State.CANCELLED, ended_at=timezone.now()))
    if cancelled and delivery.state == State.RECEIVING:  # else a worker may be at it, and clears up itself
        forget_files(delivery.id)
    return cancelled


def drop(file: DeliveredFile) -> None:
    """One file is not sent after all; a delivery of its own ends with it."""
    if file.delivery.state != State.RECEIVING:
        raise Conflict("This delivery is being worked on; cancel it as a whole.", code="delivery_started")
    path_of(file).unlink(missing_ok=True)
    if file.delivery.alone:
        cancel(file.delivery)
    file.delete()


def forget_files(delivery_id: UUID) -> None:
    """What lies in its folder is not needed any more."""
    shutil.rmtree(delivery_folder(delivery_id), ignore_errors=True)


def unfinished() -> list[UUID]:
    """Deliveries that no worker has brought to an end, the oldest first."""
    return list(Delivery.objects.filter(state__in=WORKING).order_by("began_at").values_list("id", flat=True))


def sweep_deliveries() -> int:
    """Gives up what nobody has sent to for long, forgets old ones and folders of none; answers how many."""
    now, count = timezone.now(), 0
    oldest = now - timedelta(hours=settings.UPLOAD_EXPIRES_H)
    for delivery in Delivery.objects.filter(state=State.RECEIVING, touched_at__lt=oldest):
        count += cancel(delivery)
    Delivery.objects.exclude(state__in=UNFINISHED).filter(ended_at__lt=now - KEPT).delete()
    there = set(delivery_folders())
    needed = set(Delivery.objects.filter(id__in=there, state__in=UNFINISHED).values_list("id", flat=True))
    for delivery_id in there - needed:
        forget_files(delivery_id)
        count += 1
    return count + sweep_unpacked()


def _delivery(delivery_id: UUID | None, image_set: ImageSetRow, person: Person) -> Delivery:
    """The one that was named, begun with its first file; or one for this file alone."""
    made = {"team_id": image_set.team_id, "image_set_id": image_set.id, "sent_by": person.person_id}
    if delivery_id is None:
        return Delivery.objects.create(**made, alone=True)
    delivery, _ = Delivery.objects.get_or_create(id=delivery_id, defaults=made)
    if delivery.sent_by != person.person_id or delivery.image_set_id != image_set.id or delivery.alone:
        raise NotFound("There is no such delivery of yours into this set; choose another id.", what="delivery")
    if delivery.state != State.RECEIVING:
        raise Conflict("This delivery takes no more files; begin another one.", code="delivery_started")
    return delivery


def _file(delivery: Delivery, path: str, wanted: Announced) -> DeliveredFile:
    try:
        with transaction.atomic():
            return DeliveredFile.objects.create(
                delivery=delivery, path=path, size_bytes=wanted.size_bytes, modified_ms=wanted.modified_ms,
                metadata=wanted.metadata,
            )  # fmt: skip
    except IntegrityError:
        raise Conflict(
            f"{path} is in this delivery already; go on sending that, or delete it.", code="path_taken"
        ) from None


def _refuse_too_many(person: Person, size_bytes: int) -> None:
    """How much one person may have on the way."""
    mine = Delivery.objects.filter(sent_by=person.person_id, state__in=UNFINISHED)
    if mine.count() >= OPEN_MAX:
        raise Conflict(
            f"You have {OPEN_MAX} deliveries on the way: wait until some have ended, or cancel them.", code="too_many"
        )
    waiting = DeliveredFile.objects.filter(delivery__in=mine).aggregate(size=Sum("size_bytes"))["size"] or 0
    if waiting + size_bytes > settings.UPLOADS_MAX_BYTES:
        raise TooLarge(
            f"You have {in_words(waiting)} on the way, and {in_words(settings.UPLOADS_MAX_BYTES)} are the most for one "
            "person at once: wait until some of it has become images, or cancel it.",
            code="too_much",
        )
