"""The key lies in a file of its own, is made once, and can be changed for another."""

import pytest

from exact.eventstore import seals
from exact.eventstore.checkpoints import trusted
from exact.eventstore.notes import BadNote
from exact.eventstore.seal_keys import NoSealKey, current_key, made_key, public_file, public_keys, rotate, secret_file
from exact.eventstore.verification import problems
from tests.contracts.store import in_threads
from tests.eventstore.sealed import keep, seal_all

pytestmark = pytest.mark.django_db(transaction=True, available_apps=["exact.eventstore"])


def test_the_key_is_made_for_the_first_seal_and_is_closed_to_others():
    assert not secret_file().exists()
    keep(1)
    seal = seals.seal()
    assert secret_file().stat().st_mode & 0o777 == 0o600
    assert secret_file().parent.stat().st_mode & 0o077 == 0
    assert seal.key_id == current_key().public.id
    assert public_keys() == [current_key().public]
    assert "PRIVATE" not in public_file().read_text()


def test_the_setting_names_the_log(settings):
    settings.SEAL_ORIGIN = "exact.example.org/log"
    keep(1)
    assert seals.seal().checkpoint.startswith("exact.example.org/log\n1\n")


def test_two_who_make_the_key_at_once_make_one():
    made = in_threads(4, lambda _: made_key().public, lambda: None)
    assert len(set(made)) == 1
    assert public_keys() == made[:1]


def test_after_a_rotation_old_seals_are_verified_and_new_ones_have_the_new_key():
    keep(10)
    [first] = seal_all()
    old, new = rotate(current_key().name)
    keep(10)
    [second] = seal_all()
    assert (first.key_id, second.key_id) == (old.id, new.id)
    assert old.name == new.name
    assert public_keys() == [old, new]
    assert list(problems()) == []
    assert trusted(first.checkpoint, [old]).number == 1
    with pytest.raises(BadNote):
        trusted(second.checkpoint, [old])
    assert old.id not in secret_file().read_text()


def test_seals_of_an_unknown_key_are_found():
    keep(10)
    seal_all()
    _, new = rotate(current_key().name)
    assert list(problems(keys=[new])) == ["Seal 1 over 10 facts is not genuine: No key that is known has signed this."]


def test_without_its_key_nothing_is_sealed_and_no_other_is_made():
    keep(1)
    seals.seal()
    secret_file().unlink()
    keep(1)
    with pytest.raises(NoSealKey, match="missing"):
        seals.seal()
    assert not secret_file().exists()


def test_the_key_of_another_log_does_not_sign():
    keep(1)
    seals.seal()
    rotate("another/log")
    keep(1)
    with pytest.raises(NoSealKey, match="another log"):
        seals.seal()


@pytest.mark.parametrize("text", ["", "PRIVATE+KEY+a+b+c\n", "nonsense\n"])
def test_a_damaged_key_file_is_told(text):
    keep(1)
    secret_file().parent.mkdir()
    secret_file().write_text(text)
    with pytest.raises(BadNote):
        seals.seal()
