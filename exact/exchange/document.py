"""The neutral form that every exchange format writes: images with their annotations as they stood at one position."""

from collections.abc import Iterator
from typing import BinaryIO, Protocol
from uuid import UUID

import msgspec

from exact.domain.annotation_types import AnnotationType
from exact.domain.annotations import Annotation
from exact.domain.images import Image


class ImageAnnotations(msgspec.Struct, frozen=True, kw_only=True):
    """One image and what is to be seen on it: not the removed ones, in the order of their numbers."""

    image: Image
    annotations: list[Annotation]


class Document(Protocol):
    """What is exported; images come one at a time, so that a large dataset needs the memory of its largest image."""

    @property
    def title(self) -> str:
        """A name for people and for file names."""
        ...

    @property
    def position(self) -> int:
        """The position in the log whose state this is."""
        ...

    @property
    def image_count(self) -> int:
        """How many images there are."""
        ...

    @property
    def single_image(self) -> bool:
        """Whether this is one image rather than a dataset, which may hold one image by chance."""
        ...

    def type_of(self, annotation_type_id: UUID) -> AnnotationType:
        """The type as it was at the position."""
        ...

    def images(self) -> Iterator[ImageAnnotations]:
        """The images in the order of their numbers."""
        ...


class Format(Protocol):
    """One way to write a document; the same document gives the same bytes, wherever and whenever."""

    name: str
    title: str
    media_type: str
    ending: str
    """How the file of one image ends."""
    loses: str
    """What the format cannot hold, in a sentence for people."""

    def suffix(self, document: Document) -> str:
        """The end of the file's name."""
        ...

    def write(self, document: Document, out: BinaryIO) -> None:
        """Write it, an image at a time."""
        ...
