"""The action that offers a withdrawn thing again: the same for products, types, sets and images."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from exact.api.views import Resources
from exact.api.wishes import wish


class Restoring(Resources):
    """Resources that can be restored; `restores` is the command, `names` its field."""

    restores: ClassVar[Any]  # Any: a command's class, which takes the one id
    names: ClassVar[str]

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Offer it again; nothing where it is offered."""
        return self.written(wish(request, self.restores(**{self.names: self.target(pk).id})))
