"""From a multipart body to images at once, as the ancestor's clients want it: registered and kept, or nothing is left.

The body is read part by part and never by Django's own parser: that would store files before anybody's right is known,
and would quietly repair names that must be refused.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.http.multipartparser import (
    FIELD,
    FILE,
    ChunkIter,
    LazyStream,
    MultiPartParserError,
    Parser,
)
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request

from exact.accounts.permissions import Permission
from exact.accounts.policy import require
from exact.api import scope
from exact.api.errors import as_refusal, body
from exact.api.people import asker
from exact.api.views import whole
from exact.api.wishes import already_made, headers_of, wish
from exact.commands.bus import Answer
from exact.domain.errors import Forbidden, Invalid, NotFound, Refusal
from exact.ingest.arrivals import Arrived, Aside, Group
from exact.ingest.cutting import cut_files
from exact.ingest.folders import unpacking
from exact.ingest.registering import refuse_twin, register, together
from exact.projections.models import ImageSetRow
from exact.storage.uploads import Upload, receiving
from exact.tiles.errors import TileError

CHUNK_BYTES = 256 * 1024
FIELD_MAX_BYTES = 4096
PARTS_MAX = 1000


@dataclass
class Taken:
    """What one request brought: the new images, and why the other files are none."""

    image_ids: list[UUID] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)  # Any: JSON
    refusals: list[Refusal] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    def add(self, answer: Answer) -> None:
        """One more image."""
        self.image_ids.append(answer.id)
        self.headers = headers_of(answer)

    def set_aside(self, aside: Aside) -> None:
        """One file that was passed over, or could not be taken."""
        if aside.harmless:
            self.passed_over.append(aside.path)
        else:
            self.refuse(aside.path, Invalid(aside.sentence, code=aside.code))

    def refuse(self, filename: str, refusal: Refusal) -> None:
        """One file that is no image."""
        self.refusals.append(refusal)
        self.errors.append({"name": filename, **body(refusal)})


@dataclass
class Part:
    """One part of the body: a field with its text, or a file with its bytes still to be read."""

    name: str
    filename: str | None
    stream: LazyStream

    def text(self) -> str:
        """A field's value, at most 4 kB."""
        value = self.stream.read(FIELD_MAX_BYTES + 1)
        if len(value) > FIELD_MAX_BYTES:
            raise Invalid(f"The field {self.name} is too long.", code="field_too_long")
        return value.decode(errors="replace")


def taken(request: Request) -> Taken:
    """Take every file of the request. When all are refused, the first refusal is raised with all of them in it."""
    result = Taken()
    with ExitStack() as waiting:
        into: ImageSetRow | None = named_set(request, request.query_params.get("image_set"))
        early: list[Upload] = []
        for part in parts(request):
            if part.filename is None:
                if part.name == "image_set":
                    into = named_set(request, part.text())
            elif into is None:
                refuse_strangers(request)
                early += received(part, result, waiting)
            else:
                with ExitStack() as now:
                    for upload in received(part, result, now):
                        take(request, upload, into, result)
        if into is None:
            raise Invalid("Say with the field `image_set` which set the files are for.", code="image_set_missing")
        for upload in early:
            take(request, upload, into, result)
    return answered(result)


def answered(result: Taken) -> Taken:
    """The result, unless nothing came of the request."""
    if result.image_ids:
        return result
    if not result.refusals:
        raise Invalid("The request holds no file.", code="no_file")
    first = result.refusals[0]
    first.details["errors"] = result.errors
    raise first


def parts(request: Request) -> Iterator[Part]:
    """The parts of the body, one after the other; what was not read of one is skipped."""
    stream = LazyStream(ChunkIter(request._request, CHUNK_BYTES))  # noqa: SLF001 - DRF gives no other way to the bytes
    try:
        for count, (kind, headers, part_stream) in enumerate(Parser(stream, boundary(request))):
            if count > PARTS_MAX:
                raise Invalid(f"At most {PARTS_MAX} files and fields in one request.", code="too_many_parts")
            if kind in {FIELD, FILE}:
                yield part_of(headers, part_stream)
            for _ in part_stream:  # what was not read of it
                pass
    except MultiPartParserError as error:
        raise Invalid(f"The multipart body is broken: {error}.", code="multipart") from None


def boundary(request: Request) -> bytes:
    """What stands between the parts."""
    media_type, options = parse_header_parameters(request.content_type or "")
    if media_type != "multipart/form-data":
        raise UnsupportedMediaType(media_type, "Upload files as multipart/form-data.")
    value = options.get("boundary", "")
    if not value or not value.isascii() or len(value) > 200:
        raise Invalid("The Content-Type names no boundary.", code="multipart")
    return str(value).encode()


def part_of(headers: Any, stream: LazyStream) -> Part:  # Any: what Django's parser makes of a part's headers
    """A part, with its file name as it was sent: nothing is cut off or repaired."""
    options = {name: value.decode() for name, value in headers["content-disposition"][1].items()}
    if headers.get("content-transfer-encoding", ("binary",))[0].strip() not in {"binary", "8bit", "7bit"}:
        raise Invalid("Send files as they are, without a transfer encoding.", code="multipart")
    return Part(options.get("name", ""), options.get("filename") or None, stream)


def named_set(request: Request, number: str | None) -> ImageSetRow | None:
    """The set that the request names, when the person may upload into it; asked before a byte of a file is stored."""
    if number is None:
        return None
    found = scope.offered(ImageSetRow, asker(request)).filter(number=whole(number.strip())).first()
    if found is None:
        raise NotFound("There is no such image set, or it belongs to another team.", what="image set")
    require(asker(request), Permission.UPLOAD, found.team_id)
    return found


def refuse_strangers(request: Request) -> None:
    """A file that comes before its set is received for those only who may upload somewhere."""
    if not scope.teams_where(asker(request), Permission.UPLOAD).exists():
        raise Forbidden("You may not upload files in any team.", code="forbidden")


def received(part: Part, result: Taken, stack: ExitStack) -> list[Upload]:
    """The file while the stack lives; none when its name or size is refused."""
    try:
        return [stack.enter_context(receiving(iter(part.stream), part.filename or ""))]
    except Refusal as refusal:
        result.refuse(part.filename or "", refusal)
        return []


def take(request: Request, upload: Upload, into: ImageSetRow, result: Taken) -> None:
    """One file becomes an image, and a zip as many as are in it; each is registered or refused by itself."""
    arrived = Arrived(upload.filename, upload.path, upload.sha256, upload.size_bytes)
    with unpacking() as folder:
        cut = cut_files([arrived], folder)
        for aside in cut.aside:
            result.set_aside(aside)
        for group in cut.groups:
            try:
                result.add(registered(request, group, into))
            except (Refusal, TileError) as error:
                refusal = as_refusal(error)
                assert isinstance(refusal, Refusal)
                result.refuse(group.name, refusal)


def registered(request: Request, group: Group, into: ImageSetRow) -> Answer:
    """Read it, then register and keep it together."""
    with together(group) as image:
        part = f":{image.sha256}"
        if already_made(request, part) is None:
            refuse_twin(image.sha256, into.id)
        return register(image, into.id, lambda wished: wish(request, wished, part=part))
