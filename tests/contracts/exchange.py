"""What every exchange format promises; each format's test subclasses this."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from exact.domain.annotation_types import AnnotationType, Style
from exact.domain.annotations import Annotation, Verdict, Verification
from exact.domain.images import Content, Image
from exact.domain.vectors import Plane, Vector, VectorType
from exact.exchange.document import Format, ImageAnnotations

NOON = datetime(2026, 1, 2, 12, 0, 0, 250_000, tzinfo=UTC)
PERSON = UUID(int=7)


def type_id(kind: VectorType) -> UUID:
    """The id of the one type of that geometry."""
    return UUID(int=1000 + kind)


class Sample(msgspec.Struct, kw_only=True):
    """A document of images that were never stored."""

    shown: list[ImageAnnotations]
    title: str = "sample"
    position: int = 42
    single_image: bool = True

    @property
    def image_count(self) -> int:
        return len(self.shown)

    def images(self) -> Iterator[ImageAnnotations]:
        yield from self.shown

    def type_of(self, annotation_type_id: UUID) -> AnnotationType:
        kind = VectorType(annotation_type_id.int - 1000)
        style = Style(name=f"type, {kind.name.lower()}", color_code="#D55E00")
        return AnnotationType(
            id=annotation_type_id, version=1, number=int(kind), product_id=UUID(int=1), vector_type=kind, style=style
        )


def an_image(number: int = 1, name: str = "slide.svs") -> Image:
    content = Content(
        filename=name, sha256=f"{number:064d}", size_bytes=1, format="openslide", width=2000, height=1000, frames=5
    )
    return Image(
        id=UUID(int=number), version=1, number=number, image_set_id=UUID(int=2), name=name, content=content,
        registered_by=PERSON, registered_at=NOON,
    )  # fmt: skip


def an_annotation(number: int, vector: Vector | None, kind: VectorType, **fields: Any) -> Annotation:
    plain: dict[str, Any] = {
        "id": UUID(int=100 + number),
        "version": 1,
        "content_version": 1,
        "number": number,
        "image_id": UUID(int=1),
        "unique_identifier": UUID(int=200 + number),
        "annotation_type_id": type_id(kind),
        "vector": vector,
        "description": "",
        "meta_data": None,
        "removed": False,
        "created_by": PERSON,
        "created_at": NOON,
        "edited_by": PERSON,
        "edited_at": NOON,
        **fields,
    }
    return Annotation(**plain)


SHAPES = {
    VectorType.BOUNDING_BOX: Vector(vector_type=VectorType.BOUNDING_BOX, points=(1001, 2050, 30000, 40000)),
    VectorType.ELLIPSE: Vector(vector_type=VectorType.ELLIPSE, points=(1001, 2050, 30000, 40001)),
    VectorType.LINE: Vector(vector_type=VectorType.LINE, points=(1001, 2050, 30000, 40000)),
    VectorType.MULTI_LINE: Vector(vector_type=VectorType.MULTI_LINE, points=(1001, 2050, 30000, 40000, 5, 5)),
    VectorType.POLYGON: Vector(
        vector_type=VectorType.POLYGON, points=(1001, 2050, 30000, 2050, 30000, 40000), frame=3, plane=Plane.CORONAL
    ),
    VectorType.FIXED_SIZE_BOUNDING_BOX: Vector(
        vector_type=VectorType.FIXED_SIZE_BOUNDING_BOX, points=(0, 0, 5000, 5000)
    ),
    VectorType.GLOBAL: Vector(vector_type=VectorType.GLOBAL, frame=2),
}


def a_sample(**fields: Any) -> Sample:
    """One image with every kind of shape, one that says "not in image", one verified."""
    annotations = [an_annotation(number, shape, kind) for number, (kind, shape) in enumerate(SHAPES.items(), 1)]
    accepted = Verification(number=1, person_id=PERSON, verdict=Verdict.ACCEPTED, of_version=1, at=NOON)
    annotations.append(an_annotation(8, None, VectorType.POLYGON))
    annotations.append(
        an_annotation(
            9,
            SHAPES[VectorType.POLYGON],
            VectorType.POLYGON,
            verifications=(accepted,),
            description='=1+1, "quoted"\nnext line ü',
        )
    )
    return Sample(shown=[ImageAnnotations(image=an_image(), annotations=annotations)], **fields)


class ExchangeContract:
    """Subclass it, give `format_`, and say what can be read back."""

    format_: Format

    def written(self, document: Sample) -> bytes:
        out = io.BytesIO()
        self.format_.write(document, out)
        return out.getvalue()

    def test_the_same_document_gives_the_same_bytes(self) -> None:
        assert self.written(a_sample()) == self.written(a_sample())

    def test_another_document_gives_other_bytes(self) -> None:
        assert self.written(a_sample()) != self.written(Sample(shown=[]))

    @pytest.mark.parametrize("single", [True, False])
    def test_an_image_without_annotations_can_be_written(self, single: bool) -> None:
        empty = Sample(shown=[ImageAnnotations(image=an_image(), annotations=[])], single_image=single)
        assert self.written(empty)

    def test_it_says_what_it_loses_and_how_its_files_end(self) -> None:
        assert self.format_.loses.endswith(".")
        assert self.format_.suffix(a_sample()).startswith(".")
