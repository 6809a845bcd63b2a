"""`python -m tests.benchmarks [WORD]`: measures on embedded servers of its own; a table, and bench.json."""

import json
import sys
from pathlib import Path

import tests.benchmarks
from tests.benchmarks import Row
from tests.benchmarks.measuring import measured, modules, servers, table

WRITTEN = Path("bench.json")


def main(word: str) -> None:
    """A row that does not hold says so in the table; measuring is no test, so the exit code does not."""
    rows: list[Row] = []
    with servers():
        for module in modules(tests.benchmarks, word):
            rows += measured(module, word)
    WRITTEN.write_text(json.dumps(rows, indent=2) + "\n")
    print(table(rows))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
