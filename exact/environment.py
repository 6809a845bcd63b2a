"""Reading one variable: kept apart so that settings.py stays the only file that asks for it."""

# ruff: noqa: TID251 - the one place that may ask
import os


def environment(name: str, default: str) -> str:
    """The variable's value, or the default when it is not set."""
    return os.environ.get(name, default)


def set_variable(name: str, value: str) -> None:
    """For this process and those it starts: `--var` must be known before the settings are read."""
    os.environ[name] = value


def environment_with(**changes: str) -> dict[str, str]:
    """What a child process gets: all of ours, and the changes."""
    return {**os.environ, **changes}
