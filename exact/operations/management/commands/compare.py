"""`manage.py compare NAME`: whether a read model is what a replay of the facts makes, row by row."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from exact.operations import read_models


class Command(BaseCommand):
    """Changes nothing; exit code 1 on the first difference there is, after all of them were printed."""

    help = "Compare a read model with a replay of the facts, row by row; NAME may be all. Exit code 1 on a difference."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", choices=[*read_models.ALL, read_models.EVERY])

    @override
    def handle(self, *_: Any, **options: Any) -> None:  # Any: Django's signature
        if found := sum(self._compared(read_model) for read_model in read_models.named(options["name"])):
            differ = "1 row differs" if found == 1 else f"{found} rows differ"
            raise CommandError(f"{differ}; `manage.py rebuild {options['name']}` makes them again.")

    def _compared(self, read_model: read_models.ReadModel) -> int:
        lines = read_models.differences(read_model)
        for line in lines:
            self.stdout.write(line)
        if not lines:
            self.stdout.write(f"{read_model.name}: replay and table are equal")
        return len(lines)
