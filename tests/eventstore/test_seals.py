"""Sealing."""

import pytest
from exact.eventstore import seals, seal_keys, proofs, merkle, leaves
from exact.eventstore.verification import problems
from exact.eventstore.log import log, head
from exact.eventstore.recorder import Recording
from eventsourcing.persistence import StoredEvent
from uuid import uuid4

pytestmark = pytest.mark.django_db(transaction=True, available_apps=["exact.eventstore"])


@pytest.fixture(autouse=True)
def key_file(settings, tmp_path):
    settings.SEAL_KEY = tmp_path / "seal" / "seal.key"


def keep(count, size=50):
    events = [StoredEvent(uuid4(), 1, f"Thing{n % 7}ü", bytes([n % 256]) * (n % size)) for n in range(count)]
    return list(log().facts.insert_events(events))


def test_all():
    keep(700)
    while seals.seal(100):
        pass
    newest = seals.newest()
    assert newest.tree_size == 700
    rows = list(leaves.rows(10**6))
    lv = [r.leaf() for r in rows]
    assert merkle.root_of(lv) == newest.root
    for p in (1, 255, 256, 257, 512, 600, 700):
        inc = proofs.inclusion(p)
        assert inc.leaf == lv[inc.leaf_index]
        assert merkle.includes(inc.leaf, inc.leaf_index, 700, inc.path, newest.root)
    assert merkle.continues(300, 700, proofs.consistency(300, 700), seals.of_size(300).root, newest.root)
    print(newest.checkpoint)
    assert list(problems()) == []


def test_speed():
    import time

    for _ in range(10):
        keep(5000, 600)
    t = time.time()
    while seals.seal():
        pass
    print("seal/s", 50000 / (time.time() - t))
    t = time.time()
    print(list(problems()))
    print("verify/s", 50000 / (time.time() - t))
