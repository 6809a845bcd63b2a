"""GET /metrics: the figures of the tile processes as Prometheus reads them; for administrators, or with a token."""

from collections.abc import Iterator
from hmac import compare_digest

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from exact.accounts.authentication import person_from_headers
from exact.tiles.figures import Figures, told_by_all
from exact.tiles.service import figures_folder, strikes

GAUGES = {
    "files_open": "Images held open",
    "files_bytes": "Memory that the open images may come to hold",
    "tiles_held": "Finished tiles in memory",
    "tiles_bytes": "Memory of finished tiles",
    "children": "Children of the pool",
    "children_busy": "Children at work",
    "calls_waiting": "Calls that wait for a child",
}
COUNTERS = {
    "files_hits": "Requests that found their image open",
    "files_opened": "Images opened",
    "files_evicted": "Images closed to make room",
    "tiles_hits": "Tiles found in memory",
    "tiles_made": "Tiles made",
    "tiles_evicted": "Tiles given up to make room",
    "shared_hits": "Tiles found in the second level",
    "shared_misses": "Tiles not found in the second level",
    "children_started": "Children started",
    "children_failed": "Children that died, hung or took all memory",
    "calls": "Calls to children",
    "calls_refused": "Calls refused because of strikes",
}
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics(request: HttpRequest) -> HttpResponse:
    """All processes of this host, whichever of them answers."""
    if not may_read(request):
        sentence = "Metrics are for administrators of the site, and for whoever has the token EXACT_METRICS_TOKEN."
        return JsonResponse({"code": "forbidden", "detail": sentence}, status=403)
    return HttpResponse(text(told_by_all(figures_folder()), len(strikes().all())), content_type=MEDIA_TYPE)


def may_read(request: HttpRequest) -> bool:
    """The token of the settings, or an administrator."""
    authorization = request.headers.get("Authorization", "")
    if settings.METRICS_TOKEN and compare_digest(authorization.encode(), f"Bearer {settings.METRICS_TOKEN}".encode()):
        return True
    person = person_from_headers({"authorization": authorization}, request.COOKIES)
    return person is not None and person.is_staff


def text(processes: list[Figures], struck: int) -> str:
    """Prometheus' own format."""
    of_host = [*head("files_struck", "gauge", "Files with strikes"), f"exact_tiles_files_struck {struck}"]
    return "\n".join([*lines(processes), *of_host, ""])


def lines(processes: list[Figures]) -> Iterator[str]:
    """A figure after the other, of all processes."""
    kinds = [(name, "gauge", what) for name, what in GAUGES.items()]
    kinds += [(name, "counter", what) for name, what in COUNTERS.items()]
    for name, kind, what in kinds:
        shown = f"{name}_total" if kind == "counter" else name
        yield from head(shown, kind, what)
        for each in processes:
            yield f'exact_tiles_{shown}{{host="{escaped(each.host)}",pid="{each.pid}"}} {getattr(each, name)}'


def head(name: str, kind: str, what: str) -> list[str]:
    """What a figure is."""
    return [f"# HELP exact_tiles_{name} {what}.", f"# TYPE exact_tiles_{name} {kind}"]


def escaped(value: str) -> str:
    """As the value of a label."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
