"""Originals and uploads."""
