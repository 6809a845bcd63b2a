"""Replay: the state of images at a position, folded from the log and from nothing else."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import msgspec

from exact.domain.annotation_fold import AnnotationFold
from exact.domain.annotation_types import AnnotationType
from exact.domain.dataset_versions import Definition
from exact.domain.errors import NotFound
from exact.domain.images import Image
from exact.domain.registry import fold
from exact.eventstore.log import read_stream, streamed
from exact.exchange.document import ImageAnnotations


class Replay(msgspec.Struct, kw_only=True):
    """A document (exact/exchange/document.py) made of the log up to a position."""

    title: str
    position: int
    image_ids: Sequence[UUID]
    single_image: bool = False
    types: dict[UUID, AnnotationType] = {}

    @property
    def image_count(self) -> int:
        return len(self.image_ids)

    def type_of(self, annotation_type_id: UUID) -> AnnotationType:
        """The type as it was at the position; read once."""
        if annotation_type_id not in self.types:
            facts = [recorded.fact for recorded in read_stream(annotation_type_id, self.position)]
            self.types[annotation_type_id] = fold(None, facts)
        return self.types[annotation_type_id]

    def images(self) -> Iterator[ImageAnnotations]:
        """One image's facts in memory at a time."""
        for image_id in self.image_ids:
            yield image_at(image_id, self.position)


def of_version(definition: Definition) -> Replay:
    """A frozen dataset version."""
    title = f"{definition.name}@{definition.version}"
    return Replay(title=title, position=definition.position, image_ids=[image.image_id for image in definition.images])


def of_image(image_id: UUID, position: int) -> Replay:
    """One image as it stood at a position."""
    shown = image_at(image_id, position)
    return Replay(title=shown.image.name, position=position, image_ids=[image_id], single_image=True)


def image_at(image_id: UUID, position: int) -> ImageAnnotations:
    """The image and its annotations at a position, removed ones left out; NotFound when it was not there yet."""
    image: Image | None = None
    annotations = AnnotationFold()
    for fact in streamed(image_id, position):
        if not annotations.take(fact) and fact.originator_id == image_id:
            image = fold(image, [fact])
    if image is None:
        raise NotFound(f"At position {position} there was no such image.", code="not_there_yet")
    shown = [annotation for annotation in annotations.annotations if not annotation.removed]
    return ImageAnnotations(image=image, annotations=sorted(shown, key=lambda annotation: annotation.number))
