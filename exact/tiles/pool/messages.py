"""What crosses the socket between the pool and a child: calls one way, answers and problems the other, all bounded."""

import socket
import struct
import time
from typing import Any, NamedTuple

import msgspec

from exact.tiles import errors
from exact.tiles.errors import ReaderFailed, TileError

CALL_MAX_BYTES = 64 * 2**10
ANSWER_MAX_BYTES = 64 * 2**20
HEADER = struct.Struct("!cIIQ")
"""Kind and length of what follows; how many images the sender holds open, and their bytes."""
READY, ANSWER, PROBLEM, EXHAUSTED = b"R", b"A", b"P", b"M"
"""Ready for the first call; what was asked for; a TileError; out of memory, and therefore ending."""


class Setup(msgspec.Struct, frozen=True):
    """What a child must know of the settings, which it cannot read."""

    cache: str
    picture_max_pixels: int
    max_handles: int
    max_bytes: int
    heap_bytes: int
    cpu_s: float


class Call(msgspec.Struct, frozen=True, array_like=True):
    """One method of the child's own TileService, for one file, with its further arguments by name."""

    method: str
    sha256: str
    path: str
    arguments: dict[str, Any]  # Any: each method's own


class Problem(msgspec.Struct, frozen=True, array_like=True):
    """A TileError by the name of its class."""

    kind: str
    sentence: str
    note: str = ""
    """For the log only: where an unexpected error arose."""

    @classmethod
    def of(cls, error: TileError, note: str = "") -> "Problem":
        """As it is sent."""
        return cls(type(error).__name__, error.sentence, note)

    def raised(self) -> TileError:
        """As it was raised, as far as this side knows the class."""
        kind = getattr(errors, self.kind, ReaderFailed)
        return kind(self.sentence) if issubclass(kind, TileError) else ReaderFailed(self.sentence)


class Message(NamedTuple):
    """One of them, as it came."""

    kind: bytes
    content: bytes
    files_open: int
    files_bytes: int


class Closed(Exception):
    """The other side is gone, or says what cannot be."""


def send(pipe: socket.socket, kind: bytes, payload: bytes, held: tuple[int, int] = (0, 0)) -> None:
    """One message, and how many images with how many bytes are held open."""
    pipe.sendall(HEADER.pack(kind, len(payload), *held))
    pipe.sendall(payload)


def receive(pipe: socket.socket, most_bytes: int, deadline: float | None = None) -> Message:
    """The next message; Closed when there is none, TimeoutError when it is not whole at the deadline."""
    kind, length, files_open, files_bytes = HEADER.unpack(_exactly(pipe, HEADER.size, deadline))
    if length > most_bytes:
        raise Closed
    return Message(kind, _exactly(pipe, length, deadline), files_open, files_bytes)


def _exactly(pipe: socket.socket, length: int, deadline: float | None) -> bytes:
    content = bytearray(length)
    at = 0
    with memoryview(content) as view:
        while at < length:
            if deadline is not None:
                pipe.settimeout(max(0.001, deadline - time.monotonic()))
            count = pipe.recv_into(view[at:])
            if count == 0:
                raise Closed
            at += count
    return bytes(content)
