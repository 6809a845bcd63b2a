"""audit: what a stranger needs to check a fact, and to whom it is given."""

import struct
from base64 import b64decode
from uuid import UUID

import pytest
from django.conf import settings as exact_settings

from exact.domain.teams import Role
from exact.eventstore import merkle, seals
from exact.eventstore.checkpoints import trusted
from exact.eventstore.notes import public_key
from tests.api.clients import Place, client_of
from tests.builders import a_workplace, someone
from tests.eventstore.sealed import ask, seal_all, tamper

pytestmark = pytest.mark.django_db(transaction=True, available_apps=exact_settings.INSTALLED_APPS)
AUDIT = "/api/v1/audit"


@pytest.fixture(autouse=True)
def own_seal_key(settings, tmp_path):
    settings.SEAL_KEY = tmp_path / "seal" / "seal.key"


@pytest.fixture
def place():
    return Place(a_workplace())


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(seals.wait_for_seal, "__defaults__", (0.0, seals.time.sleep))


def get(client, what, **query):
    answer = client.get(f"{AUDIT}/{what}/", query)
    return answer.status_code, answer.json()


def leaf_of(position, fact):
    """By the book: docs/seals.md."""
    name, data = fact["type"].encode(), b64decode(fact["data"])
    ids = {key: UUID(fact[key]).bytes for key in ("stream_id", "scope_id", "command_id")}
    entry = struct.pack(">q", position) + ids["stream_id"] + struct.pack(">q", fact["version"])
    entry += struct.pack(">i", len(name)) + name + struct.pack(">h", fact["schema_v"])
    entry += ids["scope_id"] + ids["command_id"] + struct.pack(">i", len(data)) + data
    return merkle.leaf_hash(entry)


def keys_of(client):
    return [public_key(key["key"]) for key in get(client, "keys")[1]["keys"]]


def test_a_stranger_can_check_a_fact_with_what_is_given(place):
    drawn = place.workplace.draw()
    place.workplace.draw()
    seal_all(3)
    status, proof = get(place.client, "inclusion", position=drawn.position)
    head = trusted(proof["checkpoint"], keys_of(place.client))
    leaf, path = leaf_of(drawn.position, proof["fact"]), [b64decode(step) for step in proof["path"]]
    assert (status, leaf, head.tree_size) == (200, b64decode(proof["leaf_hash"]), proof["tree_size"])
    assert merkle.includes(leaf, proof["leaf_index"], head.tree_size, path, head.root)
    assert proof["fact"]["type"] == "AnnotationDrawn"


def test_a_stranger_can_check_that_the_log_only_grew(place):
    made = seal_all(3)
    for query, end in (({"from": 3}, made[-1]), ({"from": 3, "to": 6}, made[1])):
        status, proof = get(place.client, "consistency", **query)
        assert status == 200
        old, new = (trusted(proof[f"{side}_checkpoint"], keys_of(place.client)) for side in ("from", "to"))
        path = [b64decode(step) for step in proof["path"]]
        assert (old.tree_size, new.tree_size) == (3, end.tree_size)
        assert merkle.continues(old.tree_size, new.tree_size, path, old.root, new.root)


def test_sizes_between_two_seals_have_no_checkpoint(place):
    seal_all(3)
    status, proof = get(place.client, "consistency", **{"from": 4, "to": 5})
    assert (status, proof["from_checkpoint"], proof["to_checkpoint"]) == (200, None, None)


def test_the_newest_head_is_plain_text_and_all_heads_are_listed(place):
    made = seal_all(3)
    answer = place.client.get(f"{AUDIT}/checkpoint/")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode() == made[-1].checkpoint
    _, page = get(place.client, "checkpoints", limit=2, offset=1)
    assert page["count"] == len(made)
    assert [one["checkpoint"] for one in page["results"]] == [made[-2].checkpoint, made[-3].checkpoint]
    assert get(place.client, "checkpoints", offset=1000)[1]["results"] == []
    _, everything = get(place.client, "checkpoints")
    assert [one["number"] for one in everything["results"]] == list(range(len(made), 0, -1))


def test_before_the_first_seal_there_is_no_head(place):
    assert get(place.client, "checkpoint")[0] == 404
    assert get(place.client, "consistency", **{"from": 1})[0] == 404
    assert get(place.client, "checkpoints")[1]["results"] == []
    assert get(place.client, "keys") == (200, {"keys": []})


def test_only_members_of_the_team_get_a_proof_with_its_data(place):
    facts = ask("select position, type from es.event order by position")
    viewer = client_of(place.workplace.member(Role.VIEWER))
    stranger = client_of(someone())
    seal_all()
    assert {name for _, name in facts} >= {"TeamFounded", "ImageSetCreated", "ImageRegistered", "ProductCreated"}
    for position, name in facts:
        assert get(viewer, "inclusion", position=position)[0] == 200, name
        assert get(stranger, "inclusion", position=position)[0] == 404, name


def test_a_position_without_a_fact_is_not_found(place):
    seal_all()
    assert get(place.client, "inclusion", position=10**6)[0] == 404
    assert get(place.client, "inclusion", position=0)[0] == 404


def test_a_fact_that_is_not_sealed_yet_is_worth_waiting_for(place, impatient):
    seal_all()
    drawn = place.workplace.draw()
    status, refusal = get(place.client, "inclusion", position=drawn.position)
    assert (status, refusal["code"]) == (503, "not_sealed")
    assert "try again" in refusal["detail"]


def test_a_changed_fact_gets_no_proof(place):
    drawn = place.workplace.draw()
    seal_all()
    tamper("update es.event set data = data || ' '::bytea where position = %s", drawn.position)
    status, refusal = get(place.client, "inclusion", position=drawn.position)
    assert (status, refusal["code"]) == (422, "tampered")


@pytest.mark.parametrize(
    ("what", "query"),
    [
        ("inclusion", {}),
        ("inclusion", {"position": "-1"}),
        ("inclusion", {"position": "1e3"}),
        ("inclusion", {"position": "9" * 40}),
        ("consistency", {}),
        ("consistency", {"from": 0}),
        ("consistency", {"from": 3, "to": 2}),
        ("consistency", {"from": 1, "to": 10**9}),
        ("consistency", {"from": "x"}),
    ],
)
def test_nonsense_is_refused_with_a_sentence(place, what, query):
    seal_all()
    status, refusal = get(place.client, what, **query)
    assert status == 400
    assert refusal["detail"]
