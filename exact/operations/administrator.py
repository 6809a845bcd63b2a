"""The first administrator, with a random password that is shown once."""

import secrets

from django.contrib.auth import get_user_model

from exact.operations.errors import CannotRun

NAME = "admin"


def ensure(wanted: str | None) -> str:
    """Makes one when there is nobody, or the one that `--admin NAME:PASSWORD` asks for; tells how to sign in."""
    if wanted is not None:
        name, password = name_and_password(wanted)
        make(name, password)
        return f"Sign in as {name} with the password you gave."
    if get_user_model().objects.exists():
        return "Sign in with the account you have; a forgotten password: manage.py changepassword NAME."
    password = secrets.token_urlsafe(12)
    make(NAME, password)
    return f"Sign in as {NAME} with the password {password} (shown this once; change it on the page of your account)."


def name_and_password(wanted: str) -> tuple[str, str]:
    """What `--admin` holds; the password may hold colons."""
    name, _, password = wanted.partition(":")
    if not (name and password):
        raise CannotRun("--admin wants NAME:PASSWORD, for example --admin ada:correct-horse-battery")
    return name, password


def make(name: str, password: str) -> None:
    """A superuser of this name who has this password; one who has it already stays signed in."""
    people = get_user_model().objects
    person = people.filter(username=name).first()
    if person is None:
        people.create_superuser(username=name, password=password)
        return
    person.is_active = person.is_staff = person.is_superuser = True
    if not person.check_password(password):
        person.set_password(password)
    person.save()
