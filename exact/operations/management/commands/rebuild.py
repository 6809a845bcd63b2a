"""`manage.py rebuild NAME`: a read model again from the facts, while people work."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from exact.domain.errors import Refusal
from exact.eventstore.heads import derive_heads
from exact.operations import read_models


class Command(BaseCommand):
    """Readers see the old rows until the new ones are complete; then both change places within a moment."""

    help = (
        "Build a read model again from the facts beside the old one, compare both, and exchange them; the old one is"
        " kept. heads are those of the streams (nobody may write meanwhile), all is everything."
    )

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", choices=[*read_models.ALL, read_models.HEADS, read_models.EVERY])
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument("--only-if-equal", action="store_true", help="keep the old rows if a single one differs")
        choice.add_argument("--return", action="store_true", dest="back", help="go back to what was kept")
        choice.add_argument("--drop-old", action="store_true", help="give up what was kept")

    @override
    def handle(self, *_: Any, **options: Any) -> None:  # Any: Django's signature
        try:
            self._do(options)
        except Refusal as refusal:
            raise CommandError(refusal.sentence) from None

    def _do(self, options: dict[str, Any]) -> None:  # Any: see above
        building = not (options["back"] or options["drop_old"])
        if building and options["name"] in (read_models.HEADS, read_models.EVERY):
            self.stdout.write(f"{read_models.HEADS}: {derive_heads()} streams")
        for read_model in read_models.named(options["name"]):
            self.stdout.write(self._done(read_model, options))

    def _done(self, read_model: read_models.ReadModel, options: dict[str, Any]) -> str:  # Any: see above
        if options["back"]:
            return read_models.return_to_kept(read_model)
        if options["drop_old"]:
            return read_models.drop_kept(read_model)
        return read_models.rebuild(read_model, only_if_equal=options["only_if_equal"])
