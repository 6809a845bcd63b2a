"""How much a request may bring, decided before Django stores a byte of it: an ASGI server's body goes to disk first."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec
from channels.db import database_sync_to_async
from django.conf import settings
from django.http.cookie import parse_cookie

from exact.accounts.authentication import person_from_headers
from exact.api.errors import RETRY_AFTER_S, as_refusal, body
from exact.domain.errors import Busy, NotSignedIn, Refusal, TooLarge, status_of
from exact.eventstore.errors import UNAVAILABLE
from exact.storage.disk import disk_full_refused

Scope = MutableMapping[str, Any]  # Any: ASGI's
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

UPLOADS = "/api/v1/images/images"
IMPORTS = "/api/v1/annotations/imports"
SLACK_BYTES = 2**20
"""What a multipart body has besides its file."""


class BodyLimit:
    """A file only for the routes that take files, and only from somebody who is signed in."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what is too large as soon as it is known to be."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            await refuse(scope, headers)
        except (Refusal, *UNAVAILABLE) as error:
            refusal = as_refusal(error)
            assert isinstance(refusal, Refusal), "the table knows a database that is away"
            await say(refusal, send)
            return
        await Counted(limit_of(scope), receive, send).run(self.app, scope)


async def refuse(scope: Scope, headers: dict[str, str]) -> None:
    """What the headers alone tell."""
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit_of(scope):
        raise too_large(limit_of(scope))
    if file_limit(scope) is not None:
        cookies = parse_cookie(headers.get("cookie", ""))
        if await database_sync_to_async(person_from_headers)(headers, cookies) is None:
            raise NotSignedIn("Sign in first.")


class Counted:
    """One request whose body is counted while it comes, because it need not say how long it is."""

    def __init__(self, limit: int, receive: Receive, send: Send) -> None:
        self.limit, self.receive, self.send = limit, receive, send
        self.bytes = 0
        self.answered = False

    async def run(self, app: App, scope: Scope) -> None:
        """The application sees a client that goes away when it brings too much; a full disk is told like everywhere."""
        try:
            with disk_full_refused():  # Django puts what is large into a file before anybody sees it
                await app(scope, self.counted, self.watched)
        except Busy as refusal:
            if self.answered:
                raise
            await say(refusal, self.send)
        if self.bytes > self.limit and not self.answered:
            await say(too_large(self.limit), self.send)

    async def counted(self) -> Message:
        """The next piece."""
        message = await self.receive()
        self.bytes += len(message.get("body", b""))
        return message if self.bytes <= self.limit else {"type": "http.disconnect"}

    async def watched(self, message: Message) -> None:
        """The application's answer."""
        self.answered = True
        await self.send(message)


def file_limit(scope: Scope) -> int | None:
    """Bytes of a file that the route takes; None where it takes none."""
    if scope["method"] != "POST":
        return None
    limits: dict[str, int] = {UPLOADS: settings.UPLOAD_MAX_BYTES, IMPORTS: settings.IMPORT_MAX_BYTES}
    return limits.get(scope["path"].rstrip("/"))


def limit_of(scope: Scope) -> int:
    """Bytes that the route takes."""
    small: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    large = file_limit(scope)
    return small if large is None else large + SLACK_BYTES


def too_large(limit: int) -> TooLarge:
    """The refusal, with the limit in words."""
    return TooLarge(f"This is more than the {limit / 2**20:,.0f} MiB that may be sent here.", limit_bytes=limit)


async def say(refusal: Refusal, send: Send) -> None:
    """The refusal as an answer; the connection ends, because the rest of the body is not read."""
    text = msgspec.json.encode(body(refusal))
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(text)).encode()),
               (b"connection", b"close")]  # fmt: skip
    if isinstance(refusal, Busy):
        headers.append((b"retry-after", str(RETRY_AFTER_S).encode()))
    await send({"type": "http.response.start", "status": status_of(refusal), "headers": headers})
    await send({"type": "http.response.body", "body": text})
