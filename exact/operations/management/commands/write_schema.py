"""`manage.py write_schema`: the generated files, written or, with --check, compared."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from exact.operations import schema


class Command(BaseCommand):
    """Needs no database."""

    help = "Write schema/ and the tables in docs/ from the code; --check only says which file differs (exit code 1)."
    requires_system_checks: list[str] = []

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail when a file differs")
        parser.add_argument("--publish", action="store_true", help="freeze every file of events, at a release")

    @override
    def handle(self, *_: Any, **options: Any) -> None:  # Any: Django's signature
        if options["publish"]:
            for name in schema.publish():
                self.stdout.write(f"published: {name}")
        elif not options["check"]:
            for path in schema.write():
                self.stdout.write(f"written: {path}")
        elif differing := [str(path) for path in schema.differing()]:
            raise CommandError(f"Not what the code makes: {', '.join(differing)}. Run `make schema` and commit it.")
