"""Wishes, and the one door for change (not Django's management commands: those live in exact.operations)."""
