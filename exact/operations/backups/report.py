"""What a backup holds, in sentences."""

from collections.abc import Iterable, Iterator

from exact.operations.backups.manifest import Manifest
from exact.operations.backups.tables import EVENTS
from exact.storage.uploads import in_words

MOST_NAMED = 10


def counted(count: int, noun: str, plural: str = "") -> str:
    """1 fact, 2 facts."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def told(manifest: Manifest) -> str:
    """One line."""
    database, originals = manifest.database, manifest.originals
    return (
        f"{manifest.name}: {counted(database.rows_of(EVENTS), 'fact')} up to position {database.position:,}, "
        f"{counted(database.images, 'image')} with {counted(originals.count, 'original')} "
        f"({in_words(originals.size_bytes)}), {counted(database.people, 'person', 'people')}; "
        f"EXACT {manifest.exact_version}"
    )


def warnings(manifest: Manifest) -> Iterator[str]:
    """What was lost on the server before the backup was made."""
    missing, damaged = manifest.originals.missing, manifest.originals.damaged
    if missing:
        yield f"Images whose file is missing on the server: {listed(map(str, missing))}."
    if manifest.referred:
        yield (
            f"{counted(manifest.referred, 'file')} of images imported by reference stay where they are and are not "
            "in the backup, which holds only the notes that say where: back up those places, too."
        )
    if damaged:
        yield f"Originals that are damaged on the server, and are not in the backup: {listed(damaged)}."


def listed(names: Iterable[str]) -> str:
    """The first of them."""
    found = list(names)
    return ", ".join(found[:MOST_NAMED]) + (f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else "")
