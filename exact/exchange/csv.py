"""CSV (RFC 4180): one line for each annotation, UTF-8, CRLF, pixels with at most two decimals."""

import csv
import io
from typing import BinaryIO

from exact.domain.annotation_types import AnnotationType
from exact.domain.annotations import Annotation
from exact.domain.images import Image
from exact.domain.vectors import Vector, pixels
from exact.exchange.document import Document

COLUMNS = (
    "image", "image_name", "image_sha256", "annotation", "unique_identifier", "version", "type", "vector_type",
    "x_min", "y_min", "x_max", "y_max", "points", "frame", "plane", "status", "accepted", "rejected",
    "created_by", "created_at", "edited_by", "edited_at", "description",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Csv:
    """One table for an image or a whole dataset."""

    name = "csv"
    title = "CSV table"
    media_type = "text/csv"
    ending = ".csv"
    loses = "Free meta data and who verified; a text that a spreadsheet would run as a formula gets an apostrophe."

    def suffix(self, document: Document) -> str:
        return self.ending

    def write(self, document: Document, out: BinaryIO) -> None:
        text = io.TextIOWrapper(out, "utf-8", newline="", write_through=True)
        table = csv.writer(text, lineterminator="\r\n")
        table.writerow(COLUMNS)
        for shown in document.images():
            for annotation in shown.annotations:
                table.writerow(line(shown.image, annotation, document.type_of(annotation.annotation_type_id)))
        text.flush()
        text.detach()


def line(image: Image, annotation: Annotation, kind: AnnotationType) -> list[object]:
    """One annotation's cells, in the order of COLUMNS."""
    vector = annotation.vector
    cells: list[object] = [pixels(value) for value in (vector.bounds if vector else None) or ()]
    verdicts = [verification.verdict.value for verification in annotation.valid_verifications]
    return [
        image.number,
        harmless(image.name),
        image.content.sha256,
        annotation.number,
        annotation.unique_identifier,
        annotation.version,
        harmless(kind.style.name),
        kind.vector_type.value,
        *(cells or [""] * 4),
        points(vector),
        "" if vector is None or vector.frame is None else vector.frame,
        "" if vector is None else vector.plane.name.lower(),
        annotation.status.value,
        verdicts.count("accepted"),
        verdicts.count("rejected"),
        annotation.created_by,
        moment(annotation.created_at.isoformat()),
        annotation.edited_by,
        moment(annotation.edited_at.isoformat()),
        harmless(annotation.description),
    ]


def points(vector: Vector | None) -> str:
    """`x y;x y`, in pixels."""
    return "" if vector is None else ";".join(f"{pixels(x)} {pixels(y)}" for x, y in vector.corners)


def moment(iso: str) -> str:
    """UTC with a Z."""
    return iso.replace("+00:00", "Z")


def harmless(text: str) -> str:
    """A spreadsheet must not run what somebody typed (OWASP: CSV injection)."""
    return f"'{text}" if text.startswith(FORMULA) else text
