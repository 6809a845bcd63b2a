"""Which socket goes where; a page of another site cannot open one."""

from typing import Any

from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import re_path

from exact.live.consumers import ImageConsumer, ImageSetConsumer

SOCKETS = [
    re_path(r"^ws/images/(?P<number>\d{1,9})/$", ImageConsumer.as_asgi()),
    re_path(r"^ws/image_sets/(?P<number>\d{1,9})/$", ImageSetConsumer.as_asgi()),
]
router = URLRouter(SOCKETS)
checked = AllowedHostsOriginValidator(router)


async def live(scope: Any, receive: Any, send: Any) -> None:  # Any: ASGI
    """The sockets; an address that is none is closed, not an error in the log."""
    browser = any(name == b"origin" for name, _ in scope["headers"])  # programs send none and no cookie by themselves
    try:
        await (checked if browser else router)(scope, receive, send)
    except ValueError:
        await send({"type": "websocket.close", "code": 4404})
