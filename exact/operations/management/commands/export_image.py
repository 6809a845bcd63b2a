"""manage.py export_image ID --at POSITION --format F: one image as it stood at a position of the log."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from exact.datasets.exporting import checked_position, file_name, write
from exact.datasets.replay import of_image
from exact.domain.errors import NotFound
from exact.exchange.registry import FORMATS, format_named
from exact.projections.images import ImageRow


class Command(BaseCommand):
    """Prints the SHA-256 and the path, as sha256sum does."""

    help = "Write one image's annotations as they stood at a position."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("image", type=int, metavar="ID")
        parser.add_argument("--at", type=int, metavar="POSITION", help="the newest position without it")
        parser.add_argument("--format", required=True, choices=[format_.name for format_ in FORMATS])
        parser.add_argument("--out", type=Path, help="file or folder; the present folder without it")

    def handle(self, *args: Any, **options: Any) -> None:  # Any: Django's contract
        row = ImageRow.objects.filter(number=options["image"]).first()
        if row is None:
            raise NotFound(f"There is no image {options['image']}.")
        document, format_ = of_image(row.id, checked_position(options["at"])), format_named(options["format"])
        path = options["out"] or Path()
        path = path / file_name(document, format_) if path.is_dir() else path
        written = write(document, format_, path)
        self.stdout.write(f"{written.sha256}  {path}")
