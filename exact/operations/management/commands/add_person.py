"""manage.py add_person NAME[:PASSWORD]: somebody who can sign in; without a password a random one is printed once."""

import secrets
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from exact.domain.errors import Conflict


class Command(BaseCommand):
    """People join teams afterwards, on the team's page."""

    help = "Make an account for somebody."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("person", metavar="NAME[:PASSWORD]")
        parser.add_argument("--first-name", default="")
        parser.add_argument("--last-name", default="")
        parser.add_argument("--email", default="")

    def handle(self, *args: Any, **options: Any) -> None:  # Any: Django's contract
        name, _, password = options["person"].partition(":")
        people = get_user_model().objects
        if people.filter(username=name).exists():
            raise Conflict(f"There is somebody called {name} already.", code="name_taken")
        names = {key: options[key] for key in ("first_name", "last_name", "email")}
        people.create_user(username=name, password=password or (made := secrets.token_urlsafe(12)), **names)
        shown = "the password you gave" if password else f"the password {made} (shown this once)"
        self.stdout.write(f"{name} can sign in with {shown}.")
