"""manage.py's way in: `--var DIR` before the settings are read, and expected failures as one sentence each."""

import sys
from collections.abc import Sequence
from typing import NoReturn

from exact.domain.errors import Refusal
from exact.environment import environment, set_variable


def run(argv: Sequence[str]) -> None:
    """The command that the words ask for."""
    words, var = without_var(argv)
    if var is not None:
        set_variable("EXACT_VAR", var)
    if not environment("DJANGO_SETTINGS_MODULE", ""):
        set_variable("DJANGO_SETTINGS_MODULE", "exact.settings")
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(words)
    except KeyboardInterrupt:
        sys.exit(130)
    except Refusal as refusal:
        give_up(refusal.sentence)
    except PermissionError as error:
        if error.filename is None:
            raise
        give_up(
            f"{error.filename} belongs to another user; run this as that user, or choose another folder with --var."
        )
    except Exception as error:
        sentence = nobody_there(error)
        if sentence is None:
            raise
        give_up(sentence)


def without_var(argv: Sequence[str]) -> tuple[list[str], str | None]:
    """The words without `--var DIR` or `--var=DIR`, and DIR."""
    words, var, rest = [], None, iter(argv)
    for word in rest:
        if word == "--var":
            var = next(rest, None)
        elif word.startswith("--var="):
            var = word.removeprefix("--var=")
        else:
            words.append(word)
    return words, var or None


def nobody_there(error: Exception) -> str | None:
    """The sentence for a server that does not answer; None when it is something else."""
    import psycopg
    import redis
    from django.conf import settings
    from django.db import OperationalError

    cause = error.__cause__ if isinstance(error, OperationalError) else error
    if isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None:
        return absent("database", settings.EMBEDDED_POSTGRES, "DATABASE_URL", cause)
    if isinstance(cause, redis.ConnectionError):
        return absent("Redis", settings.EMBEDDED_REDIS, "REDIS_URL", cause)
    return None


def absent(what: str, embedded: bool, variable: str, error: Exception) -> str:
    """What to do about it."""
    from django.conf import settings

    if embedded:
        return f"Nothing runs on {settings.VAR}; start it with: manage.py up --var {settings.VAR}"
    return f"The {what} of {variable} does not answer: {str(error).splitlines()[0]}"


def give_up(sentence: str) -> NoReturn:
    """One line, exit code 1."""
    sys.stderr.write(f"{sentence}\n")
    sys.exit(1)
