"""manage.py import_images PATH... --set N: files, folders and addresses into a set, copied or by reference."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from exact.accounts.authentication import person_of
from exact.accounts.models import User
from exact.accounts.policy import Person
from exact.domain.errors import Refusal
from exact.ingest.importing import Importing, Report
from exact.ingest.sources import walked
from exact.projections.image_sets import ImageSetRow
from exact.storage.uploads import in_words

BAR = 30
LISTED_MAX = 50


class Command(BaseCommand):
    """Run again, it skips what is there; exit code 1 when something was refused."""

    help = "Import images from paths or addresses (s3://...), grouped as uploads are (docs/uploading.md)."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", metavar="PATH", help="file, folder, or address that fsspec knows")
        parser.add_argument("--set", type=int, required=True, metavar="N", help="number of the image set")
        parser.add_argument("--by", metavar="USERNAME", help="who brings them in; the first administrator without it")
        parser.add_argument("--reference", action="store_true", help="leave the files where they are")

    @override
    def handle(self, *_: Any, **options: Any) -> None:  # Any: Django's contract
        image_set = ImageSetRow.objects.filter(number=options["set"], withdrawn=False).first()
        if image_set is None:
            raise CommandError(f"There is no image set {options['set']}.")
        try:
            files = list(walked(options["paths"]))
            self.total, self.done = sum(file.size_bytes for file in files), 0
            self.sizes, self.read = {file.path: file.size_bytes for file in files}, dict[str, int]()
            importing = Importing(image_set, person(options["by"]), reference=options["reference"], watch=self._watch)
            report = importing.take_all(files)
        except Refusal as refusal:
            raise CommandError(refusal.sentence) from refusal
        self._report(report)
        if report.refused:
            sys.exit(1)

    def _watch(self, path: str, count: int) -> None:
        """One line that is written over: of everything, and of the file."""
        self.done += count
        self.read[path] = self.read.get(path, 0) + count
        if not self.stdout.isatty():
            return
        share, own = self.done / max(1, self.total), self.read[path] / max(1, self.sizes.get(path, 1))
        bar = "█" * int(min(share, 1.0) * BAR)
        self.stdout.write(
            f"\r\x1b[K{bar:<{BAR}} {share:4.0%} of {in_words(self.total)}  {path[-40:]} {own:4.0%}", ending=""
        )
        self.stdout.flush()

    def _report(self, report: Report) -> None:
        if self.stdout.isatty():
            self.stdout.write("")
        for name, sentence in report.refused[:LISTED_MAX]:
            self.stdout.write(f"refused  {name}: {sentence}")
        if report.passed_over:
            self.stdout.write(f"passed over: {', '.join(report.passed_over[:LISTED_MAX])}")
        came, there, refused = len(report.came), len(report.there), len(report.refused)
        self.stdout.write(f"{came} images came, {there} were there already, {refused} were refused.")


def person(username: str | None) -> Person:
    """By the name, or the first administrator of the site."""
    users = User.objects.filter(is_active=True)
    found = (users.filter(username=username) if username else users.filter(is_staff=True).order_by("pk")).first()
    if found is None:
        raise CommandError(f"There is no active user {username}." if username else "Say with --by who brings them in.")
    return person_of(found)
