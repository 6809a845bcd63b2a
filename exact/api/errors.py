"""One table from refusals to HTTP: a code for programs, a sentence for people, and what else helps."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec
from django.db import DataError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from exact.domain.errors import Busy, Invalid, NotFound, Refusal, status_of
from exact.eventstore.errors import UNAVAILABLE
from exact.tiles.errors import MissingFile, NoSuchTile, TileError

RETRY_AFTER_S = 2


def answer(error: Exception, context: dict[str, Any]) -> Response | None:  # Any: DRF's contract
    """DRF's exception handler: refusals by the table, DRF's own errors with a code and a sentence beside the fields."""
    error = as_refusal(error)
    if isinstance(error, Refusal):
        return refused(error)
    response = exception_handler(error, context)
    if response is not None:
        response.data = explained(response.data, code_of(error))
    return response


def as_refusal(error: Exception) -> Exception:
    """What other rooms raise in their own words, as a refusal."""
    if isinstance(error, NoSuchTile):
        return Invalid(error.sentence, code=error.code)
    if isinstance(error, MissingFile):
        return NotFound(error.sentence, code=error.code)
    if isinstance(error, TileError):
        return Refusal(error.sentence, code=error.code)
    if isinstance(error, DataError):
        return Invalid("The database cannot keep one of these values: it is too large or no text.", code="value")
    if isinstance(error, UNAVAILABLE):
        return Busy("The database could not answer just now; try again.", reason=type(error).__name__)
    if isinstance(error, Http404):
        return NotFound("There is no such thing, or it belongs to another team.")
    return error


def refused(refusal: Refusal) -> Response:
    """The refusal as JSON."""
    headers = {"Retry-After": str(RETRY_AFTER_S)} if isinstance(refusal, Busy) else {}
    return Response(body(refusal), status=status_of(refusal), headers=headers)


def body(refusal: Refusal) -> dict[str, Any]:  # Any: JSON
    """`{"code", "detail", ...}`; the same over the socket and from the tile path."""
    details = {name: plain(value) for name, value in refusal.details.items()}
    return {**details, "code": refusal.code, "detail": refusal.sentence}


def plain(value: Any) -> Any:  # Any: a detail of whatever kind
    """A detail as JSON."""
    return msgspec.to_builtins(value, builtin_types=()) if not isinstance(value, UUID) else str(value)


def explained(data: Any, code: str) -> dict[str, Any]:  # Any: what DRF says
    """DRF's map of fields, or its bare list, with a code and a sentence."""
    if isinstance(data, dict) and "detail" in data:
        return {**data, "code": code}
    fields = data if isinstance(data, dict) else {"errors": data}
    return {**fields, "code": code, "detail": " ".join(sentences("", data))}


def sentences(name: str, said: Any) -> Iterator[str]:  # Any: DRF's nested lists and maps
    """What is wrong with each field, one after the other."""
    if isinstance(said, dict):
        for key, value in said.items():
            yield from sentences(str(key), value)
    elif isinstance(said, list):
        for index, value in enumerate(said):
            yield from sentences(name if isinstance(value, str) else f"{name}[{index}]", value)
    else:
        yield f"{name}: {said}" if name and name != "non_field_errors" else str(said)


def code_of(error: Exception) -> str:
    """DRF's own code."""
    codes = error.get_codes() if isinstance(error, exceptions.APIException) else "invalid"
    return codes if isinstance(codes, str) else "invalid"
