"""Leaves whose fact and hash differ, told as sentences that name the position."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import msgspec

from exact.eventstore.leaves import Row
from exact.eventstore.merkle import WIDTH
from exact.eventstore.tile_rows import Entry

MOST_ROWS = 64
"""Changed facts that are kept to be compared with each other: did two of them change places?"""


class Doubt(msgspec.Struct, frozen=True):
    """What the tile says, and the fact that stands there; None where there is none."""

    entry: Entry
    row: Row | None
    whole: bool

    @classmethod
    def of(cls, entry: Entry, row: Row | None, before: int) -> "Doubt":
        """The payload is kept for the first few only."""
        whole = before < MOST_ROWS
        return cls(entry, row if whole or row is None else Row(*row[:-1], b""), whole)

    @property
    def position(self) -> int:
        """Where it is."""
        return self.row.position if self.row else self.entry.position or 0


def sentences(doubts: Sequence[Doubt], *, fact: bool, tile: bool) -> Iterator[str]:
    """What happened; `fact` or `tile` where a signed root says which of the two was changed."""
    changed = [doubt for doubt in doubts if doubt.row]
    for gone, group in groupby(doubts, key=lambda doubt: doubt.row is None):
        if gone:
            yield _deleted(list(group))
            continue
        for doubt in group:
            yield f"Position {doubt.position}: {_changed(doubt, changed, fact=fact, tile=tile)}"


def _deleted(run: list[Doubt]) -> str:
    first, last = run[0].position, run[-1].position
    if len(run) == 1:
        return f"Position {first}: the fact was deleted."
    return f"Positions {first} to {last}: {len(run)} facts were deleted."


def _changed(doubt: Doubt, others: Sequence[Doubt], *, fact: bool, tile: bool) -> str:
    if tile:
        return f"the fact is as it was sealed, but its hash in tile 0/{doubt.entry.leaf // WIDTH} was changed."
    if not fact:
        return f"the fact and its hash in tile 0/{doubt.entry.leaf // WIDTH} differ; one of them was changed."
    origin = _origin(doubt, others)
    if origin is not None:
        return f"the fact was moved here, it was sealed at position {origin}."
    return "the fact was changed after it was sealed."


def _origin(doubt: Doubt, others: Sequence[Doubt]) -> int | None:
    """From which other changed position a fact came."""
    if doubt.row is None or not doubt.whole:
        return None
    for other in others[:MOST_ROWS]:
        position = other.entry.position
        if position not in (None, doubt.position) and doubt.row.leaf(position) == other.entry.hash:
            return position
    return None
