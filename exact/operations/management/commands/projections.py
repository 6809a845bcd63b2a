"""`manage.py projections`: where the asynchronous read models stand."""

from typing import Any

from django.core.management.base import BaseCommand
from typing_extensions import override

from exact.eventstore.log import head
from exact.projections.runner import progress


class Command(BaseCommand):
    """One line each: name, version, state, position, how far behind the log."""

    help = "Show state, position and lag of the read models that follow the log."

    @override
    def handle(self, *_: Any, **options: Any) -> None:  # Any: Django's signature
        newest = head()
        for found in progress():
            lag = newest - found.position
            self.stdout.write(f"{found.name} v{found.version}  {found.state}  position {found.position}  lag {lag}")
            if found.error:
                self.stdout.write(f"  {found.error}")
