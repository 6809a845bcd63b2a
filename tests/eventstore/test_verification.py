"""Whoever changes the database behind EXACT's back is found out, and what they changed is named."""

import pytest

from exact.eventstore import seals
from exact.eventstore.notes import SecretKey
from exact.eventstore.verification import problems
from tests.eventstore.sealed import ask, keep, seal_all, tamper

pytestmark = pytest.mark.django_db(transaction=True, available_apps=["exact.eventstore"])

HOLE = 301
"""A position that a rolled back command has left empty."""


@pytest.fixture(autouse=True)
def key_file(settings, tmp_path):
    settings.SEAL_KEY = tmp_path / "seal" / "seal.key"


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


def test_nothing_is_found_where_nothing_was_changed(sealed):
    assert found() == []
    keep(5)
    assert found() == []


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("position", [2, 357, 701])
def test_any_column_of_a_fact(sealed, column, position):
    position = (
        position - 1
        if column == "data" and not len(ask("select data from es.event where position = %s", position)[0][0])
        else position
    )
    tamper(f"update es.event set {column} = {COLUMNS[column]} where position = %s", position)
    assert found() == [CHANGED.format(position)]


EVENTS = [
    ("a payload that became longer", "update es.event set data = data || '\\x00' where position = 5", [CHANGED.format(5)]),
    ("a deleted fact", "delete from es.event where position = 44", ["Position 44: the fact was deleted."]),
    ("the first fact deleted", "delete from es.event where position = 1", ["Position 1: the fact was deleted."]),
    ("the last fact deleted", "delete from es.event where position = 701", ["Position 701: the fact was deleted."]),
    ("a row of facts deleted", "delete from es.event where position between 290 and 310",
     ["Positions 290 to 300: 11 facts were deleted.", "Positions 302 to 310: 9 facts were deleted."]),
    ("a fact put into a hole", f"insert into es.event select {HOLE}, gen_random_uuid(), 1, type, 1, scope_id, command_id, data from es.event where position = 5",
     [f"Position {HOLE}: a fact stands here that was never sealed; it was added."]),
    ("a fact put before the first", "insert into es.event select 1 + 0 * position, stream_id, version, type, schema_v, scope_id, command_id, data from es.event where false", []),
    ("a fact moved into a hole", f"update es.event set position = {HOLE} where position = 300",
     ["Position 300: the fact was deleted.", f"Position {HOLE}: a fact stands here that was never sealed; it was added."]),
    ("two facts that changed places", "update es.event set position = case position when 10 then 20 else 10 end + 1000 where position in (10, 20); update es.event set position = position - 1000 where position > 1000",
     ["Position 10: the fact was moved here, it was sealed at position 20.", "Position 20: the fact was moved here, it was sealed at position 10."]),
    ("every fact deleted", "delete from es.event", [f"Positions {a} to {b}: 100 facts were deleted." for a, b in
     [(1, 100), (101, 200), (201, 300), (302, 401), (402, 501), (502, 601), (602, 701)]]),
    ("several at once", "delete from es.event where position = 7; update es.event set version = 9 where position in (8, 600)",
     ["Position 7: the fact was deleted.", CHANGED.format(8), CHANGED.format(600)]),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "sentences"), [case[1:] for case in EVENTS], ids=[case[0] for case in EVENTS])
def test_facts(sealed, sql, sentences):
    tamper(sql)
    assert found() == sentences


BYTE = "set_byte({0}, {1}, get_byte({0}, {1}) # 1)"
TILES = [
    ("a hash in a full tile", f"update es.seal_tile set hashes = {BYTE.format('hashes', 32 * 9)} where number = 1",
     ["Position 266: the fact is as it was sealed, but its hash in tile 0/1 was changed."]),
    ("a hash in the partial tile", f"update es.seal_edge set hashes = {BYTE.format('hashes', 0)} where level = 0",
     ["Position 514: the fact is as it was sealed, but its hash in tile 0/2 was changed."]),
    ("a position in a full tile", "update es.seal_tile set positions[7] = 1000 where number = 1",
     ["Position 263: tile 0/1 was changed, it says 1000 here."]),
    ("a lower position in a full tile", "update es.seal_tile set positions[7] = 3 where number = 1",
     ["Position 263: tile 0/1 was changed, it says 3 here."]),
    ("a position in the partial tile", "update es.seal_edge set positions[1] = 1 where level = 0",
     ["Position 514: tile 0/2 was changed, it says 1 here."]),
    ("the last position", "update es.seal_edge set positions[188] = 800 where level = 0",
     ["Position 701: tile 0/2 was changed, it says 800 here."]),
    ("a removed tile", "delete from es.seal_tile where number = 0", ["Tile 0/0 was removed."]),
    ("a tile with another number", "update es.seal_tile set number = 77 where number = 1",
     ["Tile 0/1 was removed.", "Tile 0/77 was added: the tree of 700 facts has no such full tile."]),
    ("a tile of another level", "alter table es.seal_tile drop constraint seal_tile_check; update es.seal_tile set level = 1 where number = 1",
     ["Tile 0/1 was removed.", "Tile 1/1 was added: the tree of 700 facts has no such full tile."]),
    ("the partial tile removed", "delete from es.seal_edge where level = 0", ["Tile 0/2 was removed."]),
    ("the partial tile with another number", "update es.seal_edge set number = 1 where level = 0", ["Tile 0/2 was removed."]),
    ("a partial tile above", f"update es.seal_edge set hashes = {BYTE.format('hashes', 40)} where level = 1",
     ["The partial tile of level 1 was changed: it is not what the tiles below it make."]),
    ("a partial tile too many", "insert into es.seal_edge select 2, 0, hashes from es.seal_edge where level = 1",
     ["The partial tile of level 2 was changed: it is not what the tiles below it make."]),
    ("a tile and its fact", f"update es.seal_tile set hashes = {BYTE.format('hashes', 32 * 9)} where number = 1; update es.event set version = 7 where position = 266",
     ["Positions 201 to 300: their root is not the one that seal 3 has signed; facts and hashes were both changed here, and later seals cannot be compared.",
      "Position 266: the fact and its hash in tile 0/1 differ; one of them was changed."]),
    ("a fact and another fact's hash", f"update es.seal_tile set hashes = {BYTE.format('hashes', 32 * 9)} where number = 1; update es.event set version = 7 where position = 5",
     [CHANGED.format(5), "Position 266: the fact is as it was sealed, but its hash in tile 0/1 was changed."]),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "sentences"), [case[1:] for case in TILES], ids=[case[0] for case in TILES])
def test_tiles(sealed, sql, sentences):
    tamper(sql)
    assert found() == sentences


def flipped(column):
    return f"update es.seal set {column} = {BYTE.format(column, 0)} where number = 3"


NAMED = "Seal 3 over 300 facts: its column {} was changed."
SEALS = [
    ("its size", "update es.seal set tree_size = 301 where number = 3",
     ["Seal 3 over 301 facts: its column tree_size was changed."]),
    ("its number", "update es.seal set number = 30 where number = 3",
     ["Seal 3 was removed.", "Seals 8 to 29 were removed.", "Seal 30 over 300 facts: its column number was changed."]),
    ("its position", "update es.seal set to_position = 301 where number = 3", [NAMED.format("to_position")]),
    ("its root", flipped("root"), [NAMED.format("root")]),
    ("its time", "update es.seal set sealed_at = sealed_at + interval '1 us' where number = 3", [NAMED.format("sealed_at")]),
    ("its key", "update es.seal set key_id = '00000000' where number = 3", [NAMED.format("key_id")]),
    ("its text", "update es.seal set checkpoint = replace(checkpoint, '300', '299') where number = 3",
     ["Seal 3 over 300 facts is not genuine: The signature of {key} is not under this text."]),
    ("no note", "update es.seal set checkpoint = '' where number = 3",
     ["Seal 3 over 300 facts is not genuine: This is no signed note: a text, a blank line and signatures."]),
    ("a removed seal", "delete from es.seal where number = 3", ["Seal 3 was removed."]),
    ("the first seals removed", "delete from es.seal where number < 3", ["Seals 1 to 2 were removed."]),
    ("the newest seals removed", "delete from es.seal where number > 5",
     ["The seals after seal 5 were removed: it is over 500 facts, and the tiles hold 700."]),
    ("all seals removed", "delete from es.seal",
     ["There is a key but no seal, and tiles of 700 facts: the seals were removed."]),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "sentences"), [case[1:] for case in SEALS], ids=[case[0] for case in SEALS])
def test_seals(sealed, sql, sentences):
    public = seals.seal_keys.current_key().public
    tamper(sql)
    assert found() == [sentence.format(key=f"{public.name}+{public.id}") for sentence in sentences]
