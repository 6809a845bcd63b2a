"""`manage.py verify_log`: the whole log read again and compared with its seals."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from typing_extensions import override

from exact.eventstore.heads_outside import notes_in
from exact.eventstore.seal_keys import public_keys
from exact.eventstore.seals import lag, newest
from exact.eventstore.verification import problems
from exact.operations.errors import CannotRun


class Command(BaseCommand):
    """Ends with 1 when something was changed; each finding is a sentence on a line of its own."""

    help = "Read every fact again and compare it with tiles, seals and published heads; name what was changed."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--against", metavar="FILE", type=Path, action="append", default=[],
                            help="heads that were published, to be compared, too")  # fmt: skip
        parser.add_argument("--key", metavar="FILE", type=Path, help="public keys to trust in place of those kept here")

    @override
    def handle(self, *_: Any, **options: Any) -> None:  # Any: Django's signature
        keys = public_keys(there(options["key"])) if options["key"] else None
        count = 0
        for problem in problems(keys=keys, heads=heads_in(options["against"]), progress=self._show):
            count += 1
            self._clear()
            self.stdout.write(problem)
        self._clear()
        if count:
            self.stderr.write(f"{count} findings: the log is not as it was sealed.")
            sys.exit(1)
        self.stdout.write(summary())

    def _show(self, done: int, all_of_them: int) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{done:,} of {all_of_them:,} facts, {100 * done // max(all_of_them, 1)} %")

    def _clear(self) -> None:
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")


def heads_in(files: list[Path]) -> Iterator[str]:
    """The published heads of all files."""
    for file in files:
        with there(file).open(encoding="utf-8") as lines:
            yield from notes_in(lines)


def there(file: Path) -> Path:
    """The file, or a refusal."""
    if not file.is_file():
        raise CannotRun(f"There is no file {file}.")
    return file


def summary() -> str:
    """What was found to be sound."""
    seal = newest()
    if seal is None:
        return f"Nothing is sealed yet. Facts that wait to be sealed: {lag():,}."
    return (
        f"All {seal.tree_size:,} sealed facts, up to position {seal.to_position:,}, are as they were sealed "
        f"({seal.number:,} seals). Newer facts that wait to be sealed: {lag():,}."
    )
