"""Images as they stood at a position, folded from the log, against only reading and decoding the same pages."""

import gc
import statistics
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from tests.benchmarks import Row, at_least
from tests.benchmarks.measuring import apart
from tests.benchmarks.projector import IMAGES, fill, seconds

NAMES = ("replay",)
ROUNDS = 9


def rows() -> list[Row]:
    """On a log of its own."""
    return apart(measure)


def measure() -> list[Row]:
    """Every image in turn: the pages with slim decoding, the replay, the pages again."""
    from exact.eventstore.log import head

    register_images()
    fill()
    position = head()
    gc.collect()
    gc.freeze()
    against = "paged read + decode into one slim Struct"
    return [at_least("replay", statistics.median(compared(position)), 0.8, unit="ratio", against=against)]


def compared(position: int) -> list[float]:
    """Seconds to read and decode / seconds to replay, in each round but the first."""
    from exact.datasets.replay import image_at
    from exact.eventstore.log import scope_pages

    slim = slim_decoder()

    def decode() -> None:
        for image_id in images():
            for page in scope_pages(image_id, position):
                decoded = [slim.decode(row[4]) for row in page]
                assert decoded

    def replay() -> None:
        for image_id in images():
            image_at(image_id, position)

    ratios = []
    for _ in range(ROUNDS):
        before = seconds(decode)
        replaying = seconds(replay)
        ratios.append((before + seconds(decode)) / 2 / replaying)
    return ratios[1:]


def slim_decoder() -> msgspec.json.Decoder:
    """What a replay has to know of any fact of an annotation, in one Struct."""
    from exact.domain.vectors import Vector

    class Slim(msgspec.Struct, gc=False):
        originator_id: UUID
        originator_version: int
        at: datetime
        by: UUID
        number: int = 0
        image_id: UUID | None = None
        unique_identifier: UUID | None = None
        annotation_type_id: UUID | None = None
        vector: Vector | None = None
        description: str = ""
        meta_data: msgspec.Raw = msgspec.Raw(b"null")
        verdict: str = ""
        of_version: int = 0

    return msgspec.json.Decoder(Slim)


def images() -> list[UUID]:
    """The images of the filled log."""
    return [UUID(int=number + 1) for number in range(IMAGES)]


def register_images() -> None:
    """Their first facts."""
    from exact.domain.images import Content, ImageRegistered
    from exact.eventstore.log import append
    from exact.eventstore.recorder import Recording

    content = Content(
        filename="slide.svs", sha256="ab" * 32, size_bytes=1000, format="openslide", width=20_000, height=20_000
    )
    facts = [
        ImageRegistered(
            originator_id=image_id, originator_version=1, at=datetime(2026, 1, 1, tzinfo=UTC), by=UUID(int=1),
            number=number, image_set_id=UUID(int=10_000), name="slide.svs", content=content,
        )
        for number, image_id in enumerate(images(), 1)
    ]  # fmt: skip
    append(Recording.anonymous(), facts, images())
