"""`manage.py restore FOLDER`: a backup onto an empty machine."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from typing_extensions import override

from exact.operations.backups.progress import Progress
from exact.operations.backups.restoring import SKIP, restore
from exact.operations.servers import stopping_told

STOPPED = "Stopped; run the same command again: it goes on, or begins anew."


class Command(BaseCommand):
    """Nothing is written before every file was found whole; the database gets all rows or none."""

    help = "Bring a backup onto an empty machine and build every view from its facts; see docs/operating.md."
    requires_system_checks: list[str] = []

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="FOLDER", type=Path, help="where the backups are")
        parser.add_argument("--var", metavar="DIR", help="folder of the new EXACT (EXACT_VAR, else ./var)")
        parser.add_argument("--backup", metavar="NAME", help="which of them; the newest without it")
        parser.add_argument("--skip", metavar="N", type=int, default=SKIP,
                            help="leave out N public numbers that the lost server may have given")  # fmt: skip

    @override
    def handle(self, *_: Any, **options: Any) -> None:  # Any: Django's signature
        with stopping_told(STOPPED):
            restore(options["folder"].absolute(), options["backup"], Progress(self.stdout), options["skip"])
