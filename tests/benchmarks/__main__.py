"""`python -m tests.benchmarks [WORD]`: measures on embedded servers of its own; a table, and bench.json."""

import importlib
import json
import os
import pkgutil
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tests.benchmarks
from tests.benchmarks import Row

WRITTEN = Path("bench.json")


def main(word: str) -> None:
    """A row that does not hold says so in the table; measuring is no test, so the exit code does not."""
    with servers():
        rows = measure(word)
    WRITTEN.write_text(json.dumps(rows, indent=2) + "\n")
    print(table(rows))


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


def measure(word: str) -> list[Row]:
    """The rows whose name contains the word, module after module."""
    rows: list[Row] = []
    for name in sorted(module.name for module in pkgutil.iter_modules(tests.benchmarks.__path__)):
        if name == "__main__":
            continue
        module = importlib.import_module(f"tests.benchmarks.{name}")
        if hasattr(module, "rows") and wanted(word, getattr(module, "NAMES", ())):
            print(f"measuring {name} ...", flush=True)
            rows += [row for row in module.rows() if word in row["name"]]
    return rows


def wanted(word: str, names: tuple[str, ...]) -> bool:
    """A module may name its rows in `NAMES`, so that it is not run for nothing."""
    return not names or any(word in name for name in names)


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


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
