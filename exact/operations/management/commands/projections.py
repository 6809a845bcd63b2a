"""`manage.py projections`: where the readers of the log stand; start a stopped one, fold again what was parked."""

from argparse import ArgumentParser
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from exact.eventstore.log import head
from exact.operations import read_models
from exact.projections.places import Place, places


class Command(BaseCommand):
    """A line for each read model and reactor, or JSON."""

    help = "Show state, position and lag of the read models and reactors; start a stopped one, replay what was parked."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs: a list of objects")
        parser.add_argument("--start", metavar="NAME", help="let a stopped one go on from where it stands")
        parser.add_argument("--replay", metavar="NAME", help="fold again, in order, what was parked")

    @override
    def handle(self, *_: Any, **options: Any) -> None:  # Any: Django's signature
        try:
            if options["start"]:
                self.stdout.write(read_models.start(options["start"]))
            elif options["replay"]:
                self.stdout.write(read_models.replay_parked(options["replay"]))
            else:
                self.stdout.write(as_json() if options["json"] else as_text())
        except read_models.Unknown as error:
            raise CommandError(str(error)) from None


def as_json() -> str:
    """A list of objects: name, kind, generation, state, position, lag (facts), lag_s, parked, error."""
    newest = head()
    return msgspec.json.encode([shown(place, newest) for place in places()]).decode()


def shown(place: Place, newest: int) -> dict[str, Any]:  # Any: JSON
    """One of them."""
    plain = {name: getattr(place, name) for name in ("name", "kind", "generation", "position", "parked", "error")}
    return plain | {"state": place.condition, "lag": place.lag(newest), "lag_s": place.lag_s}


def as_text() -> str:
    """A line for each, and what is wrong with it in a second."""
    newest = head()
    return "\n".join(line for place in places() for line in lines(place, newest)) or "No projector has run yet."


def lines(place: Place, newest: int) -> list[str]:
    """For people."""
    behind = f"lag {place.lag(newest)} ({place.lag_s:.1f} s)  parked {place.parked}"
    told = f"{place.name} g{place.generation}  {place.condition}  position {place.position}  {behind}"
    return [told, *([f"  {place.error}"] if place.error else [])]
