"""What files say of belonging together. Run as a short-lived process: their headers come from strangers."""

import json
import re
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
"""DICOM's class of whole-slide images: many instances, each a level of one slide."""
NAMED_FILE = re.compile(rb"""FileName\s*=\s*["']([^"'<>]{1,255})["']""")
LINE = re.compile(r"\s*\w+\s*=\s*(\S.*?)\s*")
TEXT_BYTES = 2**20
NAMES_MAX = 10_000
CPU_S = 110


@dataclass(frozen=True)
class Head:
    """Files with the same series are one image; a file that names others is one with those that are there."""

    series: str = ""
    label: str = ""
    """Tells several series of one folder apart."""
    names: list[str] = field(default_factory=list)


def dicom(path: Path) -> Head:
    """A slice, which has a place in the patient, belongs to its series, a level to its slide; others stand alone."""
    import pydicom

    tags = ["SOPClassUID", "SeriesInstanceUID", "SeriesNumber", "NumberOfFrames", "Rows",
            "ImagePositionPatient"]  # fmt: skip
    found = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=tags)
    kind = str(found.get("SOPClassUID", ""))
    alone = kind != SLIDE and (int(found.get("NumberOfFrames") or 1) > 1 or not found.get("ImagePositionPatient"))
    if alone or not found.get("SeriesInstanceUID") or not found.get("Rows"):
        return Head()
    return Head(series=f"{found.SeriesInstanceUID} {kind}", label=f"series {found.get('SeriesNumber') or '?'}")


def ome(path: Path) -> Head:
    """The files that an OME header says the image is made of."""
    import tifffile

    with tifffile.TiffFile(path) as file:
        text = (file.pages[0].description or "")[: 16 * TEXT_BYTES]  # type: ignore[union-attr]  # the first is read
    names = NAMED_FILE.findall(text.encode())
    return Head(names=sorted({name.decode() for name in names[:NAMES_MAX]}))


def companion(path: Path) -> Head:
    """The same, of a header that is a file of its own."""
    with path.open("rb") as file:
        names = NAMED_FILE.findall(file.read(16 * TEXT_BYTES))
    return Head(names=sorted({name.decode() for name in names[:NAMES_MAX]}))


def key_file(path: Path) -> Head:
    """The parts that a Hamamatsu VMS names."""
    with path.open("rb") as file:
        lines = file.read(TEXT_BYTES).decode("latin-1").splitlines()
    found = (LINE.fullmatch(line) for line in lines)
    return Head(names=sorted({match[1] for match in found if match})[:NAMES_MAX])


READERS: dict[str, Callable[[Path], Head]] = {"dicom": dicom, "ome": ome, "companion": companion, "key_file": key_file}


def head_of(kind: str, path: Path) -> Head:
    """What the file says; nothing where it cannot be read, which whoever opens it will tell."""
    try:
        return READERS[kind](path)
    except Exception:  # noqa: BLE001 - a parser of a stranger's file may raise anything; this process is for that
        return Head()


def main() -> None:
    """Reads [[kind, path], ...] from standard input, prints one line of JSON."""
    from exact.tiles.pool import limits

    limits.confine()
    limits.allow_cpu(CPU_S)
    asked = json.load(sys.stdin)
    sys.stdout.write("\n" + json.dumps([asdict(head_of(kind, Path(path))) for kind, path in asked]))


if __name__ == "__main__":
    main()
