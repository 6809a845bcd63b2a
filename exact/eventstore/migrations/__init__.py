"""The tables of the log."""
