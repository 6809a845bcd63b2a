"""`manage.py backup FOLDER`: log, accounts, originals and keys, while people work."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from typing_extensions import override

from exact.operations.backups import keys
from exact.operations.backups.checking import refuse_damage
from exact.operations.backups.making import make_backup
from exact.operations.backups.manifest import names, read
from exact.operations.backups.progress import Progress
from exact.operations.backups.report import told, warnings
from exact.operations.servers import database_for_reading, stopping_told

NEWEST = ""


class Command(BaseCommand):
    """Exit code 0 says that there is a new, complete backup; what the server itself has lost is told on stderr."""

    help = "Back up log, accounts, originals and keys while people work; see docs/operating.md."
    requires_system_checks: list[str] = []

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "folder", metavar="FOLDER", type=Path, help="where the backups are; several share one folder"
        )
        parser.add_argument("--var", metavar="DIR", help="folder of the EXACT to back up (EXACT_VAR, else ./var)")
        parser.add_argument("--with-private-key", action="store_true",
                            help="also the key that signs the seals: whoever gets it can forge them")  # fmt: skip
        instead = parser.add_mutually_exclusive_group()
        instead.add_argument("--list", action="store_true", help="show the backups that are there")
        instead.add_argument("--check", metavar="NAME", nargs="?", const=NEWEST,
                             help="read every file of a backup, of the newest without NAME")  # fmt: skip

    @override
    def handle(self, *_: Any, **options: Any) -> None:  # Any: Django's signature
        folder, progress = options["folder"].absolute(), Progress(self.stdout)
        if options["list"]:
            for name in names(folder):
                progress.say(told(read(folder, name)))
        elif options["check"] is not None:
            self._check(folder, options["check"] or None, progress)
        else:
            self._make(folder, progress, with_private_key=options["with_private_key"])

    def _check(self, folder: Path, name: str | None, progress: Progress) -> None:
        manifest = read(folder, name)
        refuse_damage(folder, manifest, progress)
        progress.say(f"Every file is whole. {told(manifest)}")

    def _make(self, folder: Path, progress: Progress, *, with_private_key: bool) -> None:
        with stopping_told("Stopped; no backup was made."), database_for_reading(progress.say):
            manifest = make_backup(folder, progress, with_private_key=with_private_key)
        progress.say(told(manifest))
        progress.say(keys.told(with_private_key=with_private_key))
        for sentence in warnings(manifest):
            self.stderr.write(sentence)
