"""/static/ as a raw ASGI route: the built client, compressed once, cached for ever where the name holds a hash.

nginx serves the same folder in compose; here it is daphne, so that `make up` needs one port and no second server.
"""

import asyncio
import gzip
import hashlib
import mimetypes
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

Scope = MutableMapping[str, Any]  # Any: ASGI's
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PREFIX = "/static/"
HASHED = re.compile(r"/dist/assets/[^/]+-[\w-]{8}\.\w+$")
"""Vite's names: `viewer-B1x8_kzQ.js` never changes its content."""
WORTH_COMPRESSING = re.compile(r"^(text/|application/(javascript|json|wasm)|image/svg)")
FOR_EVER, ASK_AGAIN = b"public, max-age=31536000, immutable", b"public, no-cache"
KEPT_FILES = 256
BUILT = Path(__file__).with_name("static")


@dataclass(frozen=True)
class Held:
    """A file's bytes as they are sent."""

    plain: bytes
    packed: bytes | None
    kind: bytes
    etag: bytes


@lru_cache(maxsize=KEPT_FILES)
def held(path: Path, _changed_ns: int, _size_bytes: int) -> Held:
    """Read and compressed once for each state of the file."""
    plain = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    packed = gzip.compress(plain, 6, mtime=0) if len(plain) > 1024 and WORTH_COMPRESSING.match(kind) else None
    text = kind.startswith("text/")
    etag = hashlib.sha256(plain).hexdigest()[:24]
    return Held(plain, packed, f"{kind}{'; charset=utf-8' if text else ''}".encode(), f'W/"{etag}"'.encode())


class StaticRoute:
    """Answers what lies below /static/, and hands everything else on."""

    def __init__(self, application: App, folder: Path = BUILT) -> None:
        self.application = application
        self.folder = folder.resolve()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self._answer(scope, send)
        else:
            await self.application(scope, receive, send)

    async def _answer(self, scope: Scope, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await respond(send, 405, [(b"allow", b"GET, HEAD")])
            return
        file = await asyncio.to_thread(self._file, scope["path"])
        if file is None:
            await respond(send, 404, [])
            return
        await self._send(scope, send, file)

    def _file(self, path: str) -> Held | None:
        """None for what is not there, and for what would lead out of the folder."""
        try:
            wanted = (self.folder / path.removeprefix(PREFIX)).resolve()
            about = wanted.stat()
            inside = wanted.is_relative_to(self.folder) and wanted.is_file()
            return held(wanted, about.st_mtime_ns, about.st_size) if inside else None
        except (OSError, ValueError):  # ValueError: a zero byte in the name
            return None

    async def _send(self, scope: Scope, send: Send, file: Held) -> None:
        asked = {name.lower(): value for name, value in scope["headers"]}
        cached = FOR_EVER if HASHED.search(scope["path"]) else ASK_AGAIN
        headers = [(b"etag", file.etag), (b"cache-control", cached), (b"vary", b"Accept-Encoding")]
        if file.etag in asked.get(b"if-none-match", b""):
            await respond(send, 304, headers)
            return
        packed = file.packed if b"gzip" in asked.get(b"accept-encoding", b"") else None
        headers += [(b"content-type", file.kind), *([(b"content-encoding", b"gzip")] if packed else [])]
        body = packed or file.plain
        headers.append((b"content-length", str(len(body)).encode()))
        await respond(send, 200, headers, b"" if scope["method"] == "HEAD" else body)


async def respond(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes = b"") -> None:
    """One whole answer."""
    safe = [(b"x-content-type-options", b"nosniff"), *headers]
    await send({"type": "http.response.start", "status": status, "headers": safe, "trailers": False})
    await send({"type": "http.response.body", "body": body, "more_body": False})
