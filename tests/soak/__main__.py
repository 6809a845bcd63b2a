"""`python -m tests.soak [WORD]`: runs for minutes to hours, on embedded servers of its own; a table, and soak.json."""

import json
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import tests.soak
from tests.benchmarks import Row
from tests.benchmarks.measuring import measured_alone, modules, table

WRITTEN = Path("soak.json")


def main(word: str) -> None:
    """Each module alone, in a process and on servers of its own; what was found is written after each."""
    rows: list[Row] = []
    for module in modules(tests.soak, word):
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as alone:
            rows += alone.submit(measured_alone, module.__name__, word).result()
        WRITTEN.write_text(json.dumps(rows, indent=2) + "\n")
    print(table(rows))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
