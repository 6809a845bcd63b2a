"""Background work: one file per kind of job. Importing this package makes them all known to the worker."""

from workers.actors import deliveries, exports, housekeeping, imports

__all__ = ["deliveries", "exports", "housekeeping", "imports"]
