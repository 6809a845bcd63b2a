"""Backups: the log, the accounts, the originals and the keys in a folder, and from there onto an empty machine."""
