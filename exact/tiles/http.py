"""The tile route: a raw ASGI callable before Django's, because Django's own path costs more than the tile."""

import asyncio
import contextlib
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, replace
from functools import lru_cache
from http import HTTPStatus
from typing import Any, ParamSpec, TypeVar

import msgspec
from django.conf import settings
from django.http.cookie import parse_cookie

from exact.domain.errors import Busy, NotFound, Refusal, status_of
from exact.eventstore.errors import UNAVAILABLE
from exact.tiles.access import Access, Answer, Credential, access_by_accounts, access_to_labels
from exact.tiles.addresses import (
    Asked,
    Associated,
    Descriptor,
    IiifImage,
    Information,
    is_iiif,
    is_ours,
    read_path,
    root_of,
)
from exact.tiles.capabilities import set_cookie
from exact.tiles.encoders import MEDIA_TYPES
from exact.tiles.errors import BadLook, BadPicture, Contained, MissingFile, NoSuchTile, NotOffered, TileError
from exact.tiles.iiif import Picture, information, native_place, read_picture
from exact.tiles.iiif_request import FOR_ALL_ORIGINS, PREFLIGHT_HEADERS, IiifRequest
from exact.tiles.newest_first import NewestFirst
from exact.tiles.outline import Outline, as_json
from exact.tiles.pool.contained import PATIENCE_S, Asking, still_reading
from exact.tiles.render import RENDERER_VERSION
from exact.tiles.service import NATIVE, TileAddress, TileService, tag, tile_service
from exact.tiles.slide_cache import Original

Scope = MutableMapping[str, Any]  # Any: ASGI's
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = dict[bytes, bytes]
P = ParamSpec("P")
T = TypeVar("T")

RENDER_THREADS = 4
ACCESS_THREADS = 4
MAX_WAITING = 512
"""More requests than this are told to come again, so that a busy server answers at all."""
FOR_EVER = b"private, max-age=31536000, immutable"
FOR_A_DAY = b"private, max-age=86400"
"""Where the address does not say which renderer it means: a better one is seen tomorrow, after a 304 or anew."""
VERSIONED = re.compile(rb"(?:^|&)v=")
ASK_AGAIN = b"private, no-cache"
MAX_ADDRESSES = 4096
KEEP_NOWHERE = b"no-store"
VARY = b"authorization"
"""Not by cookie: it changes with every capability. The browser's cache is emptied when somebody signs in or out."""
CONTENT_DIGITS = 16


address_of = lru_cache(MAX_ADDRESSES)(read_path)
"""Several people look at the same place, and browsers ask again for what they hold: reading it once is enough."""


@dataclass(frozen=True)
class Reply:
    """A whole answer."""

    status: int
    body: bytes
    headers: Headers


PREFLIGHT = Reply(204, b"", PREFLIGHT_HEADERS)


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


class TileRoute:
    """Answers the tile path's URLs; hands everything else to the wrapped application."""

    def __init__(
        self,
        app: App,
        access: Access | None = None,
        service: TileService | None = None,
        labels: Access | None = None,
    ) -> None:
        self._app = app
        self._access = access or access_by_accounts()
        self._labels = labels or access_to_labels()
        self._given_service = service
        self._rendering = NewestFirst(RENDER_THREADS, "tile")
        self._asking = NewestFirst(ACCESS_THREADS, "tile-access")
        self._waiting = 0

    @property
    def _service(self) -> TileService:
        return self._given_service or tile_service()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_ours(scope["path"]):
            await self._app(scope, receive, send)
            return
        with contextlib.suppress(ClientGone):
            reply = await self._reply(scope, receive)
            if is_iiif(scope["path"]):
                reply = replace(reply, headers={**reply.headers, **FOR_ALL_ORIGINS})
            await send_reply(send, scope["method"], reply)

    async def _reply(self, scope: Scope, receive: Receive) -> Reply:
        if scope["method"] == "OPTIONS" and is_iiif(scope["path"]):
            return PREFLIGHT
        if scope["method"] not in ("GET", "HEAD"):
            return problem(405, "method_not_allowed", "Tiles can only be read.", {b"allow": b"GET, HEAD"})
        try:
            return await self._answer(scope, receive)
        except Refusal as refusal:
            headers = {b"retry-after": b"1"} if isinstance(refusal, Busy) else {}
            return problem(status_of(refusal), refusal.code, refusal.sentence, headers)
        except UNAVAILABLE:
            return problem(503, "busy", "The database could not answer just now; try again.", {b"retry-after": b"1"})
        except TileError as error:
            return problem(status_of_pixels(error), error.code, error.sentence)

    async def _answer(self, scope: Scope, receive: Receive) -> Reply:
        asked = address_of(scope["path"], scope.get("query_string", b"").decode("latin-1"))
        if asked is None:
            raise NotFound("This is not the address of a tile.")
        credential = credential_of(scope["headers"])
        access = self._labels if isinstance(asked.wanted, Associated) else self._access
        original = await self._original(access, credential, asked.image_number, receive)
        reply = kept_so_long(await self._wanted(scope, original, asked, receive), scope.get("query_string", b""))
        capability = self._capability(scope, credential, asked.image_number)
        return replace(reply, headers={**reply.headers, **capability}) if capability else reply

    async def _original(self, access: Access, credential: Credential, number: int, receive: Receive) -> Original:
        """Asks for access: before the ETag is compared and before any cache is looked into."""
        known = access.known(credential, number)
        if known is None:
            known = await self._work(receive, self._asking, lambda: access.ask(credential, number))
        return granted(known)

    def _capability(self, scope: Scope, credential: Credential, number: int) -> Headers:
        """The signed answer for the browser to keep, for this image's addresses of the family it asked in."""
        signed = self._access.to_keep(credential, number)
        if signed is None:
            return {}
        secure = settings.SESSION_COOKIE_SECURE or scope.get("scheme") == "https"
        return {b"set-cookie": set_cookie(signed, root_of(scope["path"]), secure=secure)}

    async def _wanted(self, scope: Scope, original: Original, asked: Asked, receive: Receive) -> Reply:
        if_none_match = dict(scope["headers"]).get(b"if-none-match", b"")
        match asked.wanted:
            case TileAddress() as address:
                return await self._tile(original, address, if_none_match, receive)
            case Descriptor(plane):
                return await self._descriptor(original, plane, receive)
            case Information():
                return await self._information(original, asked.image_number, if_none_match, receive)
            case Associated(name):
                return await self._associated(original, name, receive)
            case IiifImage() as image:
                outline = await self._outline(original, receive)
                outline.check_frame(image.plane, image.frame)
                return await self._iiif(original, image, outline, IiifRequest.of(scope), receive)

    async def _outline(self, original: Original, receive: Receive) -> Outline:
        known = self._service.known_outline(original)
        if known is None:
            known = await self._made(receive, self._service.outline, original)
        return known

    async def _information(self, original: Original, number: int, if_none_match: bytes, receive: Receive) -> Reply:
        outline = await self._outline(original, receive)
        content = original.sha256[:CONTENT_DIGITS]
        told = {"number": number, "version": RENDERER_VERSION, "content": content, **as_json(outline)}
        return document(msgspec.json.encode(told), b"application/json", if_none_match)

    async def _iiif(
        self, original: Original, image: IiifImage, outline: Outline, request: IiifRequest, receive: Receive
    ) -> Reply:
        """The same pixels by the addresses of the IIIF Image API; a tile of the native grid is exactly that tile."""
        _, grid = outline.plane(image.plane)
        if image.is_base:
            return Reply(303, b"", {b"location": request.uri.encode() + b"/info.json"})
        if image.asked is None:
            body = msgspec.json.encode(information(request.uri, grid))
            return document(body, request.media_type, request.if_none_match)
        picture = read_picture(image.asked, (grid.levels[0].width, grid.levels[0].height))
        place = native_place(picture, grid)
        if place is None:
            reply = await self._picture(original, image, picture, request.if_none_match, receive)
        else:
            form = picture.tile_format
            address = TileAddress(image.plane, image.frame, *place, form, image.look, NATIVE)
            reply = await self._tile(original, address, request.if_none_match, receive)
        return replace(reply, headers={**reply.headers, b"link": request.links(picture, grid)})

    async def _picture(
        self, original: Original, image: IiifImage, picture: Picture, if_none_match: bytes, receive: Receive
    ) -> Reply:
        etag = tag((original.sha256, RENDERER_VERSION, image.plane, image.frame, picture, image.look)).encode()
        headers = {b"cache-control": FOR_EVER, b"etag": etag, b"vary": VARY}
        if matches(if_none_match, etag):
            return Reply(304, b"", headers)
        asked = (image.plane, image.frame, picture, image.look)
        body = await self._made(receive, self._service.picture, original, *asked)
        return Reply(200, body, {b"content-type": MEDIA_TYPES[picture.tile_format].encode(), **headers})

    async def _descriptor(self, original: Original, plane: int, receive: Receive) -> Reply:
        body = await self._made(receive, self._service.descriptor, original, plane)
        return Reply(200, body, {b"content-type": b"application/xml", b"cache-control": ASK_AGAIN})

    async def _associated(self, original: Original, name: str, receive: Receive) -> Reply:
        body = await self._made(receive, self._service.associated, original, name)
        return Reply(200, body, {b"content-type": MEDIA_TYPES["jpeg"].encode(), b"cache-control": KEEP_NOWHERE})

    async def _tile(self, original: Original, address: TileAddress, if_none_match: bytes, receive: Receive) -> Reply:
        etag = address.etag(original.sha256).encode()
        headers = {b"cache-control": FOR_EVER, b"etag": etag, b"vary": VARY}
        if matches(if_none_match, etag):
            return Reply(304, b"", headers)
        body = self._service.known_tile(original, address)
        if body is None:
            await self._outline(original, receive)  # it tells what this process may read itself
            body = self._service.known_tile(original, address) if address.grid == NATIVE else None
        if body is None:
            body = await self._made(receive, self._service.tile, original, address)
        return Reply(200, body, {b"content-type": MEDIA_TYPES[address.tile_format].encode(), **headers})

    async def _made(self, receive: Receive, ask: Asking[P, T], file: Original, *args: P.args, **more: P.kwargs) -> T:
        """The answer of a thread here, or of a child of the pool; no thread waits for the child."""
        try:
            return await self._work(receive, self._rendering, lambda: ask.here(file, *args, **more))
        except Contained:
            later = asyncio.wrap_future(ask.in_pool(file, *args, **more))
            return await unless_gone(receive, later, PATIENCE_S)

    async def _work(self, receive: Receive, threads: NewestFirst, call: Callable[[], T]) -> T:
        """Runs in a thread, unless too many wait; what has not begun is dropped when the client goes away."""
        if self._waiting >= MAX_WAITING:
            raise Busy("The server is drawing too many tiles at once. Try again in a moment.")
        self._waiting += 1
        try:
            return await unless_gone(receive, asyncio.get_running_loop().run_in_executor(threads, call))
        finally:
            self._waiting -= 1


async def unless_gone(receive: Receive, work: "asyncio.Future[T]", patience_s: float | None = None) -> T:
    """The result, or ClientGone as soon as the connection is closed, or Busy when it takes too long."""
    gone = asyncio.ensure_future(_disconnected(receive))
    waited_for: set[asyncio.Future[Any]] = {work, gone}
    try:
        done, _ = await asyncio.wait(waited_for, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            raise still_reading()
        if not work.done():
            raise ClientGone
        return work.result()
    finally:
        gone.cancel()
        work.cancel()  # drops it if it has not begun; a running thread is left to end


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def kept_so_long(reply: Reply, query: bytes) -> Reply:
    """Pixels for ever under an address that names the renderer's version, and for a day under every other one."""
    if reply.headers.get(b"cache-control") != FOR_EVER or VERSIONED.search(query):
        return reply
    return replace(reply, headers={**reply.headers, b"cache-control": FOR_A_DAY})


def status_of_pixels(error: TileError) -> int:
    """400 for nonsense, 501 for what is not done here, 404 for what is not there, 422 for what the file cannot give."""
    if isinstance(error, BadLook | BadPicture):
        return 400
    if isinstance(error, NotOffered):
        return 501
    return 404 if isinstance(error, NoSuchTile | MissingFile) else 422


def granted(answer: Answer) -> Original:
    """The file, or the refusal raised anew: remembered ones must not collect tracebacks."""
    if isinstance(answer, Original):
        return answer
    raise type(answer)(answer.sentence)


def credential_of(headers: Iterable[tuple[bytes, bytes]]) -> Credential:
    """What the request shows of its sender."""
    authorization, cookies = "", ""
    for name, value in headers:
        if name == b"authorization":
            authorization = value.decode("latin-1")
        elif name == b"cookie":
            cookies = value.decode("latin-1")
    return Credential(authorization, parse_cookie(cookies) if cookies else {}, settings.SESSION_COOKIE_NAME)


def document(body: bytes, media_type: bytes, if_none_match: bytes) -> Reply:
    """What describes an image: asked for again each time, sent again only when it has changed."""
    etag = b'"' + hashlib.blake2b(body, digest_size=16).hexdigest().encode() + b'"'
    headers = {b"content-type": media_type, b"cache-control": ASK_AGAIN, b"etag": etag, b"vary": VARY}
    return Reply(304, b"", headers) if matches(if_none_match, etag) else Reply(200, body, headers)


def matches(if_none_match: bytes, etag: bytes) -> bool:
    """Whether the client holds this very tile."""
    held = (tag.strip().removeprefix(b"W/") for tag in if_none_match.split(b","))
    return any(tag in (etag, b"*") for tag in held)


def problem(status: int, code: str, sentence: str, headers: Headers | None = None) -> Reply:
    """The body that every room answers a refusal with."""
    body = msgspec.json.encode({"code": code, "detail": sentence})
    return Reply(status, body, {b"content-type": b"application/json", b"cache-control": b"no-store", **(headers or {})})


async def send_reply(send: Send, method: str, reply: Reply) -> None:
    """The whole of it, with its length."""
    headers = {**reply.headers, b"x-content-type-options": b"nosniff"}
    if reply.status != HTTPStatus.NOT_MODIFIED:
        headers[b"content-length"] = str(len(reply.body)).encode()
    await send({"type": "http.response.start", "status": reply.status, "headers": list(headers.items())})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else reply.body})
