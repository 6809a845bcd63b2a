"""Processes beside the web: background work, the projector and the sealer."""
