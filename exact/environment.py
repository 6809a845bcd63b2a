"""Reading one variable: kept apart so that settings.py stays the only file that asks for it."""

import os


def environment(name: str, default: str) -> str:
    """The variable's value, or the default when it is not set."""
    return os.environ.get(name, default)  # noqa: TID251 - the one place
