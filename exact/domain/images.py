"""Image: registered with its content hash, size and pixel size; renamed; withdrawn; restored."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from exact.domain.facts import Fact, Stamp
from exact.domain.streams import Stream, checked_name, checked_text


class PlaneSize(msgspec.Struct, frozen=True, kw_only=True):
    """One way through the image: `width` x `height` pixels as shown, `frames` slices, pixel size in µm or None."""

    plane: int
    name: str
    width: int
    height: int
    frames: int
    pixel_size_um: tuple[float | None, float | None] = (None, None)


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What the file holds: its hash and what the reader says of it."""

    filename: str
    sha256: str
    size_bytes: int
    format: str
    width: int
    height: int
    frames: int = 1
    default_frame: int = 0
    channels: int = 3
    pixel_size_um: tuple[float | None, float | None, float | None] = (None, None, None)
    objective_power: float | None = None
    planes: tuple[PlaneSize, ...] = ()
    frame_names: tuple[str, ...] = ()


class ImageRegistered(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A file became an image of a set."""

    number: int
    image_set_id: UUID
    name: str
    content: Content


class ImageRenamed(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The image is shown under another name; its file keeps the old one."""

    name: str


class ImageWithdrawn(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The image is no longer offered; its facts stay."""

    reason: str = ""


class ImageRestored(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A withdrawn image is offered again."""


class Image(Stream, frozen=True, kw_only=True):
    """The state of one image."""

    image_set_id: UUID
    name: str
    content: Content
    registered_by: UUID
    registered_at: datetime

    def rename(self, name: str, stamp: Stamp) -> list[Fact]:
        """Show it under another name."""
        self.refuse_withdrawn()
        name = checked_name(name)
        return [] if name == self.name else [self.next(ImageRenamed, stamp, name=name)]

    def withdraw(self, reason: str, stamp: Stamp) -> list[Fact]:
        """Offer it no more; nothing where that was done."""
        return [] if self.withdrawn else [self.next(ImageWithdrawn, stamp, reason=checked_text(reason, what="reason"))]

    def restore(self, stamp: Stamp) -> list[Fact]:
        """Offer it again; nothing where it is offered."""
        return [self.next(ImageRestored, stamp)] if self.withdrawn else []


def evolve(image: Image | None, fact: Fact) -> Image:
    """The image after one more fact."""
    if isinstance(fact, ImageRegistered):
        return Image(
            id=fact.originator_id,
            version=fact.originator_version,
            number=fact.number,
            image_set_id=fact.image_set_id,
            name=fact.name,
            content=fact.content,
            registered_by=fact.by,
            registered_at=fact.at,
        )
    assert image is not None, "the first fact of an image is ImageRegistered"
    image = replace(image, version=fact.originator_version)
    match fact:
        case ImageRenamed():
            return replace(image, name=fact.name)
        case ImageWithdrawn():
            return replace(image, withdrawn=True)
        case ImageRestored():
            return replace(image, withdrawn=False)
    raise TypeError(f"{type(fact).__name__} is no fact of an image")
