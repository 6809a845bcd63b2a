"""`manage.py set_up`: tables and the first administrator, for servers of one's own (compose calls it once)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from typing_extensions import override

from exact.operations import administrator
from exact.operations.backups.marks import refuse_unfinished
from exact.operations.folders import make_folders


class Command(BaseCommand):
    """What `up` does before it serves, without starting anything."""

    help = "Bring the tables up to date and make the first administrator; his password is shown once."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--admin", metavar="NAME:PASSWORD", help="make this administrator, or give him this password"
        )

    @override
    def handle(self, *_: Any, **options: Any) -> None:  # Any: Django's signature
        make_folders()
        refuse_unfinished()
        call_command("migrate", verbosity=options["verbosity"], interactive=False)
        self.stdout.write(administrator.ensure(options["admin"]))
