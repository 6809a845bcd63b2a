"""The state of the tables that a backup was made in: an empty database is brought there, and afterwards up to date."""

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from exact.operations.errors import CannotRun

State = dict[str, list[str]]
"""Names of the applied migrations, by app."""


def refuse_outdated(state: State) -> None:
    """Tables of another version than this one: this one may not know what is to be kept of them."""
    applied = {(app, name) for app, names in state.items() for name in names}
    if applied != set(MigrationLoader(None).disk_migrations):
        raise CannotRun(
            "The tables are not those of this version of EXACT: make the backup with the version that runs, "
            "or bring the tables up to date first (manage.py up, or manage.py set_up)."
        )


def refuse_other(state: State, made_by: str) -> None:
    """A backup of a newer version, whose tables nobody here knows."""
    known = set(MigrationLoader(None).disk_migrations)
    unknown = [f"{app}.{name}" for app, names in state.items() for name in names if (app, name) not in known]
    if unknown:
        raise CannotRun(
            f"The backup was made by EXACT {made_by}, whose tables this version does not know "
            f"({', '.join(unknown)}); restore it with that version or a newer one."
        )


def bring_to(state: State) -> None:
    """The tables as the version that made the backup had them."""
    executor = MigrationExecutor(connection)
    wanted = {(app, name) for app, names in state.items() for name in names}
    if newer := set(executor.loader.applied_migrations) - wanted:
        listed = ", ".join(".".join(key) for key in sorted(newer))
        raise CannotRun(
            f"The tables of this database are newer than the backup ({listed}); restore into one without tables."
        )
    children = executor.loader.graph.node_map
    executor.migrate([key for key in sorted(wanted) if not {child.key for child in children[key].children} & wanted])


def bring_up_to_date() -> None:
    """The tables as this version wants them."""
    call_command("migrate", verbosity=0, interactive=False)
