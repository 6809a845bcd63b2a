"""Reading the whole log again and comparing it with its seals: what was changed is found, and named.

Three things are held against each other: the facts as they are stored, the hashes in the tiles, and the signed roots.
Where a fact and its hash differ, the next signed root says which of the two was changed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from exact.eventstore import heads_outside, seal_keys, tile_rows
from exact.eventstore.checkpoints import Checkpoint, trusted
from exact.eventstore.doubts import Doubt, sentences
from exact.eventstore.leaves import Row, rows
from exact.eventstore.merkle import WIDTH, Tile, Tree
from exact.eventstore.notes import BadNote, PublicKey, signers
from exact.eventstore.seals import Seal, following
from exact.eventstore.tile_rows import Entry, Gap

MOST_DOUBTS = 10_000
"""Held back until the next signed root; more are told without its verdict."""
SEALS = 500
"""Read at a time."""

Progress = Callable[[int, int], None]
"""Is told how many of how many facts are read."""
Pair = tuple[Entry, Row | None, bytes]
"""What a tile says of a leaf, the fact that belongs there, and the leaf made of it."""


def problems(
    *, keys: Sequence[PublicKey] | None = None, heads: Iterable[str] = (), progress: Progress | None = None
) -> Iterator[str]:
    """A sentence for everything that is not as it was sealed; none when all is well.

    `keys` are the public keys to trust, else those in the key's folder; `heads` are published checkpoints (notes).
    What is newer than the newest seal is not looked at. Memory stays bounded, however long the log is.
    """
    keys = list(seal_keys.public_keys() if keys is None else keys)
    yield from Audit(keys, progress or (lambda _done, _all: None)).run()
    yield from heads_outside.contradictions(chain(heads_outside.remembered(), heads), keys)


class Side:
    """The tree that one side would have, leaf by leaf; hashed 256 leaves at a time."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.fresh: list[bytes] = []
        self.above: list[Tile] = []

    @property
    def size(self) -> int:
        """Leaves so far."""
        return self.tree.size + len(self.fresh)

    def add(self, leaf: bytes) -> None:
        """One more."""
        self.fresh.append(leaf)
        if len(self.fresh) == WIDTH:
            self.settle()

    def settle(self) -> Tree:
        """The tree with all leaves in it."""
        self.above += [tile for tile in self.tree.extend(self.fresh) if tile.level]
        self.fresh = []
        return self.tree


class Audit:
    """One reading of facts, tiles and seals side by side, in the order of the log."""

    def __init__(self, keys: Sequence[PublicKey], progress: Progress) -> None:
        self.keys, self.progress = keys, progress
        self.stored = tile_rows.stored(keys)
        self.upto = tile_rows.bounds(self.stored)
        self.pairs = merged(tile_rows.entries(self.stored), rows(self.upto[1]), self.upto[0])
        self.tiles_say = Side(Tree())
        self.facts_say: Side | None = None  # only where the two differ
        self.doubts: list[Doubt] = []
        self.since, self.last = 1, 0  # positions: the first since the last verdict, the newest
        self.number = 0
        self.lost = False

    def run(self) -> Iterator[str]:
        """All findings."""
        yield from self.nothing_there()
        for seal in self.every_seal():
            said = self.read(seal)
            yield from self.row_problems(seal, said)
            if isinstance(said, Checkpoint) and said.tree_size > self.tiles_say.size:
                yield from self.grow(said.tree_size)
                yield from self.judge(seal, said)
        yield from self.grow(self.stored.size)
        yield from self.told(None)
        yield from self.rest()

    def nothing_there(self) -> Iterator[str]:
        """Keys without seals, or the other way round; a log that was never sealed has neither."""
        sealed = self.stored.newest is not None
        if sealed and not self.keys:
            yield f"There is no public key to check the seals with; look for {seal_keys.public_file()}."
        if not sealed and self.stored.hashes:
            yield f"There are tiles of {self.stored.hashes} facts but no seals: the seals were removed."
        elif not sealed and self.keys:
            yield "There is a key but no seal: nothing was sealed yet, or all that belongs to the seals was removed."

    # --- seals --------------------------------------------------------------------------------------------------------

    def every_seal(self) -> Iterator[Seal]:
        """Those that there were when the reading began, by number."""
        number = 0
        while page := following(number, SEALS):
            yield from (seal for seal in page if seal.number <= self.stored.last_number)
            number = page[-1].number
            if number >= self.stored.last_number:
                return

    def read(self, seal: Seal) -> Checkpoint | str:
        """What a seal has signed, or why it cannot be trusted."""
        try:
            return trusted(seal.checkpoint, self.keys)
        except BadNote as error:
            return error.sentence

    def row_problems(self, seal: Seal, said: Checkpoint | str) -> Iterator[str]:
        """What is wrong with the row of a seal."""
        if seal.number != self.number + 1:
            yield f"{ranged('Seal', self.number + 1, seal.number - 1)} removed."
        self.number = seal.number
        named = f"Seal {seal.number} over {seal.tree_size} facts"
        if isinstance(said, str):
            yield f"{named} is not genuine: {said}"
            return
        for name in ("number", "tree_size", "root", "sealed_at"):
            if getattr(said, name) != getattr(seal, name):
                yield f"{named}: its column {name} was changed."
        if seal.key_id not in {id_ for _, id_ in signers(seal.checkpoint)}:
            yield f"{named}: its column key_id was changed."

    def judge(self, seal: Seal, said: Checkpoint) -> Iterator[str]:
        """The signed root decides between tiles and facts."""
        if self.tiles_say.size < said.tree_size:
            yield f"Seal {said.number} is over {said.tree_size} facts, but only {self.tiles_say.size} can be found."
            return
        if seal.to_position != self.last:
            yield f"Seal {seal.number} over {seal.tree_size} facts: its column to_position was changed."
        right = self.right(said.root)
        if right is None and not self.lost:
            self.lost = True
            yield (
                f"Positions {self.since} to {self.last}: their root is not the one that seal {said.number} has signed; "
                "facts and hashes were both changed here, and later seals cannot be compared."
            )
        yield from self.told(right)

    def right(self, root: bytes) -> Side | None:
        """Who agrees with a signed root."""
        for side in (self.tiles_say, self.facts_say):
            if side and side.settle().root() == root:
                return side
        return None

    def told(self, right: Side | None) -> Iterator[str]:
        """The doubts as sentences; both sides go on from the one that was right."""
        fact = right is self.tiles_say
        yield from sentences(self.doubts, fact=fact, tile=right is not None and not fact)
        side = right or self.tiles_say
        side.settle()
        if not self.lost:
            yield from tile_rows.changed(side.above)
        self.tiles_say, self.facts_say = Side(side.tree), None
        self.doubts, self.since = [], self.last + 1

    # --- facts and tiles ----------------------------------------------------------------------------------------------

    def grow(self, size: int) -> Iterator[str]:
        """Read on until so many leaves are in the tree."""
        while self.tiles_say.size < size:
            found = next(self.pairs, None)
            if found is None:
                return
            if isinstance(found, str):
                yield found
                continue
            self.take(*found)
            if len(self.doubts) >= MOST_DOUBTS:
                yield from self.told(None)

    def take(self, entry: Entry, row: Row | None, leaf: bytes) -> None:
        """One more leaf on both sides."""
        if entry.hash and leaf != entry.hash:
            self.doubts.append(Doubt.of(entry, row, len(self.doubts)))
            if self.facts_say is None:
                self.tiles_say.settle()
                self.facts_say = Side(self.tiles_say.tree.copy())
        self.tiles_say.add(entry.hash or leaf)
        if self.facts_say is not None:
            self.facts_say.add(leaf or entry.hash)
        self.last = row.position if row else entry.position or self.last
        if self.tiles_say.size % WIDTH == 0:
            self.progress(self.tiles_say.size, self.stored.size)

    def rest(self) -> Iterator[str]:
        """What stands beside the tree: facts behind it, partial tiles, tiles and hashes too many."""
        yield from (found for found in self.pairs if isinstance(found, str))
        if self.stored.hashes > self.stored.size:
            yield (
                f"The seals after seal {self.number} were removed: it is over {self.stored.size} facts, and the tiles "
                f"hold {self.stored.hashes}."
            )
        elif not self.lost:
            yield from tile_rows.changed_edge(self.stored, self.tiles_say.tree)
            yield from tile_rows.beyond(self.stored)
        self.progress(self.stored.size, self.stored.size)


def ranged(noun: str, first: int, last: int) -> str:
    """`Seal 5 was`, or `Seals 5 to 7 were`."""
    return f"{noun} {first} was" if first >= last else f"{noun}s {first} to {last} were"


def merged(entries: Iterator[Entry | Gap], facts: Iterator[Row], sealed: int) -> Iterator[Pair | str]:
    """Facts and entries side by side; a fact that belongs to no entry, or a tile that lacks, is a sentence.

    A fact belongs to an entry if its leaf is the entry's hash, wherever it stands; else if it has the entry's position.
    """
    row = next(facts, None)
    for entry in entries:
        if isinstance(entry, Gap):
            yield _missing(entry)
            for index in range(entry.leaf, entry.leaf + entry.leaves):
                if row is None or row.position >= entry.until:
                    yield Entry(index, None, b""), None, b""
                else:
                    yield Entry(index, row.position, b""), row, row.leaf()
                    row = next(facts, None)
            continue
        leaf = row.leaf() if row else b""
        while row and leaf != entry.hash and entry.position is not None and row.position < entry.position:
            yield f"Position {row.position}: a fact stands here that was never sealed; it was added."
            row = next(facts, None)
            leaf = row.leaf() if row else b""
        if row is None or (leaf != entry.hash and entry.position is not None and row.position > entry.position):
            yield entry, None, b""
            continue
        if row.position != entry.position:
            yield f"Position {row.position}: tile 0/{entry.leaf // WIDTH} was changed, it says {entry.position} here."
        if not entry.hash:
            yield f"Position {row.position}: tile 0/{entry.leaf // WIDTH} was cut, its hash is missing."
        yield entry, row, leaf
        row = next(facts, None)
    while row and row.position <= sealed:
        yield f"Position {row.position}: a fact stands here that was never sealed; it was added."
        row = next(facts, None)


def _missing(gap: Gap) -> str:
    first, last = gap.leaf // WIDTH, (gap.leaf + gap.leaves - 1) // WIDTH
    return f"{ranged('Tile', first, last).replace(' ', ' 0/', 1)} removed."
