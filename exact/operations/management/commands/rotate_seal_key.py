"""`manage.py rotate_seal_key`: a new key for the seals of the same log."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from typing_extensions import override

from exact.eventstore.seal_keys import made_up_origin, public_file, rotate
from exact.eventstore.seals import newest


class Command(BaseCommand):
    """Counts from the next seal on, also for a running sealer. The old public key is kept, the old secret is not."""

    help = "Make a new key for the seals; what the old one has signed goes on being verified with its public half."

    @override
    def handle(self, *_: Any, **options: Any) -> None:  # Any: Django's signature
        old, new = rotate(origin())
        if old is not None:
            self.stdout.write(f"Signed until now:  {old}")
        self.stdout.write(f"Signs from now on: {new}")
        self.stdout.write(f"All public keys stand in {public_file()}; give them to whoever checks the seals.")


def origin() -> str:
    """The name that the log has in its seals; before the first, the setting's or a made-up one."""
    seal = newest()
    return seal.checkpoint.partition("\n")[0] if seal else settings.SEAL_ORIGIN or made_up_origin()
