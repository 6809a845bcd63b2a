"""The child of the pool: confines itself, then answers calls with a TileService of its own until its parent is gone.

`python -m exact.tiles.pool.child DESCRIPTOR PARENT SETUP`: the socket's number, the parent's process, a Setup as JSON.
"""

import os
import socket
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from exact.tiles.errors import ReaderFailed, TileError
from exact.tiles.pool import limits, messages
from exact.tiles.pool.messages import ANSWER, CALL_MAX_BYTES, EXHAUSTED, PROBLEM, READY, Call, Problem, Setup

if TYPE_CHECKING:  # the image libraries are loaded after the limits are set
    from exact.tiles.service import TileService


def service_of(setup: Setup) -> "TileService":
    """Opens anything; keeps no encoded tiles, because the parent does."""
    from exact.tiles.formats import open_image
    from exact.tiles.service import TileService
    from exact.tiles.slide_cache import SlideCache
    from exact.tiles.source import OpenOptions
    from exact.tiles.tile_cache import TileCache

    slides = SlideCache(
        lambda file: open_image(file.path, OpenOptions(Path(setup.cache), file.sha256, setup.picture_max_pixels)),
        max_handles=setup.max_handles,
        max_bytes=setup.max_bytes,
    )
    return TileService(slides, TileCache(0))


def answer(service: "TileService", call: Call) -> tuple[bytes, bytes]:
    """Kind and content of what is sent back; whatever a parser raises becomes a sentence."""
    try:
        return ANSWER, msgspec.msgpack.encode(made(service, call))
    except TileError as error:
        return PROBLEM, msgspec.msgpack.encode(Problem.of(error))
    except MemoryError:
        return EXHAUSTED, b""
    except Exception:  # noqa: BLE001 - parsers raise anything; it is told to the parent, which logs it
        failed = ReaderFailed("Reading this file made its reader fail: it is damaged, or of a kind that is not read.")
        return PROBLEM, msgspec.msgpack.encode(Problem.of(failed, traceback.format_exc(limit=-6)))


def made(service: "TileService", call: Call) -> Any:  # Any: whatever the method returns
    """The method's answer."""
    from exact.tiles.slide_cache import Original

    method = type(service).__dict__[call.method]
    return method.method(service, Original(call.sha256, Path(call.path)), **method.read(call.arguments))


def serve(pipe: socket.socket, service: "TileService", cpu_s: float) -> None:
    """One call after the other. After one that took all memory nothing of this process is to be relied on."""
    messages.send(pipe, READY, b"")
    while True:
        call = messages.receive(pipe, CALL_MAX_BYTES)
        limits.allow_cpu(cpu_s)
        kind, told = answer(service, msgspec.msgpack.decode(call.content, type=Call))
        if len(told) > messages.ANSWER_MAX_BYTES:
            kind, told = PROBLEM, msgspec.msgpack.encode(Problem.of(TileError("This is too large to be sent at once.")))
        messages.send(pipe, kind, told, (len(service.slides), service.slides.held_bytes))
        if kind == EXHAUSTED:
            return


def main(arguments: list[str]) -> None:
    """Ends when the parent closes the socket."""
    descriptor, parent, told = arguments
    setup = msgspec.json.decode(told, type=Setup)
    limits.confine(setup.heap_bytes, int(parent))
    with socket.socket(fileno=int(descriptor)) as pipe:
        try:
            serve(pipe, service_of(setup), setup.cpu_s)
        except (messages.Closed, ConnectionError):
            os._exit(0)  # nobody is left to hear how the libraries come to an end


if __name__ == "__main__":
    main(sys.argv[1:])
