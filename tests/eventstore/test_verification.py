"""Whoever changes the database behind EXACT's back is found out, and what they changed is named."""

import pytest

from exact.eventstore.seal_keys import current_key, public_file
from exact.eventstore.verification import problems
from tests.eventstore.sealed import ask, keep, seal_all, tamper

pytestmark = pytest.mark.django_db(transaction=True, available_apps=["exact.eventstore"])

HOLE = 301
"""A position that a rolled back command has left empty."""


@pytest.fixture
def sealed():
    """700 facts at positions 1 to 701 under seven seals: two full tiles and a partial one."""
    keep(HOLE - 1)
    ask("select nextval('es.position_seq')")
    keep(400)
    made = seal_all(100)
    assert [seal.tree_size for seal in made] == [100, 200, 300, 400, 500, 600, 700]
    assert made[-1].to_position == 701


CHANGED = "Position {}: the fact was changed after it was sealed."
DELETED = "Position {}: the fact was deleted."
ADDED = "Position {}: a fact stands here that was never sealed; it was added."
COLUMNS = {
    "stream_id": "gen_random_uuid()",
    "version": "version + 1",
    "type": "type || 'x'",
    "schema_v": "schema_v + 1",
    "scope_id": "gen_random_uuid()",
    "command_id": "gen_random_uuid()",
    "data": "set_byte(data, 0, get_byte(data, 0) # 1)",
}


def found():
    return list(problems())


def check(sql, sentences, **names):
    """Somebody does that; exactly these sentences are said."""
    for statement in sql.split(";"):
        tamper(statement)
    assert found() == [sentence.format(**names) for sentence in sentences]


def test_nothing_is_found_where_nothing_was_changed(sealed):
    assert found() == []
    keep(5)
    assert found() == []


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("position", [2, 357, 701])
def test_any_column_of_a_fact(sealed, column, position):
    check(
        f"update es.event set {column} = {COLUMNS[column]} where position = {position}",
        [CHANGED.format(position)],
    )


PUT = (
    "insert into es.event select {}, stream_id, 2, type, 1, scope_id, command_id, data from es.event where position = 5"
)
SWAP = "update es.event set position = {} where position = {};"
PAGES = [(1, 100), (101, 200), (201, 300), (302, 401), (402, 501), (502, 601), (602, 701)]
EVENTS = {
    "a longer payload": ("update es.event set data = data || '\\x00' where position = 5", [CHANGED.format(5)]),
    "a deleted fact": ("delete from es.event where position = 44", [DELETED.format(44)]),
    "the first fact deleted": ("delete from es.event where position = 1", [DELETED.format(1)]),
    "the last fact deleted": ("delete from es.event where position = 701", [DELETED.format(701)]),
    "a run of facts deleted": (
        "delete from es.event where position between 290 and 310",
        ["Positions 290 to 300: 11 facts were deleted.", "Positions 302 to 310: 9 facts were deleted."],
    ),
    "every fact deleted": (
        "delete from es.event",
        [f"Positions {first} to {last}: 100 facts were deleted." for first, last in PAGES],
    ),
    "a fact put into a hole": (
        PUT.format(HOLE),
        [ADDED.format(HOLE)],
    ),
    "a fact moved into a hole": (SWAP.format(301, 300), [DELETED.format(300), ADDED.format(HOLE)]),
    "two facts that changed places": (
        SWAP.format(9000, 10) + SWAP.format(10, 20) + SWAP.format(20, 9000),
        [
            "Position 10: the fact was moved here, it was sealed at position 20.",
            "Position 20: the fact was moved here, it was sealed at position 10.",
        ],
    ),
    "several things at once": (
        "delete from es.event where position = 7; update es.event set version = 9 where position in (8, 600)",
        [DELETED.format(7), CHANGED.format(8), CHANGED.format(600)],
    ),
}


@pytest.mark.parametrize("case", EVENTS)
def test_facts(sealed, case):
    check(*EVENTS[case])


BYTE = "set_byte({0}, {1}, get_byte({0}, {1}) # 1)"
TILE = "update es.seal_tile set {} where number = 1"
EDGE = "update es.seal_edge set {} where level = {}"
HASH = BYTE.format("hashes", 32 * 9)
ITS_HASH = "Position {}: the fact is as it was sealed, but its hash in tile 0/{} was changed."
SAYS = "Position {}: tile 0/{} was changed, it says {} here."
TOO_MANY = "Tile {} was added: the tree of 700 facts has no such full tile."
ABOVE = "The partial tile of level {} was changed: it is not what the tiles below it make."
LOST = (
    "Positions 201 to 300: their root is not the one that seal 3 has signed; "
    "facts and hashes were both changed here, and later seals cannot be compared."
)
TILES = {
    "a hash in a full tile": (TILE.format(f"hashes = {HASH}"), [ITS_HASH.format(266, 1)]),
    "a hash in the partial tile": (
        EDGE.format(f"hashes = {BYTE.format('hashes', 0)}", 0),
        [ITS_HASH.format(514, 2)],
    ),
    "a higher position": (TILE.format("positions[7] = 1000"), [SAYS.format(263, 1, 1000)]),
    "a lower position": (TILE.format("positions[7] = 3"), [SAYS.format(263, 1, 3)]),
    "a position in the partial tile": (EDGE.format("positions[1] = 1", 0), [SAYS.format(514, 2, 1)]),
    "the last position": (EDGE.format("positions[188] = 800", 0), [SAYS.format(701, 2, 800)]),
    "a removed tile": ("delete from es.seal_tile where number = 0", ["Tile 0/0 was removed."]),
    "a tile with another number": (TILE.format("number = 77"), ["Tile 0/1 was removed.", TOO_MANY.format("0/77")]),
    "a tile of another level": (
        TILE.format("level = 1, positions = null"),
        ["Tile 0/1 was removed.", TOO_MANY.format("1/1")],
    ),
    "the partial tile removed": ("delete from es.seal_edge where level = 0", ["Tile 0/2 was removed."]),
    "the partial tile with another number": (EDGE.format("number = 1", 0), ["Tile 0/2 was removed."]),
    "a partial tile above": (EDGE.format(f"hashes = {BYTE.format('hashes', 40)}", 1), [ABOVE.format(1)]),
    "a partial tile too many": (
        "insert into es.seal_edge select 2, 0, hashes from es.seal_edge where level = 1",
        [ABOVE.format(2)],
    ),
    "a fact and its own hash": (
        TILE.format(f"hashes = {HASH}") + "; update es.event set version = 7 where position = 266",
        [
            LOST,
            "Position 266: the fact and its hash in tile 0/1 differ; one of them was changed.",
        ],
    ),
    "a fact and the hash of another": (
        TILE.format(f"hashes = {HASH}") + "; update es.event set version = 7 where position = 5",
        [CHANGED.format(5), ITS_HASH.format(266, 1)],
    ),
}


@pytest.mark.parametrize("case", TILES)
def test_tiles(sealed, case):
    check(*TILES[case])


SEAL = "update es.seal set {} where number = 3"
COLUMN = "Seal 3 over 300 facts: its column {} was changed."
SEALS = {
    "its size": (SEAL.format("tree_size = 301"), ["Seal 3 over 301 facts: its column tree_size was changed."]),
    "its number": (
        SEAL.format("number = 30"),
        [
            "Seal 3 was removed.",
            "Seals 8 to 29 were removed.",
            "Seal 30 over 300 facts: its column number was changed.",
        ],
    ),
    "its position": (SEAL.format("to_position = 301"), [COLUMN.format("to_position")]),
    "its root": (SEAL.format("root = " + BYTE.format("root", 0)), [COLUMN.format("root")]),
    "its time": (SEAL.format("sealed_at = sealed_at + interval '1 us'"), [COLUMN.format("sealed_at")]),
    "its key": (SEAL.format("key_id = '00000000'"), [COLUMN.format("key_id")]),
    "its text": (
        SEAL.format("checkpoint = replace(checkpoint, '300', '299')"),
        ["Seal 3 over 300 facts is not genuine: The signature of {key} is not under this text."],
    ),
    "no note": (
        SEAL.format("checkpoint = ''"),
        ["Seal 3 over 300 facts is not genuine: This is no signed note: a text, a blank line and signatures."],
    ),
    "a removed seal": ("delete from es.seal where number = 3", ["Seal 3 was removed."]),
    "the first seals removed": ("delete from es.seal where number < 3", ["Seals 1 to 2 were removed."]),
    "the newest seals removed": (
        "delete from es.seal where number > 5",
        ["The seals after seal 5 were removed: it is over 500 facts, and the tiles hold 700."],
    ),
    "all seals removed": (
        "delete from es.seal",
        ["There are tiles of 700 facts but no seals: the seals were removed."],
    ),
    "seals and tiles removed": (
        "delete from es.seal; delete from es.seal_tile; delete from es.seal_edge",
        ["There is a key but no seal: nothing was sealed yet, or all that belongs to the seals was removed."],
    ),
}


@pytest.mark.parametrize("case", SEALS)
def test_seals(sealed, case):
    public = current_key().public
    check(*SEALS[case], key=f"{public.name}+{public.id}")


def test_without_a_public_key_no_seal_can_be_trusted(sealed):
    public_file().unlink()
    first, *seals = found()
    assert first.startswith("There is no public key to check the seals with")
    assert len(seals) == 7


def test_a_log_that_was_never_sealed_is_no_finding():
    keep(3)
    assert found() == []
