"""Files that have arrived together, and what they are cut into."""

from dataclasses import dataclass, field
from pathlib import Path

from exact.storage.references import Reference


@dataclass(frozen=True)
class Arrived:
    """One file: under which path it came, where it lies now, and its hash where that is known already."""

    path: str
    file: Path
    sha256: str = ""
    size_bytes: int = 0
    source: Reference | None = None
    """Where it stays, when it is not to be copied."""


@dataclass(frozen=True)
class Group:
    """The files of one image, under their paths in its folder; a single file lies there under its own name."""

    name: str
    files: dict[str, Arrived]

    @property
    def single(self) -> Arrived | None:
        """The file, where there is only one."""
        return next(iter(self.files.values())) if len(self.files) == 1 and self.name in self.files else None

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(file.size_bytes for file in self.files.values())


@dataclass(frozen=True)
class Aside:
    """A file that becomes no image, and why."""

    path: str
    code: str
    sentence: str
    harmless: bool = False
    """Nobody misses it: a folder's thumbnail, a README."""


@dataclass
class Cut:
    """What came of it."""

    groups: list[Group] = field(default_factory=list)
    aside: list[Aside] = field(default_factory=list)
