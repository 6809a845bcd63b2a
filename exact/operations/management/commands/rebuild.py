"""`manage.py rebuild NAME`: a read model again from the facts."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from typing_extensions import override

from exact.eventstore.heads import derive_heads
from exact.operations import read_models


class Command(BaseCommand):
    """Readers see the old rows until the new ones are complete."""

    help = (
        "Throw a read model away and build it again from the facts; heads are those of the streams, all is everything."
    )

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", choices=[*read_models.ALL, read_models.HEADS, read_models.EVERY])

    @override
    def handle(self, *_: Any, **options: Any) -> None:  # Any: Django's signature
        if options["name"] in (read_models.HEADS, read_models.EVERY):
            self.stdout.write(f"{read_models.HEADS}: {derive_heads()} streams")
        for read_model in read_models.named(options["name"]):
            self.stdout.write(read_models.rebuild(read_model))
