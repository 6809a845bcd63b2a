"""Background work: one file per kind of job. Importing this package makes them all known to the worker."""

from workers.actors import exports, housekeeping, imports

__all__ = ["exports", "housekeeping", "imports"]
