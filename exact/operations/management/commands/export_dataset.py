"""manage.py export_dataset NAME@N --format F --out PATH: a frozen version as a file, the same bytes every time."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand

from exact.datasets.exporting import file_name, write
from exact.datasets.replay import of_version
from exact.domain.dataset_versions import Definition
from exact.domain.errors import Invalid, NotFound
from exact.exchange.registry import FORMATS, format_named
from exact.projections.dataset_versions import DatasetVersionRow


class Command(BaseCommand):
    """Prints the SHA-256 and the path, as sha256sum does."""

    help = "Write a frozen dataset version to a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("version", metavar="NAME@N")
        parser.add_argument("--format", required=True, choices=[format_.name for format_ in FORMATS])
        parser.add_argument("--out", type=Path, help="file or folder; the present folder without it")
        parser.add_argument("--team", help="where several teams have a dataset of that name")

    def handle(self, *args: Any, **options: Any) -> None:  # Any: Django's contract
        document = of_version(definition_of(options["version"], options["team"]))
        format_ = format_named(options["format"])
        path = options["out"] or Path()
        path = path / file_name(document, format_) if path.is_dir() else path
        written = write(document, format_, path)
        self.stdout.write(f"{written.sha256}  {path}")


def definition_of(name_at_number: str, team: str | None) -> Definition:
    """The definition of NAME@N; a refusal that helps where it is unknown or not the only one."""
    name, _, number = name_at_number.rpartition("@")
    if not number.isdigit() or not name:
        raise Invalid(f"“{name_at_number}” is no version; write NAME@N, for example mitoses@3.")
    rows = DatasetVersionRow.objects.filter(name=name, dataset_version=int(number)).select_related("team")
    found = [row for row in rows if team in (None, row.team.name)]
    if not found:
        raise NotFound(f"There is no dataset version {name_at_number}.")
    if len(found) > 1:
        teams = ", ".join(sorted(row.team.name for row in found))
        raise Invalid(f"Several teams have {name_at_number}: choose one with --team ({teams}).")
    return msgspec.convert(found[0].definition, Definition)
