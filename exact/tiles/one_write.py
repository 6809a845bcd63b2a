"""uvicorn's protocol with one write for an answer, because head and body apart cost two system calls and wake-ups.

`uvicorn --http exact.tiles.one_write:OneWrite`. uvicorn writes the head when the answer starts; a tile's body follows
at once, but by then the head is on its way.
"""

import asyncio
from typing import Any

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD = b"HTTP/1.1 "
MOST_JOINED_BYTES = 256 * 1024


class Joined:
    """A transport that holds a head back until its body comes, at most until the loop's next turn."""

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:  # Any: asyncio's or uvloop's
        self._transport = transport
        self._loop = loop
        self._head = b""

    def __getattr__(self, name: str) -> Any:  # Any: whatever the transport has
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """The head waits; what comes after it goes with it."""
        if self._head:
            head, self._head = self._head, b""
            if len(data) > MOST_JOINED_BYTES:
                self._transport.write(head)
            else:
                data = head + data
        elif data.startswith(HEAD):
            self._head = data
            self._loop.call_soon(self.flush)
            return
        self._transport.write(data)

    def flush(self) -> None:
        """A head that nothing has followed goes alone."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)

    def close(self) -> None:
        """After everything was written."""
        self.flush()
        self._transport.close()


class OneWrite(HttpToolsProtocol):
    """As uvicorn's own, on such a transport."""

    @override
    def connection_made(self, transport: Any) -> None:  # Any: see above
        joined: Any = Joined(transport, self.loop)
        super().connection_made(joined)
