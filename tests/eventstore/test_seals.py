"""Facts are sealed in the order of the log, each once, whatever happens in between."""

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from exact.eventstore import leaves, merkle, proofs, seals
from exact.eventstore.checkpoints import trusted
from exact.eventstore.seal_keys import public_keys
from exact.eventstore.verification import problems
from tests.eventstore.sealed import ask, keep, seal_all

pytestmark = pytest.mark.django_db(transaction=True, available_apps=["exact.eventstore"])


@pytest.fixture(autouse=True)
def key_file(settings, tmp_path):
    settings.SEAL_KEY = tmp_path / "seal" / "seal.key"


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
