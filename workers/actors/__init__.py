"""Background work: one file per kind of job."""
