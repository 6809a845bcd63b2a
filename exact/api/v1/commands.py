"""POST /commands/: any wish that a client may have, by its name; the page uses nothing else to change facts."""

from typing import Any

import msgspec
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from exact.api.wishes import granted, wish
from exact.commands.bus import COMMANDS, Command
from exact.commands.registry import load_commands
from exact.domain.errors import Invalid

load_commands()


class Commands(APIView):
    """One wish: `{"command": "ReshapeAnnotation", ...}`; see docs/commands.md for all of them."""

    @extend_schema(request=OpenApiTypes.OBJECT, responses={200: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        """Grant it or refuse it."""
        return granted(wish(request, command_of(request.data)))


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
