"""manage.py import_annotations FILE --image-set N --by NAME: a file of annotations into a set, in this process."""

import sys
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand
from typing_extensions import override

from exact.accounts.authentication import person_of
from exact.accounts.models import User
from exact.accounts.policy import Person
from exact.datasets.work import enqueue
from exact.domain.errors import Invalid, NotFound
from exact.domain.imports import Origin
from exact.exchange.folders import ImportFolder
from exact.exchange.imports import perform
from exact.exchange.models import UNFINISHED, ImportRun, OnBadRows, State
from exact.exchange.progress import progress_of
from exact.exchange.reading.recognise import READERS
from exact.exchange.receiving import Asked, receive
from exact.projections.image_sets import ImageSetRow
from exact.projections.images import ImageRow

BLOCK_BYTES = 2**20
LISTED_MAX = 20
BAR = 30
PAUSE_S = 0.5


class Command(BaseCommand):
    """Exit code 1 with a table of bad rows when the file is refused."""

    help = "Import annotations from JSON lines or QuPath GeoJSON (docs/importing.md)."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--image-set", type=int, metavar="N", help="number of the set; not needed with --image")
        parser.add_argument("--image", type=int, metavar="M", help="number of the image that every row is for")
        parser.add_argument("--annotation-type", metavar="NAME", help="for rows that name none")
        parser.add_argument("--by", required=True, metavar="USERNAME", help="whose annotations they will be")
        parser.add_argument("--format", choices=list(READERS), help="recognised by content without it")
        parser.add_argument("--set-aside", action="store_true", help="import the good rows when there are bad ones")
        parser.add_argument("--source", default="", help="what made them, in words")
        parser.add_argument("--model", default="")
        parser.add_argument("--model-digest", default="")
        parser.add_argument("--parameters", default="", metavar="JSON")
        parser.add_argument("--no-wait", action="store_true", help="leave it to the worker and print its id")

    @override
    def handle(self, *_: Any, **options: Any) -> None:  # Any: Django's contract
        run = receive(asked(options), blocks(options["file"]), person(options["by"]))
        if options["no_wait"]:
            enqueue("run_import", str(run.id))
            self.stdout.write(str(run.id))
            return
        while not perform(run.id, self._watch if self.stdout.isatty() else lambda _: None):
            time.sleep(PAUSE_S)  # a worker that has just started took it
        run.refresh_from_db()
        self._report(run)
        if run.state != State.COMPLETE:
            sys.exit(1)

    def _watch(self, run: ImportRun) -> None:
        """One line that is written over."""
        share = progress_of(run)
        bar = "█" * int(share * BAR)
        done = run.rows_done if run.state == State.IMPORTING else run.rows_seen
        end = "" if run.state in UNFINISHED else "\n"
        self.stdout.write(f"\r{bar:<{BAR}} {share:4.0%} {run.state:<9} {done:>9,} rows", ending=end)
        self.stdout.flush()

    def _report(self, run: ImportRun) -> None:
        """What came of it, and the first bad rows."""
        if run.state == State.COMPLETE:
            self.stdout.write(f"{run.rows_done:,} annotations imported as {run.id}.")
        else:
            self.stderr.write(run.problem or f"The import was {run.state}.")
        for line in problems(run):
            self.stderr.write(line)


def asked(options: dict[str, Any]) -> Asked:
    """What the words ask for."""
    image_set_id, image = place(options["image_set"], options["image"])
    return Asked(
        image_set_id=image_set_id,
        image=image,
        annotation_type=options["annotation_type"],
        format=options["format"],
        filename=options["file"].name,
        on_bad_rows=OnBadRows.SET_ASIDE if options["set_aside"] else OnBadRows.REFUSE,
        origin=Origin(
            source=options["source"],
            model=options["model"],
            model_digest=options["model_digest"],
            parameters=parameters(options["parameters"]),
        ),
    )


def place(image_set: int | None, image: int | None) -> tuple[Any, int | None]:
    """The set's id, and the image that every row is for."""
    if image is not None:
        row = ImageRow.objects.filter(number=image, withdrawn=False).first()
        if row is None:
            raise NotFound(f"There is no image {image}.")
        return row.image_set_id, image
    if image_set is None:
        raise Invalid("Say with --image-set or --image what the file is for.")
    found = ImageSetRow.objects.filter(number=image_set, withdrawn=False).first()
    if found is None:
        raise NotFound(f"There is no image set {image_set}.")
    return found.id, None


def person(username: str) -> Person:
    """The person with that name."""
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise NotFound(f"There is nobody called “{username}”.")
    return person_of(user)


def parameters(text: str) -> dict[str, Any] | None:  # Any: JSON
    """The model's parameters."""
    try:
        return msgspec.json.decode(text, type=dict[str, Any]) if text else None
    except msgspec.DecodeError as error:
        raise Invalid(f"--parameters is a JSON object: {error}.") from None


def blocks(path: Path) -> Iterator[bytes]:
    """The file, a block at a time."""
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                yield block
    except (FileNotFoundError, IsADirectoryError):
        raise NotFound(f"There is no file {path}.") from None


def problems(run: ImportRun) -> Iterator[str]:
    """A table of the first bad rows, what there is of each kind, and where all of them are."""
    path = ImportFolder(run.id).rejected
    if not run.rows_bad or not path.exists():
        return
    with path.open("rb") as file:
        for line in islice(file, LISTED_MAX):
            bad = msgspec.json.decode(line)
            yield f"{bad['line']:>9}  {bad['code']:<24} {bad['detail']}"
    if run.rows_bad > LISTED_MAX:
        kinds = Counter(run.problem_counts).most_common()
        yield "in all: " + ", ".join(f"{count:,} {code}" for code, count in kinds)
    yield f"All bad rows with their reasons: {path}"
