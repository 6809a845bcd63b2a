"""The tile path as an application of its own, for uvicorn with a process per core: see docs/operating.md.

Inside of `exact.asgi` the very same route runs under daphne, before Django.
"""

import django

from exact.environment import set_variable

set_variable("DJANGO_SETTINGS_MODULE", "exact.settings")
django.setup()

from exact.tiles.http import Receive, Reply, Scope, Send, TileRoute, problem, send_reply  # noqa: E402
from exact.tiles.service import tile_service  # noqa: E402

WELL = Reply(200, b'{"status": "ok"}', {b"content-type": b"application/json", b"cache-control": b"no-store"})


async def nothing_else(scope: Scope, receive: Receive, send: Send) -> None:
    """Whether the process lives, its beginning and its end; everything else is elsewhere."""
    if scope["type"] == "lifespan":
        await live(receive, send)
    elif scope["type"] == "http":
        missing = problem(404, "not_found", "Only tiles are served here.")
        await send_reply(send, scope["method"], WELL if scope["path"] == "/health/" else missing)


async def live(receive: Receive, send: Send) -> None:
    """Children and open files are given up at the end."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    tile_service().close()
    await send({"type": "lifespan.shutdown.complete"})


application = TileRoute(nothing_else)
