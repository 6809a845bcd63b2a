"""Processes beside the web."""
