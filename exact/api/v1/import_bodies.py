"""The body of POST annotations/imports: a file as it is, or in a form; with what is asked beside it."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from rest_framework.request import Request

from exact.api import scope
from exact.api.people import asker
from exact.api.v1.uploads import CHUNK_BYTES, parts
from exact.api.views import whole
from exact.api.wishes import idempotency_key
from exact.domain.errors import Invalid, NotFound, Unsupported
from exact.domain.imports import Origin
from exact.exchange.models import ImportRun, OnBadRows
from exact.exchange.receiving import Asked, receive
from exact.projections.models import ImageRow, ImageSetRow

Words = Mapping[str, str]
ENCODINGS = {"", "identity", "gzip"}


def received(request: Request) -> ImportRun:
    """Take the body, whichever way it comes."""
    refuse_encoding(request)
    if (request.content_type or "").startswith("multipart/"):
        return from_form(request)
    words = words_of(request)
    asked = asked_in(request, words, words.get("filename") or "annotations")
    return receive(asked, blocks(request), asker(request), idempotency_key(request))


def words_of(request: Request) -> dict[str, str]:
    """The query; of a word that stands twice the last counts."""
    return {name: str(value) for name, value in request.query_params.items()}


def refuse_encoding(request: Request) -> None:
    """gzip is seen by content, whether or not it is said; nothing else can be unpacked."""
    if request.headers.get("Content-Encoding", "").strip().lower() not in ENCODINGS:
        raise Unsupported("Send the file as it is or packed with gzip.", code="content_encoding")


def from_form(request: Request) -> ImportRun:
    """The first file of a form; fields that come before it say the same as the query does."""
    words = words_of(request)
    for part in parts(request):
        if part.filename is not None:
            asked = asked_in(request, words, part.filename)
            return receive(asked, iter(part.stream), asker(request), idempotency_key(request))
        words[part.name] = part.text()
    raise Invalid("The form holds no file.", code="no_file")


def blocks(request: Request) -> Iterator[bytes]:
    """The body a block at a time."""
    while block := request._request.read(CHUNK_BYTES):  # noqa: SLF001 - DRF gives no other way to the bytes
        yield block


def asked_in(request: Request, words: Words, filename: str) -> Asked:
    """What the query and the fields ask for."""
    image_set_id, image = place_in(request, words)
    return Asked(
        image_set_id=image_set_id,
        image=image,
        annotation_type=number_or_name(words.get("annotation_type")),
        format=words.get("format") or None,
        filename=filename,
        on_bad_rows=policy(words.get("on_bad_rows") or OnBadRows.REFUSE),
        origin=origin_in(words),
    )


def place_in(request: Request, words: Words) -> tuple[Any, int | None]:
    """The set, named by itself or by the one image that every row is for."""
    image, image_set = words.get("image"), words.get("image_set")
    if image:
        found: Any = one(request, ImageRow, image, "image")
        if image_set and found.image_set_id != one(request, ImageSetRow, image_set, "image set").id:
            raise Invalid("The image is not in this set.", code="image_set")
        return found.image_set_id, found.number
    if not image_set:
        raise Invalid("Say with `image_set` or `image` what the file is for.", code="image_set_missing")
    return one(request, ImageSetRow, image_set, "image set").id, None


def one(request: Request, model: type[Any], number: str, what: str) -> Any:  # Any: a row of that table
    """A thing of mine by its public number."""
    found = scope.offered(model, asker(request)).filter(number=whole(number.strip())).first()
    if found is None:
        raise NotFound(f"There is no such {what}, or it belongs to another team.", what=what)
    return found


def number_or_name(word: str | None) -> int | str | None:
    """A public number where it is one."""
    return (whole(word) or word) if word else None


def policy(word: str) -> OnBadRows:
    """What a bad row does to the others."""
    try:
        return OnBadRows(word)
    except ValueError:
        words = ", ".join(one.value for one in OnBadRows)
        raise Invalid(f"`on_bad_rows` is one of {words}.", code="on_bad_rows") from None


def origin_in(words: Words) -> Origin:
    """What made the annotations."""
    names = ("source", "model", "model_digest")
    return Origin(parameters=parameters_in(words), **{name: words.get(name, "") for name in names})


def parameters_in(words: Words) -> dict[str, Any] | None:  # Any: JSON
    """The model's parameters, a JSON object."""
    if not words.get("parameters"):
        return None
    try:
        return msgspec.json.decode(words["parameters"], type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        raise Invalid("`parameters` is a JSON object.", code="parameters_invalid") from None
