"""GeoJSON as QuPath reads and writes it: one file for each image, RFC 8785 bytes.

Source: QuPath's own adapter (see docs/formats.md). `isEllipse` and `plane` are members of the geometry; a class always
has a colour, because QuPath refuses one without; rings are closed; numbers have at most two decimals.
"""

import io
import zipfile
from typing import Any, BinaryIO
from uuid import UUID

import rfc8785

from exact.domain.annotation_types import AnnotationType
from exact.domain.annotations import Annotation
from exact.domain.images import Image
from exact.domain.vectors import Vector, VectorType
from exact.exchange.document import Document, ImageAnnotations
from exact.exchange.geometry import Point, box_ring, ellipse_ring, path, ring

Json = dict[str, Any]  # Any: JSON
EPOCH = (1980, 1, 1, 0, 0, 0)


class GeoJson:
    """A bare FeatureCollection for an image; for a dataset a ZIP with one FeatureCollection for each image."""

    name = "geojson"
    title = "QuPath GeoJSON"
    media_type = "application/geo+json"
    ending = ".geojson"
    loses = "Verifications are kept as the status only; image-level labels are a member that QuPath does not read."

    def suffix(self, document: Document) -> str:
        return self.ending if document.single_image else f"{self.ending}.zip"

    def write(self, document: Document, out: BinaryIO) -> None:
        if document.single_image:
            for shown in document.images():
                write_collection(document, shown, out)
        else:
            write_zip(document, out)


def write_zip(document: Document, out: BinaryIO) -> None:
    """Entries are stored, not compressed: bytes must not depend on the zlib of a machine."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for shown in document.images():
            entry = zipfile.ZipInfo(entry_name(shown.image), EPOCH)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            text = io.BytesIO()
            write_collection(document, shown, text)
            archive.writestr(entry, text.getvalue())


def entry_name(image: Image) -> str:
    """`00012-slide.svs.geojson`: the number makes it unique, the name is for people."""
    plain = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in image.name)
    return f"{image.number:05d}-{plain}.geojson"


def write_collection(document: Document, shown: ImageAnnotations, out: BinaryIO) -> None:
    """One image, a feature a line; members and features in a fixed order."""
    out.write(b'{"exact":' + rfc8785.dumps(header(document, shown)) + b',"features":[\n')
    first = True
    for annotation in shown.annotations:
        if has_outline(annotation.vector):
            out.write(b"" if first else b",\n")
            out.write(rfc8785.dumps(feature(annotation, document.type_of(annotation.annotation_type_id))))
            first = False
    out.write(b'\n],"type":"FeatureCollection"}\n')


def header(document: Document, shown: ImageAnnotations) -> Json:
    """What the file is about: the image by hash, the position, and the labels of the image as a whole."""
    image = shown.image
    return {
        "image": {
            "height": image.content.height,
            "id": str(image.id),
            "name": image.name,
            "number": image.number,
            "sha256": image.content.sha256,
            "width": image.content.width,
        },
        "image_labels": [
            {**properties(annotation, document.type_of(annotation.annotation_type_id)),
             "id": str(annotation.unique_identifier), "frame": annotation.vector.frame if annotation.vector else None,
             "in_image": annotation.vector is not None}
            for annotation in shown.annotations
            if not has_outline(annotation.vector)
        ],
        "position": document.position,
    }  # fmt: skip


def has_outline(vector: Vector | None) -> bool:
    """Whether there is something to draw."""
    return vector is not None and bool(vector.points) and vector.vector_type is not VectorType.GLOBAL


def feature(annotation: Annotation, kind: AnnotationType) -> Json:
    """One annotation as QuPath's object."""
    assert annotation.vector is not None, "only shapes are features"
    return {
        "type": "Feature",
        "id": str(annotation.unique_identifier),
        "geometry": geometry(annotation.vector),
        "properties": properties(annotation, kind),
    }


def properties(annotation: Annotation, kind: AnnotationType) -> Json:
    """Class with its colour, and what QuPath keeps as text about an object."""
    found: Json = {
        "objectType": "annotation",
        "classification": {"name": kind.style.name, "color": colour(kind.style.color_code)},
        "metadata": metadata(annotation),
    }
    if annotation.description:
        found["name"] = annotation.description
    return found


def metadata(annotation: Annotation) -> dict[str, str]:
    """People by their opaque id: a name can be erased, bytes cannot change."""
    return {
        "annotation": str(annotation.number),
        "version": str(annotation.version),
        "status": annotation.status.value,
        "created_by": str(annotation.created_by),
        "edited_by": str(annotation.edited_by),
        "verified_by": " ".join(sorted(_verifier(v.person_id, v.verdict) for v in annotation.valid_verifications)),
    }


def geometry(vector: Vector) -> Json:
    """The shape in pixels at level 0."""
    found: Json
    match vector.vector_type:
        case VectorType.BOUNDING_BOX | VectorType.FIXED_SIZE_BOUNDING_BOX:
            found = _polygon(box_ring(vector))
        case VectorType.ELLIPSE:
            found = {**_polygon(ellipse_ring(vector)), "isEllipse": True}
        case VectorType.POLYGON:
            found = _polygon(ring(vector))
        case _:
            found = {"type": "LineString", "coordinates": path(vector)}
    if vector.frame or vector.plane:
        found["plane"] = {"c": -1, "z": vector.frame or 0, "t": 0}
    if vector.plane:
        found["exactPlane"] = vector.plane.name.lower()
    return found


def colour(code: str) -> list[int]:
    """#rrggbb as [r, g, b]."""
    return [int(code[start : start + 2], 16) for start in (1, 3, 5)]


def _polygon(points: list[Point]) -> Json:
    return {"type": "Polygon", "coordinates": [points]}


def _verifier(person_id: UUID, verdict: str) -> str:
    return f"{person_id}:{verdict}"
