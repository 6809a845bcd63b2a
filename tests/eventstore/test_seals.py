"""Facts are sealed in the order of the log, each once, whatever happens in between."""

import pytest
from django.db import connection, connections, transaction
from django.db.utils import DatabaseError

from exact.eventstore import leaves, merkle, proofs, seals
from exact.eventstore.checkpoints import trusted
from exact.eventstore.seal_keys import public_keys
from exact.eventstore.seals import DamagedSeals
from exact.eventstore.verification import problems
from tests.contracts.store import in_threads
from tests.eventstore.sealed import ask, keep, seal_all, tamper

pytestmark = pytest.mark.django_db(transaction=True, available_apps=["exact.eventstore"])


def test_the_leaf_is_the_same_in_python_and_in_the_database():
    keep(60)
    columns = "position, stream_id, version, type, schema_v, scope_id, command_id, data"
    sql = f"select es.leaf({columns}) from es.event order by position"
    assert [row.leaf() for row in leaves.rows(100)] == [bytes(leaf) for (leaf,) in ask(sql)]


def test_the_signed_root_is_that_of_the_leaves():
    keep(700)
    made = seal_all(100)
    every = [row.leaf() for row in leaves.rows(1000)]
    for seal in made:
        assert seal.root == merkle.root_of(every[: seal.tree_size])
        said = trusted(seal.checkpoint, public_keys())
        assert (said.tree_size, said.root, said.number) == (seal.tree_size, seal.root, seal.number)
    assert seals.newest() == made[-1]


def test_every_fact_can_be_proved():
    keep(700)
    newest = seal_all(100)[-1]
    for row in leaves.rows(1000):
        proof = proofs.inclusion(row.position)
        assert proof.leaf == row.leaf()
        assert merkle.includes(proof.leaf, proof.leaf_index, newest.tree_size, proof.path, newest.root)
    assert proofs.inclusion(701) is None
    assert proofs.inclusion(0) is None


def test_every_seal_continues_every_older_one():
    keep(700)
    made = seal_all(100)
    for old in made:
        for new in made[old.number - 1 :]:
            path = proofs.consistency(old.tree_size, new.tree_size)
            assert merkle.continues(old.tree_size, new.tree_size, path, old.root, new.root)


def test_what_is_sealed_is_not_changed_by_anybody():
    keep(300)
    seal_all()
    for sql in (
        "update es.seal set number = 2",
        "delete from es.seal",
        "truncate es.seal",
        "update es.seal_tile set number = 2",
        "delete from es.seal_tile",
        "truncate es.seal_tile",
        "delete from es.seal_edge",
        "truncate es.seal_edge",
        "update es.seal_edge set hashes = ''",
        "update es.seal_edge set number = 0",
        "update es.seal_edge set level = 5",
    ):
        with pytest.raises(DatabaseError, match="seals are never changed"), transaction.atomic():
            connection.cursor().execute(sql)
    assert list(problems()) == []


# --- crashes and rivals -----------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process ends here."""


STEPS = ("newest", "stored_tree", "next_leaves", "keep_tiles", "keep_edge", "signing_key", "keep_seal")


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_after_any_step_leaves_nothing_behind(step, monkeypatch):
    keep(600)
    seals.seal(300)
    done = getattr(seals, step)

    def killed(*args):
        done(*args)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(seals, step, killed)
        with pytest.raises(Killed):
            seals.seal(290)
    assert seals.newest().tree_size == 300
    assert list(problems()) == []
    assert [seal.tree_size for seal in seal_all(290)] == [590, 600]
    assert list(problems()) == []


def test_many_sealers_do_no_work_twice():
    keep(900)

    def work(_):
        return [seal.number for _ in range(60) if (seal := seals.seal(10))]

    numbers = [number for mine in in_threads(4, work, connections.close_all) for number in mine]
    rest = [seal.number for seal in seal_all(10)]
    assert sorted(numbers + rest) == list(range(1, 91))
    assert seals.newest().tree_size == 900
    assert list(problems()) == []


def test_whoever_comes_second_does_not_wait():
    keep(10)
    with transaction.atomic():
        seals.seal(5)
        assert in_threads(1, lambda _: seals.seal(), connections.close_all) == [None]
    assert seals.newest().tree_size == 5


# --- nothing is signed on top of what was changed ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "update es.seal_edge set hashes = set_byte(hashes, 3, get_byte(hashes, 3) # 1) where level = 0",
        "update es.seal_edge set hashes = set_byte(hashes, 3, get_byte(hashes, 3) # 1) where level = 1",
        "update es.seal_edge set number = 7 where level = 0",
        "delete from es.seal_edge where level = 0",
        "delete from es.seal_edge where level = 1",
        "update es.seal set root = set_byte(root, 3, get_byte(root, 3) # 1), checkpoint = 'x'",
        "update es.seal set tree_size = 299",
        "delete from es.seal",
    ],
)
def test_a_damaged_tree_is_not_sealed(sql):
    keep(300)
    seals.seal()
    keep(10)
    tamper(sql)
    with pytest.raises(DamagedSeals):
        seals.seal()


# --- a large tree -----------------------------------------------------------------------------------------------------


MANY = """insert into es.event select n, gen_random_uuid(), 1, 'A', 1, gen_random_uuid(), gen_random_uuid(), 'x'
    from generate_series(1, 66000) as n"""


def test_a_tree_with_full_tiles_of_two_levels():
    ask(MANY)
    newest = seal_all()[-1]
    assert ask("select level, number from es.seal_tile where level > 0") == [(1, 0)]
    for position in (1, 65_536, 65_537, 66_000):
        proof = proofs.inclusion(position)
        assert merkle.includes(proof.leaf, position - 1, 66_000, proof.path, newest.root)
    path = proofs.consistency(4096, 66_000)
    assert merkle.continues(4096, 66_000, path, seals.of_size(4096).root, newest.root)
    tamper("update es.seal_tile set hashes = set_byte(hashes, 3, get_byte(hashes, 3) # 1) where level = 1")
    assert list(problems()) == ["Tile 1/0 was changed: it is not what the tiles below it make."]
