"""The colour by which a person's cursor and name are known to others."""

from uuid import UUID

COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#9467BD")
"""Okabe and Ito's seven and a violet: told apart by people with any colour vision."""


def colour_of(person_id: UUID) -> str:
    """A person has the same colour everywhere."""
    return COLOURS[person_id.int % len(COLOURS)]
