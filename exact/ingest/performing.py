"""A delivery from its files to images; killed anywhere and begun again, each image is registered once.

The work always begins from the files: unpacking and grouping the same files gives the same images, the table says which
of them have ended, and the log says which were registered before the table could.
"""

import logging
import shutil
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from uuid import UUID

from django.db import transaction

from exact.accounts.authentication import person_of
from exact.accounts.models import User
from exact.accounts.permissions import Permission
from exact.accounts.policy import Person, require
from exact.commands.bus import Answer, dispatch, told
from exact.domain.errors import Busy, Conflict, Forbidden, NotFound, Refusal
from exact.domain.identifiers import derived_id
from exact.eventstore import log
from exact.eventstore.alone import alone
from exact.eventstore.errors import UNAVAILABLE
from exact.ingest.arrivals import Arrived, Cut, Group
from exact.ingest.cutting import cut_files
from exact.ingest.deliveries import forget_files, path_of
from exact.ingest.folders import delivery_folder
from exact.ingest.models import ENDED, WORKING, DeliveredImage, Delivery, Outcome, State
from exact.ingest.parts import sha256_of
from exact.ingest.preparing import prepare
from exact.ingest.progress import Stopped, Teller, Watch
from exact.ingest.registering import refuse_twin, register, sha256_of_group, together
from exact.storage.places import place_of
from exact.tiles.errors import TileError
from exact.tiles.slide_cache import Original
from exact.tiles.thumbnails import thumbnail

logger = logging.getLogger("exact.ingest")

ATTEMPTS_MAX = 5


def perform(delivery_id: UUID, watch: Watch = lambda _: None) -> bool:
    """Go on with a delivery until it has ended; False where another process is at it, or died a moment ago.

    Raises Busy and the database's errors, after which it may be called again.
    """
    with alone(f"delivery {delivery_id}") as mine:
        delivery = Delivery.objects.filter(id=delivery_id, state__in=WORKING).first()
        if mine and delivery:
            Ingesting(delivery, watch).go_on()
        return mine or delivery is None


class Ingesting:
    """The work on one delivery, by the process that holds its lock."""

    def __init__(self, delivery: Delivery, watch: Watch) -> None:
        self.delivery, self.teller = delivery, Teller(delivery, watch)
        self.unpacked = delivery_folder(delivery.id) / "unpacked"

    def go_on(self) -> None:
        """To an end; whatever goes wrong with one image is told of it, and the next one is taken."""
        try:
            if not self.all_ended():
                self.work()
            forget_files(self.delivery.id)
            self.teller.move(State.COMPLETE, share=1.0)
        except Stopped:
            logger.info("delivery %s was cancelled", self.delivery.id)
        except Busy:
            raise
        except Refusal as refusal:
            self.teller.move(State.FAILED, problem=refusal.sentence)
        except OSError as error:
            self.teller.move(State.FAILED, problem=f"A file of the delivery cannot be read or written: {error}.")
        except UNAVAILABLE:
            raise
        except Exception:
            self._count_attempt()
            raise
        forget_files(self.delivery.id)

    def all_ended(self) -> bool:
        """Everything was done, but for saying so: the files may be gone."""
        left = self.delivery.images.exclude(outcome__in=ENDED)
        return self.delivery.state == State.REGISTERING and not left.exists()

    def work(self) -> None:
        """From the beginning."""
        self.person()
        self.teller.move(State.READING)
        cut = self.read()
        rows = self.note(cut)
        self.teller.move(State.REGISTERING)
        self.take_all(cut.groups, rows)

    def person(self) -> Person:
        """Who sent it, while they may upload into the team."""
        user = User.objects.filter(person_id=self.delivery.sent_by, is_active=True).first()
        if user is None:
            raise Forbidden("The account that sent these files is not active any more.")
        person = person_of(user)
        require(person, Permission.UPLOAD, self.delivery.team_id)
        return person

    def read(self) -> Cut:
        """Hash what is not hashed, unpack, group."""
        shutil.rmtree(self.unpacked, ignore_errors=True)
        files = [
            Arrived(file.path, path_of(file), file.sha256 or sha256_of(path_of(file)), file.size_bytes)
            for file in self.delivery.files.all()
        ]
        total = max(1, sum(file.size_bytes for file in files))
        return cut_files(files, self.unpacked, lambda done: self.teller.maybe(min(1.0, done / total)))

    def note(self, cut: Cut) -> list[DeliveredImage]:
        """A row for each image, found again when this is done again."""
        with transaction.atomic():
            Delivery.objects.filter(id=self.delivery.id).update(aside=[asdict(aside) for aside in cut.aside])
            return [
                DeliveredImage.objects.get_or_create(
                    delivery=self.delivery, name=group.name, sha256=sha256_of_group(group),
                    defaults={"files": len(group.files), "size_bytes": group.size_bytes},
                )[0]
                for group in cut.groups
            ]  # fmt: skip

    def take_all(self, groups: list[Group], rows: list[DeliveredImage]) -> None:
        """One image after the other."""
        total, done = max(1, sum(group.size_bytes for group in groups)), 0
        for group, row in zip(groups, rows, strict=True):
            if row.outcome not in ENDED:
                begin, length = done / total, group.size_bytes / total
                self.take(group, row, lambda share, begin=begin, length=length: begin + share * length)  # type: ignore[misc]
            done += group.size_bytes
            self.teller.maybe(done / total)

    def take(self, group: Group, row: DeliveredImage, whole: Callable[[float], float]) -> None:
        """It becomes an image, is one already, or is refused; `whole` makes of a share of it one of everything."""
        self.teller.image(row, outcome=Outcome.READING.value)
        try:
            answer = self.registered(group, lambda share: self.teller.maybe(whole(share)))
        except Busy:
            raise
        except (Refusal, TileError) as error:
            self.teller.image(row, **refused(error))
            return
        self.teller.image(row, outcome=Outcome.REGISTERED.value, share=1.0, image=answer.number)
        make_thumbnail(row.sha256)

    def registered(self, group: Group, watch: Callable[[float], None]) -> Answer:
        """The command is granted once, whoever asks again; what it was granted for is not read again."""
        person = self.person()
        with together(group) as image:
            key = f"delivery {self.delivery.id} {image.sha256}"
            command_id = derived_id(person.person_id, key)
            if done := log.done(command_id):
                return told(command_id, done)
            refuse_twin(image.sha256, self.delivery.image_set_id)
            prepare(image.path, image.sha256, image.size_bytes, watch)
            granting = partial(dispatch, by=person, key=key, correlation_id=self.delivery.id)
            return register(image, self.delivery.image_set_id, granting)

    def _count_attempt(self) -> None:
        """A mistake of ours is tried again a few times, and not for ever."""
        attempts = self.delivery.attempts + 1
        Delivery.objects.filter(id=self.delivery.id).update(attempts=attempts)
        if attempts >= ATTEMPTS_MAX:
            self.teller.move(State.FAILED, problem="The server failed at these files; tell your administrator.")


def refused(error: Refusal | TileError) -> dict[str, object]:
    """What is written of an image that was not registered."""
    twin = isinstance(error, Conflict) and error.code == "duplicate"
    outcome = Outcome.DUPLICATE if twin else Outcome.REFUSED
    number = error.details.get("image") if isinstance(error, Refusal) else None
    return {"outcome": outcome.value, "share": 1.0, "code": error.code, "sentence": error.sentence, "image": number}


def make_thumbnail(sha256: str) -> None:
    """So that the first who looks at the set does not wait; it is made anew when somebody asks for it."""
    try:
        thumbnail(Original(sha256, place_of(sha256)))
    except (TileError, NotFound) as error:
        logger.warning("no thumbnail of %s: %s", sha256, error.sentence)
