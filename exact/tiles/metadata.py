"""What a file says of itself, in one shape for all formats; and which of it can carry the name of a patient."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from exact.tiles.source import Description, Details, Size, TileSource

LONG_TEXT = 200
"""Longer values are whole documents inside a property (XML, reports): nobody can say what stands in them."""
STEMS = (
    *("patient", "person", "name", "birth", "physician", "doctor", "operator", "author", "artist", "owner", "creator"),
    *("copyright", "label", "barcode", "accession", "institution", "hospital", "department", "address", "host"),
    *("descri", "comment", "title", "remark", "keyword", "subject", "path", "folder", "study", "email", "phone"),
    *("history", "diagnos", "occupation", "ethnic", "religio", "allerg", "insurance", "gps"),
)
"""A property whose key holds one of these speaks of persons, places, illnesses or files, or is free text."""
WORDS = frozenset(
    ("id", "ids", "uid", "user", "case", "note", "notes", "file", "series", "specimen", "container", "db")
)
"""Too short to be looked for inside of other words."""
PERSON = re.compile(r"\w\^\w")
"""DICOM writes names so."""


@dataclass(frozen=True)
class Metadata:
    """Everything that is known of an image without showing it; small, and the same in every process."""

    description: Description
    details: Details
    levels: tuple[tuple[Size, float], ...]
    """The stored levels of plane 0 and their downsamples, largest first."""
    associated: Mapping[str, Size]
    """Names and sizes of the pictures beside the image."""


def metadata_of(source: TileSource) -> Metadata:
    """From the open image."""
    levels = tuple(zip(source.level_dimensions, source.level_downsamples, strict=True))
    return Metadata(source.description, source.details, levels, dict(source.associated_images))


def without_names(properties: Mapping[str, str]) -> dict[str, str]:
    """The properties that can be shown to everybody who may read the image."""
    return {key: value for key, value in properties.items() if not can_carry_names(key, value)}


def can_carry_names(key: str, value: str) -> bool:
    """Whether a property is one of those that commonly hold names, numbers of patients, or free text."""
    if len(value) > LONG_TEXT or PERSON.search(value):
        return True
    lower = key.lower()
    return any(stem in lower for stem in STEMS) or not WORDS.isdisjoint(words_of(key))


def words_of(key: str) -> set[str]:
    """`DeviceSerialID`, `device_serial_id` and `aperio.Serial ID` as their words."""
    parted = re.sub(r"([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])", r"\1\3 \2\4", key)
    return {word.lower() for word in re.split(r"[^A-Za-z]+", parted)}
