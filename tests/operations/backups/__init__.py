"""Backups and restores, against the real PostgreSQL."""
