"""audit: the signed heads of the log, and proofs that a fact is in it and that it only ever grew; see docs/seals.md."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any, overload
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from exact.api import scope
from exact.api.people import asker
from exact.domain.errors import Busy, Invalid, NotFound, Refusal
from exact.eventstore import proofs, seals
from exact.eventstore.leaves import Row, row_at
from exact.eventstore.proofs import Inclusion
from exact.eventstore.seal_keys import public_keys
from exact.eventstore.seals import Seal

NO_SUCH_FACT = "There is no such fact, or it belongs to another team."
TAMPERED = "The fact at position {} is not as it was sealed; an operator should run `manage.py verify_log`."


class NewestCheckpoint(APIView):
    """The newest head, as a C2SP checkpoint."""

    @extend_schema(responses={(200, "text/plain"): OpenApiTypes.STR})
    def get(self, _request: Request) -> HttpResponse:
        """The signed note."""
        return HttpResponse(newest().checkpoint, content_type="text/plain; charset=utf-8")


class Newest(Sequence[Seal]):
    """All seals, the newest first, read a page at a time: their numbers have no holes."""

    def __init__(self) -> None:
        last = seals.newest()
        self.count_ = last.number if last else 0

    def __len__(self) -> int:
        return self.count_

    @overload
    def __getitem__(self, at: int) -> Seal: ...
    @overload
    def __getitem__(self, at: slice) -> list[Seal]: ...
    def __getitem__(self, at: int | slice) -> Seal | list[Seal]:
        first, last, _ = at.indices(self.count_) if isinstance(at, slice) else (at, at + 1, 1)
        found = seals.numbered(self.count_ - last + 1, self.count_ - first)[::-1]
        return found if isinstance(at, slice) else found[0]


class Checkpoints(GenericAPIView[Any]):
    """Every head there ever was, the newest first."""

    @extend_schema(operation_id="api_v1_audit_checkpoints_list", responses=OpenApiTypes.OBJECT)
    def get(self, _request: Request) -> Response:
        """Limit and offset as everywhere."""
        page: list[Seal] = self.paginate_queryset(Newest()) or []
        return self.get_paginated_response([shown(seal) for seal in page])


class Keys(APIView):
    """The public keys that signed the heads."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, _request: Request) -> Response:
        """Each as `name+id+base64`, the newest last."""
        keys = public_keys()
        return Response({"keys": [{"name": key.name, "key_id": key.id, "key": str(key)} for key in keys]})


class InclusionProof(APIView):
    """That a fact is in the log, under the newest head; for those who may read it."""

    @extend_schema(parameters=[OpenApiParameter("position", int, required=True)], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """The fact as it is stored, its leaf, the path to the root, and the head."""
        position = number_in(request, "position")
        row = row_at(position)
        if row is None or not scope.may_read(asker(request), UUID(bytes=row.scope_id)):
            raise NotFound(NO_SUCH_FACT)
        proof = proof_of(row)
        return Response(
            {
                "position": position,
                "leaf_index": proof.leaf_index,
                "leaf_hash": base64(proof.leaf),
                "tree_size": proof.seal.tree_size,
                "path": [base64(step) for step in proof.path],
                "checkpoint": proof.seal.checkpoint,
                "fact": stored(row),
            }
        )


class ConsistencyProof(APIView):
    """That the log of one head begins with the log of an older one."""

    @extend_schema(
        parameters=[OpenApiParameter("from", int, required=True), OpenApiParameter("to", int)],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        """From one tree size to another, else to the newest."""
        last = newest()
        old = number_in(request, "from")
        new = number_in(request, "to") if "to" in request.query_params else last.tree_size
        if not 0 < old <= new <= last.tree_size:
            raise Invalid(f"`from` and `to` are tree sizes: 0 < from <= to <= {last.tree_size}.", code="tree_size")
        ends = {name: seals.of_size(size) for name, size in (("from_checkpoint", old), ("to_checkpoint", new))}
        return Response(
            {
                "from": old,
                "to": new,
                "path": [base64(step) for step in proofs.consistency(old, new)],
                **{name: seal.checkpoint if seal else None for name, seal in ends.items()},
            }
        )


def newest() -> Seal:
    """The newest seal, or a refusal."""
    found = seals.newest()
    if found is None:
        raise NotFound("Nothing is sealed yet.", code="not_sealed")
    return found


def number_in(request: Request, name: str) -> int:
    """A whole number of the query."""
    text = request.query_params.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Invalid(f"`{name}` is a whole number.", code=name)
    return int(text)


def proof_of(row: Row) -> Inclusion:
    """The proof, for which it may wait 2 s; refused where the fact is not what was sealed."""
    if not seals.wait_for_seal(row.position):
        raise Busy(f"The fact at position {row.position} is not sealed yet; try again in a moment.", code="not_sealed")
    proof = proofs.inclusion(row.position)
    if proof is None or proof.leaf != row.leaf():
        raise Refusal(TAMPERED.format(row.position), code="tampered")
    return proof


def shown(seal: Seal) -> dict[str, Any]:  # Any: JSON
    """A head as JSON; only what the checkpoint says is signed."""
    return {
        "number": seal.number,
        "tree_size": seal.tree_size,
        "to_position": seal.to_position,
        "root": base64(seal.root),
        "sealed_at": seal.sealed_at,
        "key_id": seal.key_id,
        "checkpoint": seal.checkpoint,
    }


def stored(row: Row) -> dict[str, Any]:  # Any: JSON
    """The columns that the leaf is made of."""
    return {
        "stream_id": UUID(bytes=row.stream_id),
        "version": row.version,
        "type": row.type,
        "schema_v": row.schema_v,
        "scope_id": UUID(bytes=row.scope_id),
        "command_id": UUID(bytes=row.command_id),
        "data": base64(row.data),
    }


def base64(raw: bytes) -> str:
    """As it stands in JSON."""
    return b64encode(raw).decode()
