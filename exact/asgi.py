"""The doors put together: static files, tiles, Django, sockets."""

from typing import Any

import django
from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

from exact.environment import set_variable

set_variable("DJANGO_SETTINGS_MODULE", "exact.settings")
django.setup()

from exact.api.limits import BodyLimit  # noqa: E402
from exact.api.tus import TusRoute  # noqa: E402
from exact.live.routing import live  # noqa: E402 - needs Django's apps
from exact.tiles.http import TileRoute  # noqa: E402
from exact.web.static_files import StaticRoute  # noqa: E402

pages: Any = get_asgi_application()  # Any: Django's handler asks for a dict where ASGI says mapping
application = ProtocolTypeRouter({"http": StaticRoute(TileRoute(TusRoute(BodyLimit(pages)))), "websocket": live})
