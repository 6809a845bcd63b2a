"""Every address that Django answers; tiles, static files and sockets have their own routes in asgi.py."""

from django.urls import include, path, re_path

from exact.api.health import health
from exact.api.metrics import metrics
from exact.api.routers import EitherSlash
from exact.api.v1.tokens import Tokens

tokens = EitherSlash()
tokens.include_root_view = False
tokens.register("users/api/tokens", Tokens, "token")

urlpatterns = [
    path("health/", health),
    re_path(r"^metrics/?$", metrics),
    path("api/v1/", include("exact.api.v1.urls")),
    *tokens.urls,
    path("", include("exact.api.ancestor")),
    path("", include("exact.web.urls")),
]
