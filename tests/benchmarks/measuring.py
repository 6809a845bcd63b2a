"""What `make bench` and `make soak` share: servers of their own, the modules of a package, a table for people."""

import importlib
import multiprocessing
import os
import pkgutil
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from tests.benchmarks import Row


@contextmanager
def servers() -> Iterator[None]:
    """PostgreSQL and Redis as `make up` runs them (durable), with the tables, in a folder that goes afterwards."""
    var = Path(tempfile.mkdtemp(prefix="exact-bench-"))
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    os.environ |= {"EXACT_VAR": str(var), "DJANGO_SETTINGS_MODULE": "exact.settings"}
    import django

    django.setup()
    from django.core.management import call_command

    from exact.operations.folders import make_folders
    from exact.operations.services import Services

    make_folders()
    running = Services()
    try:
        running.start()
        call_command("migrate", verbosity=0, interactive=False)
        yield
    finally:
        running.stop()
        shutil.rmtree(var, ignore_errors=True)


def modules(package: ModuleType, word: str) -> Iterator[ModuleType]:
    """The package's modules that measure something of that name, in the order of their names."""
    for name in sorted(module.name for module in pkgutil.iter_modules(package.__path__)):
        if name != "__main__":
            module = importlib.import_module(f"{package.__name__}.{name}")
            if hasattr(module, "rows") and wanted(word, getattr(module, "NAMES", ())):
                yield module


def wanted(word: str, names: tuple[str, ...]) -> bool:
    """A module may name its rows in `NAMES`, so that it is not run for nothing."""
    return not names or any(word in name for name in names)


def measured(module: ModuleType, word: str) -> list[Row]:
    """The rows of one module whose name contains the word."""
    print(f"measuring {module.__name__.rpartition('.')[2]} ...", flush=True)
    return [row for row in module.rows() if word in row["name"]]


def apart(measure: Callable[[], list[Row]]) -> list[Row]:
    """In a process and on servers of its own: what another module has left in the log does not count."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as alone:
        return alone.submit(_on_servers, measure).result()


def _on_servers(measure: Callable[[], list[Row]]) -> list[Row]:
    with servers():
        return measure()


def measured_alone(name: str, word: str) -> list[Row]:
    """One module on fresh servers: it may fill and break them as it likes."""
    with servers():
        return measured(importlib.import_module(name), word)


def table(rows: list[Row]) -> str:
    """For people."""
    cells = [("name", "measured", "unit", "against", "aim", "holds")]
    cells += [
        (r["name"], f"{r['measured']:g}", r["unit"], r["against"], r["aim"], "yes" if r["holds"] else "NO")
        for r in rows
    ]
    widths = [max(len(row[column]) for row in cells) for column in range(6)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )
