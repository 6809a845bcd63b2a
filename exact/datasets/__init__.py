"""Definitions, freezing, replay and manifest."""
