"""Checking rows: what a set offers, what a shape becomes, whether it may be there; a reason for each that may not."""
