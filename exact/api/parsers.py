"""Bodies of requests: of limited size, strict JSON without NaN, lone surrogates and NUL, which no database keeps."""

from collections.abc import Mapping
from typing import IO, Any

import msgspec
from django.conf import settings
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, DataAndFiles

from exact.api.negotiation import EVERYTHING
from exact.domain.errors import TooLarge

NUL_IN_JSON = b"\\u0000"
Context = Mapping[str, Any] | None  # Any: DRF's


class Json(BaseParser):
    """application/json, by msgspec."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Context = None) -> Any:
        body = read_limited(stream)
        try:
            data = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ParseError(f"The body is not JSON: {error}.") from None
        if NUL_IN_JSON in body and holds_nul(data):
            raise ParseError("The body holds a NUL character (\\u0000); leave it out.")
        return data


class Form(BaseParser):
    """application/x-www-form-urlencoded."""

    media_type = "application/x-www-form-urlencoded"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Context = None) -> QueryDict:
        return QueryDict(read_limited(stream), encoding="utf-8")


class Untouched(BaseParser):
    """multipart/form-data that the view reads itself, part by part: nobody may store a file before the right is known.

    Django would, as soon as anything asks for request.POST; the check of the CSRF token does.
    """

    media_type = "multipart/form-data"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Context = None) -> Any:
        return DataAndFiles(QueryDict(), MultiValueDict())


class Anything(Untouched):
    """A body of whatever kind that the view reads itself."""

    media_type = EVERYTHING


def read_limited(stream: IO[bytes]) -> bytes:
    """The whole body, or TooLarge."""
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body = stream.read(most + 1)
    if len(body) > most:
        raise TooLarge(f"The body is larger than {most >> 20} MiB; send it in several requests.")
    return body


def holds_nul(data: Any) -> bool:  # Any: JSON
    """Whether a text somewhere in it holds a NUL."""
    if isinstance(data, str):
        return "\x00" in data
    if isinstance(data, dict):
        return any(map(holds_nul, data)) or any(map(holds_nul, data.values()))
    return isinstance(data, list) and any(map(holds_nul, data))
