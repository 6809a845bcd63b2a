"""EXACT: teams annotate images together, live; every edit is a fact; every dataset can be replayed."""

__version__ = "0.1.0"
