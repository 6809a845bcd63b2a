"""Which files have made their reader fail, and how often: small files that all processes of this host share."""

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from exact.tiles.errors import StruckOut

ENOUGH = 2
EXPIRE_S = 24 * 3600.0
"""A strike counts for so long; then the file may be tried again."""
NAME_MAX = 128
TOLD_MAX = 16
"""No more lines than this are read of one file."""


@dataclass(frozen=True)
class Strike:
    """When a reader failed, and how."""

    at: float
    how: str


@dataclass(frozen=True)
class Struck:
    """One file with its strikes that count, oldest first."""

    sha256: str
    strikes: tuple[Strike, ...]

    @property
    def out(self) -> bool:
        """Whether it is refused."""
        return len(self.strikes) >= ENOUGH


class Strikes:
    """Appended to and read without locks: one line for each strike, one file for each content."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock

    def add(self, sha256: str, how: str) -> Struck:
        """One more, seen by every process at once."""
        self._folder.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"at": self._clock(), "how": how}) + "\n"
        descriptor = os.open(self._file(sha256), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)
        return self.of(sha256)

    def of(self, sha256: str) -> Struck:
        """Those of one file; a file without any costs one look into a folder."""
        try:
            lines = self._file(sha256).read_text().splitlines()[-TOLD_MAX:]
        except FileNotFoundError:
            return Struck(sha256, ())
        return Struck(sha256, tuple(self._counting(lines)))

    def _counting(self, lines: list[str]) -> Iterator[Strike]:
        for line in lines:
            with contextlib.suppress(ValueError, KeyError, TypeError):  # half a line of a machine that went down
                told = json.loads(line)
                if self._clock() - told["at"] < EXPIRE_S:
                    yield Strike(told["at"], told["how"])

    def refuse(self, sha256: str) -> None:
        """Raises StruckOut for a file that has failed too often."""
        struck = self.of(sha256)
        if struck.out:
            raise StruckOut(
                f"Reading this file has failed {len(struck.strikes)} times; the last time, its reader "
                f"{struck.strikes[-1].how}. It is damaged or made to harm, and is left alone for a day. "
                "An administrator can let it be tried again, on the page “Cache”."
            )

    def all(self) -> list[Struck]:
        """Every file with strikes that count; files whose strikes have expired are cleared away."""
        names = [file.name for file in self._folder.iterdir()] if self._folder.is_dir() else []
        found = [self.of(name) for name in sorted(names)]
        for forgotten in (struck for struck in found if not struck.strikes):
            self.lift(forgotten.sha256)
        return [struck for struck in found if struck.strikes]

    def lift(self, sha256: str) -> bool:
        """Lets the file be tried again; whether there was something to lift."""
        try:
            self._file(sha256).unlink()
        except FileNotFoundError:
            return False
        return True

    def _file(self, sha256: str) -> Path:
        """Never outside of the folder, whatever is asked for."""
        if not sha256.isalnum() or len(sha256) > NAME_MAX:
            raise ValueError("a content is named by letters and digits")
        return self._folder / sha256
