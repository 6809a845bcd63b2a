"""An import from the received file to annotations that everybody sees; killed anywhere, it goes on where it was.

Each state of the run is one step, and each step may be done again: examining writes files that are renamed when they
are whole, and the log grants each batch of chunks once. One worker at a time works on an import.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection
from django.utils import timezone

from exact.accounts.authentication import person_of
from exact.accounts.models import User
from exact.accounts.permissions import Permission
from exact.accounts.policy import Person, require
from exact.commands.bus import dispatch
from exact.commands.imports import (
    CHUNKS_MAX,
    CancelImport,
    finish_import,
    record_chunks,
    start_import,
)
from exact.domain.errors import Busy, Conflict, Forbidden, NotFound, Refusal
from exact.domain.identifiers import annotation_stream
from exact.domain.imports import Origin, Progress
from exact.eventstore.alone import alone
from exact.eventstore.bulk import known_among
from exact.exchange.chunks import Chunk, in_batches, read_chunks, skip_chunks
from exact.exchange.examining import examine, said_of
from exact.exchange.folders import ImportFolder
from exact.exchange.models import UNFINISHED, ImportRun, OnBadRows, State
from exact.exchange.progress import Stopped, Teller, Watch, tell
from exact.projections.imports import ImportRow

logger = logging.getLogger("exact.imports")

ATTEMPTS_MAX = 5
TAKEN = "The image has an annotation of this identifier already; it came while the file was being imported."
CAME = "their images got annotations of the same identifiers while the file was being imported."


class Refused(Refusal):
    """Bad rows, and the sender wanted all or nothing."""

    code = "bad_rows"


def unfinished() -> list[UUID]:
    """Imports that no worker has brought to an end, the oldest first."""
    waiting = ImportRun.objects.filter(state__in=UNFINISHED).order_by("requested_at")
    return list(waiting.values_list("id", flat=True))


def perform(import_id: UUID, watch: Watch = lambda _: None) -> bool:
    """Go on with an import until it has ended; False where another process is at it, or died a moment ago.

    Raises Busy and the database's errors, after which it may be called again.
    """
    with alone(f"import {import_id}") as mine:
        run = ImportRun.objects.filter(id=import_id, state__in=UNFINISHED).first()
        if mine and run:
            Importing(run, watch).go_on()
        return mine or run is None


class Importing:
    """The run of one import, by the process that holds its lock."""

    def __init__(self, run: ImportRun, watch: Watch) -> None:
        self.run, self.teller, self.folder = run, Teller(run, watch), ImportFolder(run.id)
        self.steps: dict[str, Callable[[], None]] = {
            State.QUEUED: self.begin,
            State.CHECKING: self.check,
            State.IMPORTING: self.bring,
            State.SHOWING: self.show,
        }

    def go_on(self) -> None:
        """Step after step to an end."""
        try:
            while step := self.steps.get(self.run.state):
                step()
        except Stopped:
            self.give_up()
        except Busy:
            raise
        except Refusal as refusal:
            self.fail(State.REFUSED if isinstance(refusal, Refused) else State.FAILED, refusal.sentence)
        except OSError as error:
            self.fail(State.FAILED, f"A file of the import cannot be read or written: {error.strerror}.")
        except Exception:
            self._count_attempt()
            raise
        self.tidy()

    def begin(self) -> None:
        """The person is looked for before any work is done."""
        self.person()
        self.teller.move(State.CHECKING)

    def check(self) -> None:
        """Read and check every row; the log knows nothing of it yet."""
        examined = examine(self.run, self.teller)
        self.teller.write(**msgspec.structs.asdict(examined))
        if examined.rows_bad and self.run.on_bad_rows == OnBadRows.REFUSE:
            raise Refused(f"{examined.rows_bad} of {examined.rows_seen} rows are bad; nothing was imported.")
        if not examined.rows_good:
            raise Refused("No row of the file can be imported.")
        self.teller.move(State.IMPORTING)

    def bring(self) -> None:
        """Write the chunks, a few in a transaction; hidden from everybody."""
        run = self.run
        origin = msgspec.convert(run.origin, Origin)
        with self._watching():
            start_import(run.id, run.image_set_id, origin, rows=run.rows_good, set_aside=run.rows_bad,
                         filename=run.filename, sha256=run.sha256, by=self.person())  # fmt: skip
            with self.folder.accepted.open("rb") as file:
                skip_chunks(file, run.batches_done * CHUNKS_MAX)
                for number, chunks in enumerate(in_batches(read_chunks(file), CHUNKS_MAX), run.batches_done + 1):
                    self._bring_batch(number, chunks)
        self.teller.move(State.SHOWING)

    def show(self) -> None:
        """Everybody sees all of it at once."""
        with self._watching():
            finish_import(self.run.id, by=self.person())
        self.teller.move(State.COMPLETE, share=1.0)

    def _bring_batch(self, number: int, chunks: list[Chunk]) -> None:
        run, count = self.run, sum(len(items) for _, items in chunks)
        try:
            record_chunks(run.id, number, chunks, by=self.person())
        except Conflict as conflict:
            if conflict.code != "already_there":
                raise
            chunks = self._without_taken(chunks)
            if chunks:
                record_chunks(run.id, number, chunks, by=self.person())
        done = run.rows_done + count
        self.teller.write(batches_done=number, rows_done=done, share=done / max(run.rows_good, 1))

    def _without_taken(self, chunks: list[Chunk]) -> list[Chunk]:
        """Leave out what somebody drew or imported since the file was checked; the sender may have forbidden that."""
        owns = [(image, item.line, item.unique_identifier) for image, items in chunks for item in items]
        streams = {annotation_stream(image, own): line for image, line, own in owns if own}
        lines = {streams[stream] for stream in known_among(streams)}
        with self.folder.rejected.open("ab") as file:
            for line in sorted(lines):
                file.write(msgspec.json.encode(said_of(line, "already_there", TAKEN)) + b"\n")
        counts = Counter(self.run.problem_counts) + Counter(already_there=len(lines))
        self.teller.write(rows_bad=self.run.rows_bad + len(lines), rows_good=self.run.rows_good - len(lines),
                          problem_counts=dict(counts))  # fmt: skip
        if self.run.on_bad_rows == OnBadRows.REFUSE:
            raise Refused(f"{len(lines)} of {self.run.rows_seen} rows: {CAME} Nothing was imported.")
        kept = [(image, [item for item in items if item.line not in lines]) for image, items in chunks]
        return [(image, items) for image, items in kept if items]

    @contextmanager
    def _watching(self) -> Iterator[None]:
        """An import that somebody has cancelled is not failed but stopped."""
        try:
            yield
        except Conflict as conflict:
            if conflict.code != f"import_{Progress.CANCELLED}":
                raise
            raise Stopped from conflict

    def give_up(self) -> None:
        """Somebody cancelled it; what the log says counts."""
        self.run.refresh_from_db()
        row = ImportRow.objects.filter(id=self.run.id).first()
        if row and row.progress == Progress.RUNNING:
            dispatch(CancelImport(import_id=self.run.id), by=person_named(self.run.cancelled_by))
        shown = row is not None and row.progress in {Progress.COMPLETE, Progress.UNDONE}
        state = State.COMPLETE if shown else State.CANCELLED
        ImportRun.objects.filter(id=self.run.id).update(state=state, ended_at=timezone.now())
        self.run.refresh_from_db()
        tell(self.run)

    def fail(self, state: State, sentence: str) -> None:
        """It ends here; what it has brought is never shown."""
        if ImportRow.objects.filter(id=self.run.id, progress=Progress.RUNNING).exists():
            try:
                dispatch(CancelImport(import_id=self.run.id, reason=sentence), by=self.person())
            except (Forbidden, NotFound):  # the right has ended: an administrator of the team may cancel it
                logger.warning(
                    "import %s stays begun: %s may not cancel it any more", self.run.id, self.run.requested_by
                )
        try:
            self.teller.move(state, problem=sentence)
        except Stopped:
            self.give_up()

    def tidy(self) -> None:
        """The files go with the end."""
        self.run.refresh_from_db()
        if self.run.state not in UNFINISHED:
            self.folder.forget_rows()

    def person(self) -> Person:
        """Who asked, with the rights of now."""
        return person_named(self.run.requested_by)

    def _count_attempt(self) -> None:
        """What fails again and again, not by a passing fault, ends."""
        if not connection.is_usable():
            return
        attempts = self.run.attempts + 1
        ImportRun.objects.filter(id=self.run.id).update(attempts=attempts)
        if attempts >= ATTEMPTS_MAX:
            self.fail(State.FAILED, "The server failed at this file; its log says why. Ask the administrator.")


def person_named(person_id: UUID | None) -> Person:
    """The person, when the account is active still."""
    user = User.objects.filter(person_id=person_id, is_active=True).first() if person_id else None
    if user is None:
        raise Forbidden("The account of whoever asked for this is not active any more.")
    return person_of(user)


def cancel(run: ImportRun, by: Person, cancelled: Callable[[CancelImport], Any]) -> None:
    """Stop a run; `cancelled` dispatches the command for whoever asks, once the import has begun in the log.

    Raises Conflict when it has ended; somebody else's needs the right to undo others' work.
    """
    require(by, Permission.ANNOTATE if run.requested_by == by.person_id else Permission.MANAGE_SETS, run.team_id)
    if run.state not in UNFINISHED and not ImportRow.objects.filter(id=run.id, progress=Progress.RUNNING).exists():
        raise Conflict(f"This import is {run.state} already.", code=f"import_{run.state}")
    if ImportRow.objects.filter(id=run.id).exists():
        cancelled(CancelImport(import_id=run.id))
    fields = {"state": State.CANCELLED, "cancelled_by": by.person_id, "ended_at": timezone.now()}
    ImportRun.objects.filter(id=run.id, state__in=UNFINISHED).update(**fields)
    ImportFolder(run.id).forget_rows()
    run.refresh_from_db()
    tell(run)
