"""`manage.py up`: everything EXACT needs, in one process tree, until Ctrl-C."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from typing_extensions import override

from exact.operations.startup import Wish, up


class Command(BaseCommand):
    """Starts PostgreSQL, Redis, web, worker, projector and sealer; see docs/decisions/0002."""

    help = "Start EXACT here: PostgreSQL, Redis, web, worker, projector and sealer. Ctrl-C stops it; the data stay."
    requires_system_checks: list[str] = []

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1: this machine only)")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on")
        parser.add_argument("--var", metavar="DIR", help="folder for everything that is kept (EXACT_VAR, else ./var)")
        parser.add_argument(
            "--admin", metavar="NAME:PASSWORD", help="make this administrator, or give him this password"
        )
        parser.add_argument("--demo", action="store_true", help="make a team with a slide, a volume and annotations")

    @override
    def handle(self, *_: Any, **options: Any) -> None:  # Any: Django's signature
        wish = Wish(host=options["host"], port=options["port"], admin=options["admin"], demo=options["demo"])
        up(wish, self._say)

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()
