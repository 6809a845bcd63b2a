"""Resumable uploads by the tus protocol, 1.0.0: a raw ASGI route, because Django would store the body first.

Extensions: creation, creation-with-upload, termination, expiration, checksum. What a file belongs to stands in
Upload-Metadata: `filename` or `relativePath`, `image_set`, and `delivery`, a UUID that files sent together share.
"""

import asyncio
import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import timedelta
from email.utils import format_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import close_old_connections
from django.http.cookie import parse_cookie
from django.utils import timezone

from exact.accounts.authentication import person_from_headers
from exact.accounts.policy import Person
from exact.api.errors import RETRY_AFTER_S, as_refusal, body
from exact.api.limits import App, Receive, Scope, Send
from exact.datasets.work import enqueue
from exact.domain.errors import Busy, Conflict, Forbidden, Invalid, NotSignedIn, Refusal, status_of
from exact.eventstore.errors import UNAVAILABLE
from exact.ingest.deliveries import (
    Announced,
    announce,
    arrived,
    drop,
    file_of,
    is_complete,
    offset_of,
    path_of,
    touched,
)
from exact.ingest.models import DeliveredFile
from exact.ingest.parts import Locked, Part, appending

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,expiration,checksum"
ADDRESS = re.compile(r"/api/v1/uploads/(?:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/?)?")
PIECE_BYTES = 2**20
METADATA_MAX_BYTES = 16 * 1024
CHECKSUMS: dict[str, Callable[[], Any]] = {  # Any: hashlib's own kind
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
    "md5": lambda: hashlib.md5(usedforsecurity=False),
}
T = TypeVar("T")
Headers = Mapping[str, str]


class WrongVersion(Refusal):
    """Another protocol version, or none: also what a page of another site cannot send without being asked first."""

    code = "tus_version"


class WrongChecksum(Refusal):
    """The piece is not what its sender says; it was not kept."""

    code = "checksum"


class NoOffset(Refusal):
    """A piece of another kind than the protocol has."""

    code = "content_type"


STATUS: dict[type[Refusal], int] = {WrongVersion: 412, WrongChecksum: 460, NoOffset: 415, Locked: 423}


class Gone(Exception):
    """The client closed the connection; what has come stays."""


class Answer(msgspec.Struct, frozen=True):
    """What is sent back."""

    status: int
    headers: dict[str, str] = {}
    body: bytes = b""


class TusRoute:
    """Takes what is addressed to uploads; everything else goes on to the application."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        found = ADDRESS.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if found is None:
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        method = str(headers.get("x-http-method-override") or scope["method"]).upper()
        try:
            answer = await answered(method, UUID(found[1]) if found[1] else None, headers, receive)
        except Gone:
            return
        except (Refusal, *UNAVAILABLE) as error:
            refusal = as_refusal(error)
            assert isinstance(refusal, Refusal), "the table knows a database that is away"
            answer = refused(refusal)
        await _send(send, scope["method"], answer)


async def answered(method: str, file_id: UUID | None, headers: Headers, receive: Receive) -> Answer:
    """The protocol's methods."""
    if method == "OPTIONS":
        return options()
    if headers.get("tus-resumable") != VERSION:
        raise WrongVersion(f"This address speaks the tus protocol {VERSION}: send the header Tus-Resumable.")
    refuse_other_sites(headers)
    person = await in_thread(lambda: person_of(headers))
    if method == "POST" and file_id is None:
        return await create(headers, person, receive)
    if file_id is not None and method in {"HEAD", "PATCH", "DELETE"}:
        file = await in_thread(lambda: file_of(file_id, person))
        if method == "PATCH":
            return await patch(file, headers, receive)
        return await in_thread(lambda: head(file) if method == "HEAD" else delete(file))
    return Answer(405, {"Allow": "OPTIONS, POST" if file_id is None else "OPTIONS, HEAD, PATCH, DELETE"})


def options() -> Answer:
    """What this server can do."""
    return Answer(204, {
        "Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Max-Size": str(settings.UPLOAD_MAX_BYTES),
        "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
    })  # fmt: skip


async def create(headers: Headers, person: Person, receive: Receive) -> Answer:
    """A place for a file; with its first bytes, if they come along."""
    wanted = announced(headers)
    file = await in_thread(lambda: announce(wanted, person))
    told = {"Location": f"/api/v1/uploads/{file.id}", **expiry()}
    if headers.get("content-type") == "application/offset+octet-stream" or file.size_bytes == 0:
        offset = await append(file, 0, headers, receive)
        told["Upload-Offset"] = str(offset)
    return Answer(201, told)


def announced(headers: Headers) -> Announced:
    """What the headers say of the file that is to come."""
    length = headers.get("upload-length", "")
    if not length.isdecimal():
        raise Invalid("Upload-Length says how many bytes the file has; it is needed.", code="upload_length")
    told = metadata(headers.get("upload-metadata", ""))
    if not told.get("image_set", "").isdecimal() or len(told["image_set"]) > 9:
        raise Invalid("Say in Upload-Metadata with `image_set` which set the file is for.", code="image_set_missing")
    modified = told.get("modified", "")
    return Announced(
        path=told.get("relativePath") or told.get("filename", ""),
        size_bytes=min(int(length[:19]), 2**62),
        image_set=int(told["image_set"]),
        delivery_id=delivery_id(told.get("delivery", "")),
        modified_ms=int(modified) if modified.isdecimal() and len(modified) < 16 else None,
        metadata=headers.get("upload-metadata", ""),
    )


def metadata(header: str) -> dict[str, str]:
    """Names and texts of the header Upload-Metadata."""
    if len(header) > METADATA_MAX_BYTES:
        raise Invalid("Upload-Metadata is too long.", code="upload_metadata")
    told = {}
    for pair in filter(None, header.split(",")):
        name, _, value = pair.strip().partition(" ")
        try:
            told[name] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            raise Invalid(f"{name[:80]} in Upload-Metadata is not text in base64.", code="upload_metadata") from None
    return told


def delivery_id(text: str) -> UUID | None:
    """The delivery that the file is part of."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Invalid("`delivery` is a UUID that the client chooses.", code="upload_metadata") from None


def head(file: DeliveredFile) -> Answer:
    """How much has come; a server that was killed after the last byte finds here that it is whole."""
    if is_complete(file) and arrived(file, ""):
        enqueue("run_delivery", str(file.delivery_id))
    told = {"Upload-Offset": str(offset_of(file)), "Upload-Length": str(file.size_bytes), "Cache-Control": "no-store"}
    return Answer(200, told | ({"Upload-Metadata": file.metadata} if file.metadata else {}) | expiry())


async def patch(file: DeliveredFile, headers: Headers, receive: Receive) -> Answer:
    """The next piece."""
    if headers.get("content-type") != "application/offset+octet-stream":
        raise NoOffset("A piece of a file has the type application/offset+octet-stream.")
    offset = headers.get("upload-offset", "")
    if not offset.isdecimal():
        raise Invalid("Upload-Offset says where the piece begins; it is needed.", code="upload_offset")
    if file.whole:
        raise Conflict("The whole file is here.", code="upload_offset", offset=file.size_bytes)
    now = await append(file, int(offset[:19]), headers, receive)
    return Answer(204, {"Upload-Offset": str(now), **expiry()})


def delete(file: DeliveredFile) -> Answer:
    """It is not sent after all."""
    drop(file)
    return Answer(204)


async def append(file: DeliveredFile, offset: int, headers: Headers, receive: Receive) -> int:
    """Writes while it comes; answers how much there is now. What has come of a broken piece stays."""
    algorithm, expected = checksum(headers)
    digest = CHECKSUMS[algorithm]() if algorithm else None
    await in_thread(lambda: begin(file, offset if digest else None))
    with ExitStack() as stack:
        opening = appending(path_of(file), file.id, file.size_bytes, file.unchecked_from)
        part = await asyncio.to_thread(stack.enter_context, opening)  # it may have to read what came before
        if part.offset != offset:
            raise Conflict(f"{part.offset} bytes have come, and the piece begins at {offset}.", code="upload_offset")
        try:
            await receive_into(part, receive, digest)
        except Gone:
            if digest:
                part.take_back()
            raise
        if digest and digest.digest() != expected:
            part.take_back()
            raise WrongChecksum("The piece is not what its checksum says: it was damaged on the way. Send it again.")
        return await asyncio.to_thread(end, file, part)


def begin(file: DeliveredFile, unchecked_from: int | None) -> None:
    """What a crash must not lose."""
    touched(file.delivery_id)
    if unchecked_from is not None and file.unchecked_from is None:
        DeliveredFile.objects.filter(id=file.id).update(unchecked_from=unchecked_from)


def end(file: DeliveredFile, part: Part) -> int:
    """The piece is here; with the last one the work may begin."""
    close_old_connections()
    try:
        if part.offset < file.size_bytes:
            DeliveredFile.objects.filter(id=file.id, unchecked_from__isnull=False).update(unchecked_from=None)
        elif arrived(file, part.sha256()):
            enqueue("run_delivery", str(file.delivery_id))
    finally:
        close_old_connections()
    return part.offset


async def receive_into(part: Part, receive: Receive, digest: Any) -> None:  # Any: hashlib's own kind
    """Everything that comes, a megabyte at a time, in a thread."""
    waiting = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            await asyncio.to_thread(_write, part, bytes(waiting), digest)
            raise Gone
        waiting += message.get("body", b"")
        more = message.get("more_body", False)
        if len(waiting) >= PIECE_BYTES or not more:
            await asyncio.to_thread(_write, part, bytes(waiting), digest)
            waiting.clear()


def _write(part: Part, piece: bytes, digest: Any) -> None:  # Any: hashlib's own kind
    part.append(piece)
    if digest:
        digest.update(piece)


def checksum(headers: Headers) -> tuple[str, bytes]:
    """Algorithm and value of Upload-Checksum; empty where there is none."""
    value = headers.get("upload-checksum")
    if not value:
        return "", b""
    algorithm, _, encoded = value.partition(" ")
    try:
        expected = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        expected = b""
    if algorithm not in CHECKSUMS or not expected:
        raise Invalid(
            f"Upload-Checksum is one of {', '.join(CHECKSUMS)} and a value in base64.", code="upload_checksum"
        )
    return algorithm, expected


def refuse_other_sites(headers: Headers) -> None:
    """A page of another site cannot send with the session of whoever looks at it."""
    origin = headers.get("origin")
    if origin and origin not in settings.CSRF_TRUSTED_ORIGINS and urlsplit(origin).netloc != headers.get("host"):
        raise Forbidden("This page belongs to another site.", code="other_site")


def person_of(headers: Headers) -> Person:
    """Who sends."""
    person = person_from_headers(headers, parse_cookie(headers.get("cookie", "")))
    if person is None:
        raise NotSignedIn("Sign in first.")
    return person


def expiry() -> dict[str, str]:
    """When the file is given up if nothing more comes."""
    until = timezone.now() + timedelta(hours=settings.UPLOAD_EXPIRES_H)
    return {"Upload-Expires": format_datetime(until, usegmt=True)}


async def in_thread(call: Callable[[], T]) -> T:
    """Asks the database, on a connection that is looked after as Django does around a request."""

    def asked() -> T:
        close_old_connections()
        try:
            return call()
        finally:
            close_old_connections()

    return await asyncio.to_thread(asked)


def refused(refusal: Refusal) -> Answer:
    """The refusal as everywhere, with the protocol's own status where it has one."""
    status = next((STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS), status_of(refusal))
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    if isinstance(refusal, Busy):
        headers["Retry-After"] = str(RETRY_AFTER_S)
    return Answer(status, headers, msgspec.json.encode(body(refusal)))


async def _send(send: Send, method: str, answer: Answer) -> None:
    told = {"Tus-Resumable": VERSION, "X-Content-Type-Options": "nosniff", **answer.headers}
    if answer.status != 204:
        told["Content-Length"] = str(len(answer.body))
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in told.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else answer.body})
