"""`manage.py compare NAME`: whether a read model is what a replay of the facts makes, row by row."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from exact.domain.errors import Refusal
from exact.operations import read_models


class Command(BaseCommand):
    """Changes nothing; exit code 1 on the first difference there is, after the first ones were printed."""

    help = "Compare a read model with a replay of the facts, row by row; NAME may be all. Exit code 1 on a difference."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", choices=[*read_models.ALL, read_models.EVERY])

    @override
    def handle(self, *_: Any, **options: Any) -> None:  # Any: Django's signature
        try:
            count = sum(self._compared(read_model) for read_model in read_models.named(options["name"]))
        except Refusal as refusal:
            raise CommandError(refusal.sentence) from None
        if count:
            raise CommandError(f"{read_models.rows(count)}; `manage.py rebuild {options['name']}` makes them again.")

    def _compared(self, read_model: read_models.ReadModel) -> int:
        found = read_models.comparison(read_model)
        for line in found.lines:
            self.stdout.write(line)
        if more := found.count - len(found.lines):
            self.stdout.write(f"{read_model.name}: ... and {more} more")
        if not found.count:
            self.stdout.write(f"{read_model.name}: replay and table are equal")
        return found.count
