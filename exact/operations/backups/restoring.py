"""`manage.py restore FOLDER`: a backup onto an empty machine; what can be made of the facts is made of them again."""

from pathlib import Path

import msgspec
from django.conf import settings
from django.db import connection

from exact.domain.errors import Refusal
from exact.eventstore.heads import derive_heads
from exact.eventstore.seals import newest
from exact.eventstore.verification import problems
from exact.operations import read_models
from exact.operations.backups import schema_states
from exact.operations.backups.checking import originals_of, refuse_damage
from exact.operations.backups.files import disk_told
from exact.operations.backups.keys import place_keys
from exact.operations.backups.loading import load, refuse_occupied, refuse_unknown, set_sequences
from exact.operations.backups.manifest import ORIGINALS, Manifest, read
from exact.operations.backups.marks import mark, set_mark
from exact.operations.backups.progress import Progress
from exact.operations.backups.report import counted, told
from exact.operations.errors import CannotRun
from exact.operations.folders import make_folders
from exact.operations.servers import database_alone
from exact.storage.copies import copy_original
from exact.storage.references import Reference, refer

OTHERWISE = "choose another folder with --var"


class Noted(msgspec.Struct, frozen=True):
    """A line of the list of references."""

    sha256: str
    reference: Reference


SKIP = 10_000
"""Public numbers and positions that a restore leaves out."""


def restore(folder: Path, name: str | None, progress: Progress, skip: int = SKIP) -> None:
    """Nothing is written before every file has been read and found whole, and every obstacle was looked for."""
    manifest = read(folder, name)
    progress.say(f"Reading every file of {manifest.name}")
    schema_states.refuse_other(manifest.database.migrations, manifest.exact_version)
    refuse_unknown(manifest.database)
    refuse_damage(folder, manifest, progress)
    with disk_told(settings.VAR, OTHERWISE):
        make_folders()
        with database_alone(progress.say):
            bring_in(folder, manifest, progress)
            build(manifest, progress, skip)
            found = seal_problems(progress)
    progress.say(f"Restored {told(manifest)}")
    if found:
        raise Unsealed("\n".join(["The log is not as it was sealed; it was so in the backup already:", *found]))
    if settings.EMBEDDED_POSTGRES:
        progress.say(f"Start it with: manage.py up --var {settings.VAR}")


class Unsealed(Refusal):
    """Everything is restored, but facts were changed before the backup was made."""

    code = "unsealed"


def bring_in(folder: Path, manifest: Manifest, progress: Progress) -> None:
    """Originals and keys, then all rows at once: interrupted before that, the database is still empty."""
    if (unfinished := mark()) == manifest.name:
        progress.say("Going on where an interrupted restore has left off")
        return
    if unfinished:
        raise CannotRun(
            f"A restore of {unfinished} was interrupted here: go on with --backup {unfinished}, or choose a new folder."
        )
    refuse_occupied()
    schema_states.bring_to(manifest.database.migrations)
    progress.say(f"Copying {manifest.originals.count:,} originals")
    for count, sha256 in enumerate(originals_of(folder, manifest), 1):
        progress.show("originals", count, manifest.originals.count)
        copy_original(sha256, source=folder / ORIGINALS, target=settings.ORIGINALS, by_way_of=settings.UPLOADS)
    place_references(folder, manifest)
    progress.say(place_keys(folder, manifest.keys))
    progress.say("Loading the log and the accounts")
    load(manifest.database, folder, manifest.name, progress)


def place_references(folder: Path, manifest: Manifest) -> None:
    """The notes come back; whether the files are where they were shows when somebody opens one."""
    if manifest.references is None:
        return
    with (folder / manifest.references.path).open("rb") as lines:
        for line in lines:
            noted = msgspec.json.decode(line, type=Noted)
            refer(noted.sha256, noted.reference)


def build(manifest: Manifest, progress: Progress, skip: int) -> None:
    """Heads, sequences and views from the facts; every step may be taken twice. The mark goes when all is done."""
    schema_states.bring_up_to_date()
    progress.say(f"heads: {derive_heads():,} streams")
    set_sequences(manifest.database.sequences, skip)
    with connection.cursor() as cursor:
        cursor.execute("analyze")
    for read_model in read_models.ALL.values():
        progress.say(read_models.rebuild(read_model))
    set_mark("")


def seal_problems(progress: Progress) -> list[str]:
    """Reads every sealed fact; a sentence for each that was changed since."""
    seal = newest()
    if seal is None:
        return []
    found = list(problems(progress=lambda done, whole: progress.show("sealed facts verified", done, whole)))
    if not found:
        progress.say(f"Seals verified up to position {seal.to_position:,}: {counted(seal.tree_size, 'fact')}")
    return found
