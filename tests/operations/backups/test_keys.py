"""The key that signs is in no backup unless it is asked for; keys that are on the new machine already stay."""

from pathlib import Path

import pytest
from django.conf import settings

from exact.eventstore import seal_keys
from exact.operations.backups.files import File
from exact.operations.backups.keys import place_keys, write_keys


@pytest.fixture
def home(folder: Path, var: Path) -> Path:
    """Of a backup's keys; the server has all of them."""
    home = folder / "keys"
    home.mkdir(parents=True)
    seal_keys.made_key()
    return home


def names(files: list[File]) -> list[str]:
    return [Path(file.path).name for file in files]


def another_machine(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on."""
    other = var.with_name("other")
    monkeypatch.setattr(settings, "VAR", other)
    monkeypatch.setattr(settings, "SEAL_KEY", other / "seal" / "seal.key")


def test_public_keys_and_the_secret_key_are_always_there(home: Path, folder: Path) -> None:
    assert names(write_keys(home, folder, with_private_key=False)) == ["secret.key", "seal.pub"]
    assert {path.name for path in home.iterdir()} == {"secret.key", "seal.pub"}


def test_the_key_that_signs_comes_back_if_it_was_asked_for(
    home: Path, folder: Path, var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = write_keys(home, folder, with_private_key=True)
    before, public = seal_keys.current_key(), seal_keys.public_keys()
    another_machine(var, monkeypatch)
    assert place_keys(folder, kept) == "The seals go on with the key of the lost server."
    assert seal_keys.current_key().written() == before.written()
    assert seal_keys.public_keys() == public
    assert seal_keys.secret_file().stat().st_mode & 0o777 == 0o600


def test_without_it_a_new_key_of_the_same_log_signs_and_the_old_one_still_proves(
    home: Path, folder: Path, var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = write_keys(home, folder, with_private_key=False)
    before = seal_keys.current_key()
    another_machine(var, monkeypatch)
    assert place_keys(folder, kept).endswith(f"publish it: {seal_keys.public_keys()[-1]}")
    assert seal_keys.current_key().written() != before.written()
    assert seal_keys.public_keys() == [before.public, seal_keys.current_key().public]
    assert seal_keys.current_key().name == before.name
    assert "go on with the key that is in" in place_keys(folder, kept)


def test_keys_that_were_not_lost_stay(home: Path, folder: Path) -> None:
    kept = write_keys(home, folder, with_private_key=True)
    old, new = seal_keys.rotate("exact.example.org/log")
    place_keys(folder, kept)
    assert seal_keys.current_key().public == new
    assert seal_keys.public_keys() == [old, new]


def test_a_log_without_seals_has_no_keys(folder: Path, var: Path) -> None:
    (folder / "keys").mkdir(parents=True)
    assert names(kept := write_keys(folder / "keys", folder, with_private_key=True)) == ["secret.key"]
    assert place_keys(folder, kept) == "The log was not sealed yet."
