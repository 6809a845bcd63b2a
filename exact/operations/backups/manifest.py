"""A backup's folder and the manifest that makes it one: what it holds, with the hash of every file.

FOLDER/originals/ab/cd/<sha256>                 shared by all backups in the folder
FOLDER/facts/<first>-<last>-<hash>.copy         full stretches of the log, shared as well
FOLDER/backups/<name>/manifest.json             written last, with manifest.json.sha256 beside it
FOLDER/backups/<name>/originals.sha256          for `sha256sum --check`, in FOLDER
FOLDER/backups/<name>/references.jsonl          where originals lie that the server does not keep
FOLDER/backups/<name>/{tables,keys}/
"""

import hashlib
import re
from datetime import datetime
from pathlib import Path

import msgspec

from exact.domain.errors import Refusal
from exact.operations.backups.files import File, sync_folder, write_whole

FORM = 1
"""Of the manifest and of the files it speaks of."""
BACKUPS, ORIGINALS, FACTS, TABLES, KEYS = "backups", "originals", "facts", "tables", "keys"
MANIFEST, SUM, ORIGINALS_LIST = "manifest.json", "manifest.json.sha256", "originals.sha256"
REFERENCES = "references.jsonl"
NAME = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ")


class NoBackup(Refusal):
    """There is no such backup, or what is there is none."""

    code = "no_backup"


class DamagedBackup(Refusal):
    """A file of the backup is not what it was when the backup was made."""

    code = "damaged_backup"


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of one table, in PostgreSQL's binary COPY format, in one file or several."""

    name: str
    columns: list[str]
    rows: int
    files: list[File]


class Originals(msgspec.Struct, frozen=True, kw_only=True):
    """The images' files. What is missing or damaged was so on the server already, and no older backup had it."""

    listed: File
    count: int
    size_bytes: int
    missing: list[int]
    """Numbers of images."""
    damaged: list[str]
    """Content hashes."""


class Database(msgspec.Struct, frozen=True, kw_only=True):
    """The database at one moment. `position` is that of the newest fact; a sequence has the last value it gave."""

    position: int
    images: int
    people: int
    tables: list[Table]
    sequences: dict[str, int]
    migrations: dict[str, list[str]]

    def rows_of(self, table: str) -> int:
        """How many rows of that table there are."""
        return sum(found.rows for found in self.tables if found.name == table)


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one backup."""

    form: int = FORM
    name: str
    exact_version: str
    made_at: datetime
    database: Database
    originals: Originals
    keys: list[File]
    references: File | None = None
    """Where originals lie that are not kept on the server: what is there is in no backup."""
    referred: int = 0
    """How many they are."""

    @property
    def files(self) -> list[File]:
        """All files but the originals."""
        tables = [file for table in self.database.tables for file in table.files]
        return [*tables, self.originals.listed, *self.keys, *([self.references] if self.references else [])]


def write(manifest: Manifest, home: Path, folder: Path) -> None:
    """The sum first, the manifest last: with it the folder is a backup."""
    content = msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"
    fresh = home / f"{MANIFEST}.new"
    write_whole(fresh, content, folder)
    write_whole(home / SUM, sum_line(content), folder)
    fresh.rename(home / MANIFEST)
    sync_folder(home)


def names(folder: Path) -> list[str]:
    """The complete backups in a folder, the oldest first."""
    found = (path.parent.name for path in (folder / BACKUPS).glob(f"*/{MANIFEST}"))
    return sorted(name for name in found if NAME.fullmatch(name))


def read(folder: Path, name: str | None = None) -> Manifest:
    """The manifest of the named backup, or of the newest; refuses one that is missing or damaged."""
    found = names(folder)
    if name is None and not found:
        raise NoBackup(f"{folder} holds no backup.")
    home = folder / BACKUPS / (name or found[-1])
    if not home.is_dir():
        raise NoBackup(f"{folder} holds no backup {name}; there are: {', '.join(found) or 'none'}.")
    path = home / MANIFEST
    if not path.is_file():
        raise NoBackup(f"{path} is missing: {home.name} is no complete backup.")
    return _checked(path)


def _checked(path: Path) -> Manifest:
    content, written = path.read_bytes(), path.with_name(SUM)
    if not written.is_file() or written.read_bytes() != sum_line(content):
        raise DamagedBackup(f"{path} is damaged: it is not what {written.name} beside it says.")
    form = msgspec.json.decode(content, type=dict[str, msgspec.Raw]).get("form")
    if form is None or bytes(form) != str(FORM).encode():
        raise NoBackup(f"{path} was written by another version of EXACT, in a form that this one does not know.")
    return msgspec.json.decode(content, type=Manifest)


def sum_line(content: bytes) -> bytes:
    """As sha256sum writes it."""
    return f"{hashlib.sha256(content).hexdigest()}  {MANIFEST}\n".encode()
