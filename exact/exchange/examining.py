"""The first half of an import: every row read and checked, good ones written as chunks, others with the reason why.

Nothing of it reaches the log. The same file is examined again from the beginning after a crash; what counts is the
file `checked`, which is renamed into place when the others are whole.
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from exact.domain.errors import TooLarge
from exact.domain.imports import ROWS_MAX
from exact.exchange.checking.rows import Checker, Defaults, Good, batches
from exact.exchange.chunks import ChunkWriter
from exact.exchange.folders import ImportFolder
from exact.exchange.models import ImportRun
from exact.exchange.progress import Teller
from exact.exchange.reading.recognise import rows
from exact.exchange.reading.rows import Bad
from exact.exchange.reading.unpacked import opened
from exact.exchange.receiving import unpacked_max
from exact.storage.disk import disk_full_refused


class Examined(msgspec.Struct, kw_only=True):
    """What came of it."""

    rows_seen: int = 0
    rows_good: int = 0
    rows_bad: int = 0
    problem_counts: dict[str, int] = {}


def examine(run: ImportRun, teller: Teller) -> Examined:
    """Read and check the file; what an earlier attempt finished is not done again.

    Raises Broken and TooLarge where the file cannot be read to its end.
    """
    folder = ImportFolder(run.id)
    if folder.checked.exists():
        return msgspec.json.decode(folder.checked.read_bytes(), type=Examined)
    with disk_full_refused(), written(folder.accepted) as accepted, written(folder.rejected) as rejected:
        examined = _examine(run, teller, folder.received, accepted, rejected)
    with disk_full_refused(), written(folder.checked) as file:
        file.write(msgspec.json.encode(examined))
    return examined


def _examine(run: ImportRun, teller: Teller, path: Path, accepted: BinaryIO, rejected: BinaryIO) -> Examined:
    checker = Checker(run.image_set_id, msgspec.convert(run.defaults, Defaults))
    chunks, counts, found = ChunkWriter(accepted), Counter[str](), Examined()
    with opened(path, unpacked_max()) as (reader, source):
        for batch in batches(rows(run.format, reader)):
            for one in checker.check(batch):
                if isinstance(one, Good):
                    chunks.add(one.image_id, one.item)
                else:
                    counts[one.code] += 1
                    rejected.write(reject(one))
            found.rows_seen += len(batch)
            refuse_too_many(found.rows_seen)
            found.rows_bad = counts.total()
            found.rows_good = found.rows_seen - found.rows_bad
            teller.maybe(share=source.share, **told(found))
    chunks.finish()
    found.problem_counts = dict(counts.most_common())
    return found


def told(found: Examined) -> dict[str, int]:
    """The numbers that a run tells."""
    return {name: getattr(found, name) for name in ("rows_seen", "rows_good", "rows_bad")}


def refuse_too_many(rows_seen: int) -> None:
    """An import has an end."""
    if rows_seen > ROWS_MAX:
        raise TooLarge(f"The file has more than {ROWS_MAX:,} rows; send it in parts.", code="too_many_rows")


def reject(bad: Bad) -> bytes:
    """A row that is not imported, as a line: where it stood, what is wrong, and the row itself as it was."""
    return msgspec.json.encode({**said_of(bad.line, bad.code, bad.sentence), "row": as_it_was(bad.text)}) + b"\n"


def said_of(line: int, code: str, sentence: str) -> dict[str, Any]:  # Any: JSON
    """A problem as every door tells it."""
    return {"line": line, "code": code, "detail": sentence}


def as_it_was(text: bytes) -> Any:  # Any: JSON
    """The row's JSON; its text where it is none."""
    try:
        msgspec.json.decode(text)
        return msgspec.Raw(text.strip().replace(b"\n", b" "))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return text.decode(errors="replace").strip() or None


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """A file that is there under its name only when it is whole and on the disk."""
    draft = path.with_suffix(".draft")
    with draft.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
