"""What all resources have in common: rows of my teams, shown as asked for, changed by wishes only."""

from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from exact.api import scope
from exact.api.people import asker
from exact.api.resources import NUMBER_MAX, Resource, Rows
from exact.api.wishes import etag, first_answer, granted, refuse_version
from exact.commands.bus import Answer
from exact.domain.errors import Invalid, NotFound


class Resources(GenericViewSet[Any]):
    """A list and its members, found by public number. `noun` is the word of the refusals."""

    serializer_class: type[Resource]
    noun: ClassVar[str]
    lookup_value_regex = "[^/]+"
    search_withdrawn: ClassVar[bool] = False
    """Whether a withdrawn one is still shown to whoever knows its number."""

    @property
    def model(self) -> type[Model]:
        """The table."""
        return self.serializer_class.model

    def get_queryset(self) -> Rows:
        """What lists are made of; nothing for the generator of the schema, which nobody asks."""
        if getattr(self, "swagger_fake_view", False):
            return self.model._default_manager.none()
        return self.visible()

    def visible(self) -> Rows:
        """The rows of my teams that are offered."""
        return scope.offered(self.model, asker(self.request))

    def list(self, request: Request) -> Response:
        """A page of what is offered in my teams."""
        resource = self.resource()
        page = self.paginate_queryset(resource.fetched(self.filter_queryset(self.get_queryset())))
        return self.get_paginated_response(resource.shown(page or []))

    def retrieve(self, request: Request, pk: str) -> Response:
        """One of them."""
        rows = scope.mine(self.model, asker(request)) if self.search_withdrawn else self.get_queryset()
        row = self.found(self.resource().fetched(rows), pk)
        return Response(self.one(row), headers=self.headers_for(row))

    def headers_for(self, row: Any) -> dict[str, str]:
        """The version to send with If-Match."""
        return {"ETag": etag(row.version)}

    def resource(self) -> Resource:
        """A fresh serializer that knows the request."""
        resource: Resource = self.serializer_class(context=self.get_serializer_context())
        return resource

    def one(self, row: Any) -> Any:
        """A fetched row as JSON."""
        return self.resource().shown([row])[0]

    def found(self, rows: QuerySet[Any], number: str) -> Any:
        """The row with that number, or NotFound."""
        row = rows.filter(**{self.key: whole(number)}).first()
        if row is None:
            raise NotFound(f"There is no such {self.noun}, or it belongs to another team.", what=self.noun)
        return row

    key: ClassVar[str] = "number"
    """The column that clients know as id."""

    def target(self, pk: str) -> Any:
        """The row that a change is about, also a withdrawn one: a repeated request must get its first answer."""
        return self.found(scope.mine(self.model, asker(self.request)), pk)

    def checked(self, *, partial: bool = False) -> dict[str, Any]:
        """The body's fields, each of the right kind."""
        serializer = self.get_serializer(data=self.request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        fields: dict[str, Any] = serializer.validated_data
        return fields

    def written(self, answer: Answer, status: int = 200) -> Response:
        """The response to a granted wish: the thing as it is now."""
        return granted(
            answer, self.one(self.resource().fetched(self.model._default_manager.all()).get(id=answer.id)), status
        )

    def gone_before(self, pk: str) -> Response | None:
        """The first answer to a repeated removal of what leaves no row behind; None when it is there, or never was."""
        if scope.mine(self.model, asker(self.request)).filter(**{self.key: whole(pk)}).exists():
            return None
        answer = first_answer(self.request)
        return self.gone(answer) if answer else None

    def gone(self, answer: Answer) -> Response:
        """The response to a withdrawal."""
        return granted(answer, status=204, body="")


class Versionless(APIView):
    """For views of what has no version: whoever names one in If-Match is refused before anything is done."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:  # Any: DRF's contract
        """After DRF has looked who asks."""
        super().initial(request, *args, **kwargs)
        if request.method not in SAFE_METHODS:
            refuse_version(request)


def whole(number: str) -> int:
    """A number from a URL; what is none, or too large for any row, finds nothing."""
    counts = number.isascii() and number.isdigit() and len(number) <= 10
    return int(number) if counts and int(number) <= NUMBER_MAX else 0


def unchanged(fields: dict[str, Any], name: str, now: Any, sentence: str) -> None:
    """Refuse a change of what never changes; sending the present value is fine."""
    if name in fields and fields[name] not in (now, None):
        raise Invalid(f"{name}: {sentence}", code=f"{name}_fixed")
