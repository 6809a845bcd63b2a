"""Every route of version 1 on one page."""

from django.urls import path

from exact.api.v1.commands import Commands

urlpatterns = [
    path("commands/", Commands.as_view(), name="commands"),
]
