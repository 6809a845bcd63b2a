"""annotations/imports: a file of annotations is sent, looked after, and taken back; the worker does the rest."""

from itertools import islice
from typing import Any, TypedDict
from uuid import UUID

import msgspec
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from exact.accounts.models import User, users_by_person
from exact.accounts.permissions import Permission
from exact.api import scope
from exact.api.downloads import Download
from exact.api.parsers import Anything
from exact.api.people import asker
from exact.api.v1.exports import is_uuid
from exact.api.v1.import_bodies import one, received
from exact.api.wishes import granted, refuse_version, wish
from exact.commands.bus import Answer
from exact.commands.imports import CancelImport, RestoreImport, UndoImport
from exact.datasets.work import enqueue
from exact.domain.errors import Conflict, NotFound
from exact.domain.imports import Progress
from exact.exchange.folders import ImportFolder
from exact.exchange.imports import cancel
from exact.exchange.models import ImportRun, State
from exact.exchange.progress import progress_of
from exact.projections.imports import ImportRow
from exact.projections.models import ImageSetRow

LISTED_MAX = 1000
"""Problems that are told with their sentences; the file of refused rows has them all."""
COUNTS = ("rows_seen", "rows_good", "rows_bad", "rows_done")
WORDS = ("format", "filename", "on_bad_rows", "annotation_type", "source", "model", "model_digest", "parameters")
TEXTS = [OpenApiParameter(name, str) for name in WORDS]
NUMBERS = [OpenApiParameter(name, int) for name in ("image_set", "image")]


class Problem(msgspec.Struct, frozen=True):
    """A bad row as the report tells it."""

    line: int
    code: str
    detail: str


PROBLEM = msgspec.json.Decoder(Problem)


class Found(TypedDict):
    """One import: how its file comes along, and what the log says of it; one of both may not be there."""

    run: ImportRun | None
    row: ImportRow | None


class Imports(GenericViewSet[Any]):
    """Sending files, asking how far they are, taking back what they brought."""

    serializer_class = serializers.Serializer
    parser_classes = [Anything]
    lookup_value_regex = "[0-9a-f-]{36}"

    @extend_schema(
        parameters=[*NUMBERS, *TEXTS],
        request={"application/x-ndjson": OpenApiTypes.BINARY, "application/geo+json": OpenApiTypes.BINARY},
        responses={202: OpenApiTypes.OBJECT},
    )
    def create(self, request: Request) -> Response:
        """Send a file: JSON lines or QuPath GeoJSON, also packed with gzip; the answer says where to look."""
        refuse_version(request)
        run = received(request)
        if run.state == State.QUEUED:
            enqueue("run_import", str(run.id))
        answer = shown([found(request, str(run.id))])[0]
        return Response(answer, status=202, headers={"Location": reverse("import-detail", args=[run.id])})

    @extend_schema(parameters=NUMBERS[:1], responses=OpenApiTypes.OBJECT)
    def list(self, request: Request) -> Response:
        """The imports of my teams, the newest first; `?image_set=` those of one set."""
        page = self.paginate_queryset(ids(request)) or []
        return self.get_paginated_response(shown(in_order([id_ for id_, _ in page])))

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def retrieve(self, request: Request, pk: str) -> Response:
        """How far it is."""
        return Response(shown([found(request, pk)])[0])

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True)
    def problems(self, request: Request, pk: str) -> Response:
        """The first thousand bad rows with what is wrong, a page at a time; `total` counts all."""
        run = found(request, pk)["run"]
        page = self.paginate_queryset(problems_of(run) if run else [])
        response = self.get_paginated_response([msgspec.structs.asdict(problem) for problem in page or []])
        response.data |= {"total": run.rows_bad if run else 0, "counts": run.problem_counts if run else {}}
        return response

    @extend_schema(responses={200: OpenApiTypes.BINARY})
    @action(detail=True)
    def rejected(self, request: Request, pk: str) -> HttpResponseBase:
        """The bad rows as JSON lines: number, code, sentence, and the row as it was."""
        run = found(request, pk)["run"]
        path = ImportFolder(UUID(pk)).rejected
        if run is None or not run.rows_bad or not path.exists():
            raise NotFound("There are no refused rows, or they were cleared away.", code="gone")
        return Download(path.open("rb"), f"{run.filename}.rejected.jsonl", "application/x-ndjson")

    @extend_schema(request=None, responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Give it up while it is under way; nothing of it is ever shown."""
        run = found(request, pk)["run"]
        if run is None:
            return self.moved(wish(request, CancelImport(import_id=UUID(pk))))
        cancel(run, asker(request), lambda command: wish(request, command))
        return Response(shown([found(request, pk)])[0])

    @extend_schema(request=None, responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Remove what it brought, but for what people have touched since; `kept` counts that."""
        refuse_unbegun(found(request, pk))
        return self.moved(wish(request, UndoImport(import_id=UUID(pk))))

    @extend_schema(request=None, responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring back what was removed when it was undone."""
        refuse_unbegun(found(request, pk))
        return self.moved(wish(request, RestoreImport(import_id=UUID(pk))))

    def moved(self, answer: Answer) -> Response:
        """The import after a granted wish."""
        return granted(answer, shown([found(self.request, str(answer.id))])[0])


def refuse_unbegun(import_: Found) -> None:
    """What the log does not know cannot be taken back."""
    if import_["row"] is None:
        run = import_["run"]
        state = run.state if run else "unknown"
        raise Conflict(f"This import is {state}: it brought nothing.", code=f"import_{state}")


def ids(request: Request) -> QuerySet[Any, tuple[UUID, Any]]:
    """Ids and times of all imports that the person may see; of a restored backup also those whose run is forgotten."""
    teams = scope.teams_where(asker(request), Permission.READ)
    runs, rows = ImportRun.objects.filter(team_id__in=teams), ImportRow.objects.filter(image_set__team_id__in=teams)
    if number := request.query_params.get("image_set"):
        image_set = one(request, ImageSetRow, number, "image set").id
        runs, rows = runs.filter(image_set_id=image_set), rows.filter(image_set_id=image_set)
    alone = rows.exclude(id__in=ImportRun.objects.values("id")).order_by()
    both = runs.order_by().values_list("id", "requested_at").union(alone.values_list("id", "started_at"))
    return both.order_by("-requested_at", "id")


def in_order(wanted: list[UUID]) -> list[Found]:
    """Those imports, in two queries."""
    runs, rows = ImportRun.objects.in_bulk(wanted), ImportRow.objects.in_bulk(wanted)
    return [Found(run=runs.get(id_), row=rows.get(id_)) for id_ in wanted]


def found(request: Request, pk: str) -> Found:
    """The import of a team in which the person may read."""
    teams = scope.teams_where(asker(request), Permission.READ)
    if is_uuid(pk):
        run = ImportRun.objects.filter(id=pk, team_id__in=teams).first()
        row = ImportRow.objects.filter(id=pk, image_set__team_id__in=teams).first()
        if run or row:
            return Found(run=run, row=row)
    raise NotFound("There is no such import, or it belongs to another team.", what="import")


def problems_of(run: ImportRun) -> list[Problem]:
    """The first thousand, read without their rows."""
    path = ImportFolder(run.id).rejected
    if not path.exists():
        return []
    with path.open("rb") as file:
        return [PROBLEM.decode(line) for line in islice(file, LISTED_MAX)]


def shown(imports: list[Found]) -> list[dict[str, Any]]:
    """Imports as JSON; sets and people are looked up once for all of them."""
    sets = {row.image_set_id for row in map(either, imports)}
    people = {person_of(one) for one in imports}
    numbers = dict(ImageSetRow.objects.filter(id__in=sets).values_list("id", "number"))
    users = users_by_person(people)
    return [described(one, numbers, users) for one in imports]


def either(import_: Found) -> Any:  # Any: two rows that have a set
    """Whichever is there."""
    return import_["run"] or import_["row"]


def person_of(import_: Found) -> UUID:
    """Who asked for it."""
    run, row = import_["run"], import_["row"]
    person: UUID = run.requested_by if run else row.started_by  # type: ignore[union-attr]  # one of both is there
    return person


def described(import_: Found, numbers: dict[UUID, int], users: dict[UUID, User]) -> dict[str, Any]:
    """One import; `progress` is a share from 0 to 1."""
    thing, user = either(import_), users.get(person_of(import_))
    return {
        "id": thing.id,
        "image_set": numbers.get(thing.image_set_id),
        "state": state_of(import_),
        "filename": thing.filename,
        "sha256": thing.sha256,
        "user": user.pk if user else None,
        "user_name": user.shown_name if user else None,
        **of_run(import_["run"]),
        **of_row(import_["row"]),
        **origin_of(import_),
        "problem": problem_of(import_),
    }


def state_of(import_: Found) -> str:
    """Where the run stands, and what has become of what it brought."""
    run, row = import_["run"], import_["row"]
    if row and (run is None or row.progress == Progress.UNDONE or run.state == State.COMPLETE):
        return str(row.progress)
    assert run is not None, "one of both is there"
    return str(run.state)


def problem_of(import_: Found) -> str | None:
    """Why it ended without being shown: the run's sentence, else the reason that the log has for its cancellation."""
    run, row = import_["run"], import_["row"]
    return (run.problem if run else "") or (row.reason if row else "") or None


def of_run(run: ImportRun | None) -> dict[str, Any]:
    """What the file's run tells."""
    if run is None:
        return {"progress": 1.0}
    folder = ImportFolder(run.id)
    return {
        "progress": progress_of(run),
        **{name: getattr(run, name) for name in (*COUNTS, "problem_counts", "on_bad_rows", "format", "size_bytes")},
        "image": run.defaults["image"],
        "requested_at": run.requested_at,
        "ended_at": run.ended_at,
        "problems": reverse("import-problems", args=[run.id]),
        "rejected": reverse("import-rejected", args=[run.id]) if run.rows_bad and folder.rejected.exists() else None,
    }


def of_row(row: ImportRow | None) -> dict[str, Any]:
    """What the log tells, once it has begun there."""
    names = ("number", "version", "annotation_count", "image_count", "kept", "started_at")
    return {name: getattr(row, name) if row else None for name in names}


def origin_of(import_: Found) -> dict[str, Any]:
    """What made the annotations."""
    names, run, row = ("source", "model", "model_digest", "parameters"), import_["run"], import_["row"]
    if run:
        return {name: run.origin.get(name, None if name == "parameters" else "") for name in names}
    return {name: getattr(row, name) for name in names}
