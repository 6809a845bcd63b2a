"""cache/: what the tile processes of this host hold, and the files they leave alone; for the site's administrators."""

import time
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from exact.api.people import asker
from exact.api.wishes import refuse_version
from exact.domain.errors import Forbidden, NotFound
from exact.projections.models import ImageRow
from exact.tiles.figures import Figures, ask_all_to_forget, told_by_all
from exact.tiles.pool.strikes import EXPIRE_S, Struck
from exact.tiles.service import figures_folder, shared_tiles, strikes


class Lifted(serializers.Serializer[Any]):
    """Which content may be tried again."""

    sha256 = serializers.RegexField(r"^[0-9a-f]{64}$")


def administrator(request: Request) -> None:
    """Refuses everybody else."""
    asker(request)
    if not request.user.is_staff:
        raise Forbidden("Only an administrator of this site looks after its caches.", code="not_staff")


class Cache(APIView):
    """GET cache/"""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """Every process with its figures, and every file with strikes."""
        administrator(request)
        return Response(told())


class CacheClear(APIView):
    """POST cache/clear/"""

    @extend_schema(request=None, responses={202: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        """Every process of this host gives up its open files and tiles within seconds; shared tiles go at once."""
        administrator(request)
        refuse_version(request)
        ask_all_to_forget(figures_folder())
        shared = shared_tiles()
        if shared is not None:
            shared.clear()
        return Response(told(), status=202)


class CacheLift(APIView):
    """POST cache/lift/"""

    @extend_schema(request=Lifted, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request) -> Response:
        """The strikes of a file are forgotten: it is read again when it is asked for."""
        administrator(request)
        refuse_version(request)
        asked = Lifted(data=request.data)
        asked.is_valid(raise_exception=True)
        if not strikes().lift(asked.validated_data["sha256"]):
            raise NotFound("No file of this content has strikes.", code="no_strikes")
        return Response(told())


def told() -> dict[str, Any]:  # Any: JSON
    """What the page shows."""
    now = time.time()
    struck = strikes().all()
    names = names_of([one.sha256 for one in struck])
    return {
        "processes": [process(figures, now) for figures in told_by_all(figures_folder())],
        "strikes": [strike(one, names.get(one.sha256), now) for one in struck],
    }


def process(figures: Figures, now: float) -> dict[str, Any]:  # Any: JSON
    """Times as seconds ago: the clock of the page is not that of the server."""
    shown = {name: getattr(figures, name) for name in figures.__struct_fields__ if not name.endswith("_at")}
    return {**shown, "up_s": round(now - figures.began_at), "told_s": round(now - figures.told_at)}


def names_of(contents: list[str]) -> dict[str, ImageRow]:
    """An image that holds the content, for people to know it by."""
    return {row.sha256: row for row in ImageRow.objects.filter(sha256__in=contents).order_by("-number")}


def strike(struck: Struck, image: ImageRow | None, now: float) -> dict[str, Any]:  # Any: JSON
    """One file, how often and how its reader failed, and until when that counts."""
    last = struck.strikes[-1]
    return {
        "sha256": struck.sha256,
        "image": None if image is None else {"number": image.number, "name": image.name},
        "strikes": len(struck.strikes),
        "refused": struck.out,
        "how": last.how,
        "ago_s": round(now - last.at),
        "expires_s": round(last.at + EXPIRE_S - now),
    }
