"""The wire protocol of /ws/images/<n>/ and /ws/image_sets/<n>/, version 1: tagged messages, close codes, limits."""

from enum import IntEnum
from typing import Any
from uuid import UUID

import msgspec

PROTOCOL = 1
HELLO_WITHIN_S = 10.0
HEARTBEAT_S = 15.0
BEHIND_MAX = 5000
"""Facts a client may be behind before it is told to load again by REST."""
FRAME_MAX_BYTES = 64 * 1024
PRESENCE_PER_S = 15


class Close(IntEnum):
    """Why the server ends a connection."""

    TRY_AGAIN_LATER = 1013
    BAD_MESSAGE = 4400
    NOT_SIGNED_IN = 4401
    ACCESS_WITHDRAWN = 4403
    UNKNOWN_IMAGE = 4404
    PROTOCOL = 4406


class FromClient(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What a client may say."""


class Hello(FromClient, frozen=True, kw_only=True, tag="hello"):
    """First message: the protocol it speaks, and the position up to which it knows the image."""

    protocol: int
    after: int


class Ping(FromClient, frozen=True, kw_only=True, tag="ping"):
    """Are you there? Answered with a heartbeat."""


class Whereabouts(FromClient, frozen=True, kw_only=True, tag="presence"):
    """Where its person looks and points; 1/100 pixel at level 0. At most 15 a second are passed on."""

    cursor: tuple[int, int] | None = None
    viewport: tuple[int, int, int, int] | None = None
    frame: int = 0
    plane: int = 0
    selection: list[UUID] = []


class FromServer(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What the server may say."""


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """One open page: its person, and where they look and point."""

    session: str
    person_id: UUID
    name: str
    colour: str
    cursor: tuple[int, int] | None = None
    viewport: tuple[int, int, int, int] | None = None
    frame: int = 0
    plane: int = 0
    selection: list[UUID] = []


class Welcome(FromServer, frozen=True, kw_only=True, tag="welcome"):
    """Answer to hello: the image's newest position and who else is here. What was missed follows as facts."""

    protocol: int = PROTOCOL
    session: str
    position: int
    people: list[Peer]


class LiveFact(msgspec.Struct, frozen=True, kw_only=True):
    """One fact of the image; `data` is the fact as schema/events describes it, in its newest version."""

    position: int
    name: str
    stream: UUID
    version: int
    data: msgspec.Raw


class Facts(FromServer, frozen=True, kw_only=True, tag="facts"):
    """Facts in position order, each once; `position` is the last one's."""

    position: int
    facts: list[LiveFact]


class PeerMoved(FromServer, frozen=True, kw_only=True, tag="presence"):
    """Somebody came, looks elsewhere or points elsewhere."""

    person: Peer


class PeerLeft(FromServer, frozen=True, kw_only=True, tag="left"):
    """Somebody closed the page."""

    session: str


class Heartbeat(FromServer, frozen=True, kw_only=True, tag="heartbeat"):
    """Every 15 s, with the image's newest position: a client that is behind it says hello again."""

    position: int


class Reset(FromServer, frozen=True, kw_only=True, tag="reset"):
    """Too far behind: load by REST, then say hello again."""

    position: int


class ImportProgress(FromServer, frozen=True, kw_only=True, tag="import"):
    """At an image set: how far an import into it is, at most twice a second; `progress` is a share from 0 to 1."""

    id: UUID
    state: str
    progress: float
    rows_seen: int
    rows_good: int
    rows_bad: int
    rows_done: int


class DeliveryProgress(FromServer, frozen=True, kw_only=True, tag="delivery"):
    """At an image set: how far files sent into it are on their way to becoming images, a share from 0 to 1."""

    id: UUID
    state: str
    progress: float


class Refused(FromServer, frozen=True, kw_only=True, tag="refused"):
    """Why the connection is closed now."""

    code: str
    detail: str


CLIENT_MESSAGES = Hello | Ping | Whereabouts
SERVER_MESSAGES = (
    Welcome | Facts | PeerMoved | PeerLeft | Heartbeat | Reset | ImportProgress | DeliveryProgress | Refused
)

DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(CLIENT_MESSAGES)
ENCODER = msgspec.json.Encoder()


def text(message: FromServer) -> str:
    """The message as it goes over the wire."""
    return ENCODER.encode(message).decode()
