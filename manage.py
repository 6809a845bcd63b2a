#!/usr/bin/env python
"""Django's door for operators: `manage.py up` runs everything, `manage.py help` lists the rest."""

import sys

from exact.operations.entry import run

if __name__ == "__main__":
    run(sys.argv)
