"""`manage.py seals`: where the seals stand."""

from typing import Any

from django.core.management.base import BaseCommand
from typing_extensions import override

from exact.eventstore.publishing import published
from exact.eventstore.seal_keys import public_file, public_keys
from exact.eventstore.seals import lag, newest


class Command(BaseCommand):
    """The newest one, how far it is behind, the keys, and the places where heads are published."""

    help = "Show the newest seal, its lag, the keys and how far the heads are published."

    @override
    def handle(self, *_: Any, **options: Any) -> None:  # Any: Django's signature
        seal = newest()
        if seal is None:
            self.stdout.write(f"Nothing is sealed yet; lag {lag()}")
        else:
            self.stdout.write(
                f"seal {seal.number}  {seal.tree_size} facts  position {seal.to_position}  lag {lag()}  "
                f"{seal.sealed_at:%Y-%m-%d %H:%M:%S} UTC  key {seal.key_id}  root {seal.root.hex()}"
            )
        for key in public_keys():
            self.stdout.write(f"key {key}  ({public_file()})")
        for place in published():
            self.stdout.write(f"published to {place.place}  seal {place.number}  behind {place.behind}")
