"""The house: who imports whom, what modules are called, that each opens with a sentence, that none outgrows a head."""

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from exact.operations.schema import ROOT

BANNED = {"utils", "util", "helper", "helpers", "manager", "managers", "data", "info", "misc", "common"}
LINES_MAX = 450
MODULES = [
    path
    for folder in ("exact", "workers", "tests")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if not {"node_modules", "migrations"} & set(path.parts) and path.stat().st_size
]


def offenders(breaks: Callable[[Path], bool]) -> list[str]:
    """The modules that break a rule."""
    return [str(path.relative_to(ROOT)) for path in MODULES if breaks(path)]


def test_a_room_imports_only_rooms_below_it():
    code = "from importlinter.cli import lint_imports_command as run; run()"
    command = [sys.executable, "-c", code, "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_module_opens_with_a_sentence():
    assert offenders(lambda module: not (ast.get_docstring(ast.parse(module.read_text())) or "").strip()) == []


def test_a_module_is_named_for_what_it_is_about():
    assert offenders(lambda module: module.stem in BANNED) == []


def test_a_module_fits_in_a_head():
    assert offenders(lambda module: len(module.read_text().splitlines()) > LINES_MAX) == []
