"""POST /commands/: any wish that a client may have, by its name; POST /commands/batch/: up to 500 of them as one."""

from typing import Any
from uuid import UUID

import msgspec
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from exact.api.wishes import expected_version, granted, headers_of, wish
from exact.commands.batches import Batch, Wish
from exact.commands.bus import COMMANDS, Command
from exact.commands.registry import load_commands
from exact.domain.errors import Invalid, Refusal

load_commands()
BATCH_MAX = 500


class Commands(APIView):
    """One wish: `{"command": "ReshapeAnnotation", ...}`; see docs/commands.md for all of them."""

    @extend_schema(request=OpenApiTypes.OBJECT, responses={200: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        """Grant it or refuse it."""
        return granted(wish(request, command_of(request.data)))


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside a command of a batch."""

    expected_version: int | None = None


class Batched(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a batch."""

    commands: list[dict[str, Any]]  # Any: a client's JSON
    correlation_id: UUID | None = None


class Batches(APIView):
    """`{"commands": [{"command": NAME, ...fields, "expected_version"?}, ...], "correlation_id"?}`: all or nothing."""

    @extend_schema(request=OpenApiTypes.OBJECT, responses={200: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        """Grant them all, in their order, or none; a refusal says the `index` of the one that is to blame."""
        if expected_version(request) is not None:
            raise Invalid("Say expected_version beside each command instead of If-Match.", code="if_match")
        body = batched(request.data)
        wishes = tuple(wish_of(index, fields) for index, fields in enumerate(body.commands))
        answer = wish(request, Batch(wishes=wishes), correlation_id=body.correlation_id)
        said = {
            "command_id": str(answer.command_id),
            "first_position": answer.first_position,
            "position": answer.position,
            **answer.details,
        }
        headers = headers_of(answer)
        del headers["ETag"]  # there is no one thing whose version it could be
        return Response(said, headers=headers)


def batched(data: Any) -> Batched:  # Any: a client's JSON
    """The body, or a refusal of what is none."""
    try:
        body = msgspec.convert(data, Batched)
    except msgspec.ValidationError as error:
        raise Invalid(f'A batch is {{"commands": [...]}}: {error}.', code="invalid_batch") from None
    if not 1 <= len(body.commands) <= BATCH_MAX:
        raise Invalid(f"A batch holds 1 to {BATCH_MAX} commands.", code="batch_size")
    return body


def wish_of(index: int, fields: dict[str, Any]) -> Wish:  # Any: a client's JSON
    """One command of a batch; a refusal says which."""
    try:
        command = command_of({name: value for name, value in fields.items() if name != "expected_version"})
        item = msgspec.convert(fields, Item)
    except msgspec.ValidationError as error:
        raise Invalid(f"Command {index} of the batch: {error}.", code="invalid_command", index=index) from None
    except Refusal as refusal:
        refusal.details |= {"index": index}
        raise
    return Wish(name=type(command).__name__, command=command, index=index, expected_version=item.expected_version)


def command_of(data: Any) -> Command:  # Any: a client's JSON
    """The command a body asks for, or a refusal that says which field is wrong."""
    if not isinstance(data, dict):
        raise Invalid('Send an object such as {"command": "RemoveAnnotation", "annotation_id": "..."}.')
    fields = dict(data)
    kind = COMMANDS.get(str(fields.pop("command", "")))
    if kind is None or not kind.PUBLIC:
        raise Invalid("There is no such command.", code="unknown_command", known=sorted(public_names()))
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise Invalid(f"{kind.__name__}: {error}.", code="invalid_command") from None


def public_names() -> list[str]:
    """The commands a client may send."""
    return [name for name, kind in COMMANDS.items() if kind.PUBLIC]
