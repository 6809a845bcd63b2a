"""What Vite built: the addresses of a page's script, style sheets and preloads, read from its manifest."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypedDict

from django.conf import settings

DIST = Path(__file__).parent / "static" / "dist"


class NotBuilt(Exception):
    """The client was not built, or not this page of it."""


class Chunk(TypedDict, total=False):
    """One entry of the manifest, as far as we read it."""

    file: str
    css: list[str]
    imports: list[str]


@dataclass(frozen=True)
class Client:
    """What a page has to load, as addresses."""

    script: str
    styles: tuple[str, ...]
    preloads: tuple[str, ...]


def client(entry: str) -> Client:
    """The parts of one entry, such as `src/pages.ts`; a new build is seen without a restart."""
    path = DIST / "manifest.json"
    try:
        return _read(path, path.stat().st_mtime_ns, entry)
    except (FileNotFoundError, KeyError) as missing:
        raise NotBuilt(f"{entry} is not in {path.name}; run `npm run build` in exact/web.") from missing


@lru_cache(maxsize=8)
def _read(path: Path, _built_ns: int, entry: str) -> Client:
    chunks: dict[str, Chunk] = json.loads(path.read_text())
    names = _with_imports(chunks, entry)
    styles = dict.fromkeys(sheet for name in reversed(names) for sheet in chunks[name].get("css", []))
    return Client(
        script=_address(chunks[entry]["file"]),
        styles=tuple(map(_address, styles)),
        preloads=tuple(_address(chunks[name]["file"]) for name in names[1:]),
    )


def _with_imports(chunks: dict[str, Chunk], entry: str) -> list[str]:
    """The entry and everything that it imports at once, each a single time."""
    found = [entry]
    for name in found:
        found.extend(other for other in chunks[name].get("imports", []) if other not in found)
    return found


def _address(file: str) -> str:
    return f"{settings.STATIC_URL}dist/{file}"
