"""Watched folders: what has stopped growing there comes into its set."""

import logging
import time
from dataclasses import asdict, dataclass, field

from django.conf import settings
from django.utils import timezone

from exact.accounts.authentication import person_of
from exact.accounts.models import User
from exact.domain.errors import Busy, Invalid, Refusal
from exact.eventstore.alone import alone
from exact.ingest.archives import is_zip
from exact.ingest.arrivals import Arrived, Aside, Group
from exact.ingest.importing import Importing, Report
from exact.ingest.models import Delivery, State
from exact.ingest.progress import tell
from exact.ingest.sources import walked
from exact.projections.image_sets import ImageSetRow

logger = logging.getLogger("exact.watching")

SETTLED_S = 10.0
"""A file that was written to so lately may grow still."""

CODE = "watched_folder"
"""By which a delivery is known that tells what was refused in a watched folder."""

Mark = tuple[str, int, str]
"""A file as it was seen: path, size, time of the last change."""


@dataclass
class Watched:
    """What this process knows of a folder; a new process looks at everything once more, and finds it there."""

    before: set[Mark] = field(default_factory=set)
    done: set[Mark] = field(default_factory=set)


WATCHED: dict[str, Watched] = {}


def look() -> None:
    """Once into every watched folder; what is wrong with one is told, and the next is looked at."""
    for place in settings.WATCHED_FOLDERS:
        number, _, folder = place.partition("=")
        try:
            look_at(folder, int(number) if number.isdecimal() else 0)
        except Busy as refusal:
            logger.warning("%s waits: %s", folder, refusal.sentence)
        except (Refusal, OSError) as error:
            logger.warning("the watched folder %s cannot be read: %s", folder, error)


def look_at(folder: str, number: int) -> Report | None:
    """Takes the images of which every file has settled; None where there is nothing new."""
    user = User.objects.filter(username=settings.WATCHED_BY, is_active=True).first()
    image_set = ImageSetRow.objects.filter(number=number, withdrawn=False).first()
    if user is None or image_set is None:
        raise Invalid(f"EXACT_WATCHED_BY names no active user, or there is no image set {number}.", code="watched")
    state = WATCHED.setdefault(folder, Watched())
    files = {mark_of(file): file for file in walked([folder])}
    settled = {mark for mark in files if mark in state.before and is_old(mark)}
    state.before, fresh = set(files), settled - state.done
    if not fresh:
        return None
    with alone(f"watched folders of image set {image_set.id}") as mine:
        if not mine:
            return None
        importing = Importing(image_set, person_of(user), reference=not settings.WATCHED_COPY, withdrawn_too=True)
        given = [file for mark, file in files.items() if mark in fresh or not is_zip(file.file)]
        waiting: set[Mark] = set()
        report = importing.take_all(given, lambda group: is_ready(group, settled, fresh, waiting))
        tell_refused(importing, report.refused)
    state.done |= fresh - waiting
    for name, sentence in report.refused:
        logger.warning("%s in %s: %s", name, folder, sentence)
    return report


def tell_refused(importing: Importing, refused: list[tuple[str, str]]) -> None:
    """In the list of the set's deliveries, as one that has ended; a new process does not tell the same again."""
    into = Delivery.objects.filter(image_set_id=importing.image_set.id, aside__contains=[{"code": CODE}])
    told = {(one["path"], one["sentence"]) for aside in into.values_list("aside", flat=True) for one in aside}
    fresh = [Aside(name, CODE, sentence) for name, sentence in refused if (name, sentence) not in told]
    if fresh:
        tell(
            Delivery.objects.create(
                team_id=importing.image_set.team_id,
                image_set_id=importing.image_set.id,
                sent_by=importing.person.person_id,
                state=State.COMPLETE,
                share=1.0,
                aside=[asdict(aside) for aside in fresh],
                ended_at=timezone.now(),
            )
        )


def is_ready(group: Group, settled: set[Mark], fresh: set[Mark], waiting: set[Mark]) -> bool:
    """Whether all of an image has settled, and some of it is new; else it is looked at again."""
    marks = {mark_of(file) for file in group.files.values() if file.source}
    if not marks:  # it came out of an archive, which has settled
        return True
    if not marks <= settled:
        waiting |= marks
        return False
    return bool(marks & fresh)


def mark_of(file: Arrived) -> Mark:
    """The file as it is now."""
    assert file.source is not None, "files of folders say where they lie"
    return file.path, file.size_bytes, file.source.stamp


def is_old(mark: Mark) -> bool:
    """Nobody has written to it lately."""
    return time.time() - int(mark[2]) / 1e9 > SETTLED_S
