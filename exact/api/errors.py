"""One table from refusals to HTTP: a code for programs, a sentence for people, and what else helps."""

from typing import Any
from uuid import UUID

import msgspec
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from exact.domain.errors import Busy, Refusal, status_of

RETRY_AFTER_S = 2


def answer(error: Exception, context: dict[str, Any]) -> Response | None:  # Any: DRF's contract
    """DRF's exception handler: refusals by the table, DRF's own errors with a code beside their detail."""
    if isinstance(error, Refusal):
        return refused(error)
    response = exception_handler(error, context)
    if response is not None and isinstance(response.data, dict) and "detail" in response.data:
        response.data["code"] = code_of(error)
    return response


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


def code_of(error: Exception) -> str:
    """DRF's own code; its 404 is ours."""
    if isinstance(error, Http404):
        return "not_found"
    if isinstance(error, exceptions.APIException):
        codes = error.get_codes()
        return codes if isinstance(codes, str) else "invalid"
    return "invalid"
