"""Signed heads outside the database: the newest one remembered beside the key, and files full of published ones."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from exact.eventstore import proofs, seals
from exact.eventstore.checkpoints import Checkpoint, trusted
from exact.eventstore.notes import BadNote, PublicKey
from exact.eventstore.seal_keys import public_keys, secret_file
from exact.eventstore.seals import DamagedSeals, Seal

CUT_OFF = "\n(cut off)\n\n"
"""Written behind a head of which a part is missing, since the disk was full or the power went."""


def remembered_file() -> Path:
    """The newest head that was signed here. Not to be backed up: it would be newer than a restored log."""
    return secret_file().with_suffix(".newest")


def remember(seal: Seal) -> None:
    """So that a log which was set back is noticed."""
    fresh = remembered_file().with_suffix(".new")
    fresh.write_text(seal.checkpoint)
    fresh.replace(remembered_file())


def remembered() -> list[str]:
    """The remembered head; none before the first."""
    file = remembered_file()
    return [file.read_text()] if file.exists() else []


def refuse_set_back() -> None:
    """Never sign what contradicts a head that was signed before: the log may have been set back to an older copy."""
    for problem in contradictions(remembered(), public_keys()):
        raise DamagedSeals(f"{problem} If it was set back on purpose, remove {remembered_file()}.")


def notes_in(lines: Iterable[str]) -> Iterator[str]:
    """The notes of a file, one after the other with a blank line between; one whose writing was cut off is left out."""
    text: list[str] = []
    signatures: list[str] = []
    blank = False
    for line in lines:
        if line == "(cut off)\n":
            text, signatures, blank = [], [], False
        elif line == "\n":
            if signatures:
                yield "".join([*text, "\n", *signatures])
                text, signatures = [], []
            blank = bool(text)
        elif blank and line.startswith("\N{EM DASH}") and line.endswith("\n"):
            signatures.append(line)
        elif signatures or blank:
            text, signatures, blank = [line], [], False
        else:
            text.append(line)
    if signatures:
        yield "".join([*text, "\n", *signatures])


def contradictions(notes: Iterable[str], keys: list[PublicKey]) -> Iterator[str]:
    """A sentence for each published head that the log's tree does not agree with."""
    newest = seals.newest()
    for note in notes:
        try:
            said = trusted(note, keys)
        except BadNote as error:
            yield f"A published head cannot be trusted: {error.sentence}"
        else:
            yield from _contradiction(said, newest)


def _contradiction(said: Checkpoint, newest: Seal | None) -> Iterator[str]:
    size = newest.tree_size if newest else 0
    if said.tree_size > size:
        yield (
            f"The published head over {said.tree_size} facts is newer than the log, in which {size} are sealed: "
            "the log was set back."
        )
    elif not _agrees(said):
        yield (
            f"The published head over {said.tree_size} facts has another root than the log: "
            "what was published has been rewritten."
        )


def _agrees(said: Checkpoint) -> bool:
    kept = seals.of_size(said.tree_size)
    try:
        return (kept.root if kept else proofs.root(said.tree_size)) == said.root
    except LookupError:  # tiles are missing; which ones is said elsewhere
        return False
