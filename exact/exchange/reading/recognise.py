"""Which format a file has: said by whoever sends it, or seen at its beginning."""

import io
import re
from collections.abc import Iterator
from types import ModuleType

import msgspec

from exact.domain.errors import Invalid, Unsupported
from exact.exchange.reading import geojson, jsonl
from exact.exchange.reading.rows import Bad, Broken, Row

READERS: dict[str, ModuleType] = {reader.name: reader for reader in (jsonl, geojson)}
GEOJSON = re.compile(rb'"(FeatureCollection|Feature|features)"')
PEEKED_BYTES = 64 * 1024


def reader_named(name: str) -> str:
    """The name, when there is such a reader."""
    if name not in READERS:
        raise Unsupported(f"There is no reader “{name}”; choose one of {', '.join(READERS)}.", known=list(READERS))
    return name


def rows(name: str, reader: io.BufferedReader) -> Iterator[Row | Bad]:
    """Every row of the file, good or bad."""
    found: Iterator[Row | Bad] = READERS[name].rows(reader)
    return found


def recognised(reader: io.BufferedReader) -> str:
    """The format of what is about to be read; nothing of it is used up."""
    begin = reader.peek(PEEKED_BYTES)[:PEEKED_BYTES].lstrip(b" \t\r\n\x1e")
    if not begin:
        raise Invalid("The file is empty.", code="empty_file")
    if begin[:1] == b"[":
        return geojson.name
    if begin[:1] != b"{":
        raise Unsupported("This is neither JSON lines nor GeoJSON: it must begin with { or [.")
    return of_first_line(begin.partition(b"\n")[0], begin)


def of_first_line(line: bytes, begin: bytes) -> str:
    """An object on its own line says what it is; one that goes on below is searched for GeoJSON's words."""
    try:
        first = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return geojson.name if GEOJSON.search(begin) else jsonl.name
    kind = first.get("type") if isinstance(first, dict) else None
    return geojson.name if kind in ("Feature", "FeatureCollection") else jsonl.name


__all__ = ["READERS", "Broken", "reader_named", "recognised", "rows"]
