"""Every address that Django answers; tiles, static files and sockets have their own routes in asgi.py."""

from django.urls import include, path

from exact.api.health import health

urlpatterns = [
    path("health/", health),
    path("api/v1/", include("exact.api.v1.urls")),
    path("", include("exact.web.urls")),
]
