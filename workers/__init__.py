"""Processes beside the web: background work and the projector."""
