"""What operators ask: is the log as it was sealed, where do the seals stand, another key please."""

import pytest
from django.conf import settings as exact_settings
from django.core.management import call_command

from exact.eventstore.publishing import publish
from exact.eventstore.seal_keys import current_key, public_file, public_keys, secret_file
from exact.operations.errors import CannotRun
from tests.eventstore.sealed import keep, seal_all, tamper

pytestmark = pytest.mark.django_db(transaction=True, available_apps=exact_settings.INSTALLED_APPS)


@pytest.fixture(autouse=True)
def own_seal_key(settings, tmp_path):
    settings.SEAL_KEY = tmp_path / "seal" / "seal.key"


def said(capsys, *words, **options):
    """What a command says, and whether it ended with 1."""
    code = 0
    try:
        call_command(*words, **options)
    except SystemExit as end:
        code = end.code
    return code, capsys.readouterr().out.splitlines()


def test_a_sound_log_is_told_to_be_sound(capsys):
    keep(30)
    seal_all(10)
    keep(1)
    code, [sentence] = said(capsys, "verify_log")
    assert code == 0
    assert sentence.startswith("All 30 sealed facts, up to position 30, are as they were sealed (3 seals).")
    assert sentence.endswith("Newer facts that wait to be sealed: 1.")


def test_findings_are_told_line_by_line_and_the_command_fails(capsys):
    keep(30)
    seal_all()
    tamper("delete from es.event where position = 7")
    tamper("update es.event set version = 5 where position = 9")
    assert said(capsys, "verify_log") == (
        1,
        ["Position 7: the fact was deleted.", "Position 9: the fact was changed after it was sealed."],
    )


def test_a_log_is_checked_against_published_heads_and_somebodys_copy_of_the_keys(capsys, tmp_path):
    keep(30)
    seal_all()
    heads, keys = tmp_path / "heads", tmp_path / "keys"
    publish(str(heads))
    keys.write_text(public_file().read_text())
    assert said(capsys, "verify_log", against=[heads], key=keys)[0] == 0
    heads.write_text(heads.read_text().replace("\n30\n", "\n31\n"))
    code, lines = said(capsys, "verify_log", against=[heads], key=keys)
    assert (code, len(lines)) == (1, 1)
    with pytest.raises(CannotRun, match="no file"):
        said(capsys, "verify_log", key=tmp_path / "nothing")


def test_an_unsealed_log_is_no_finding(capsys):
    assert said(capsys, "verify_log") == (0, ["Nothing is sealed yet. Facts that wait to be sealed: 0."])
    keep(2)
    assert said(capsys, "verify_log") == (0, ["Nothing is sealed yet. Facts that wait to be sealed: 2."])


def test_a_rotation_names_both_keys(capsys):
    keep(1)
    seal_all()
    old = current_key().public
    code, lines = said(capsys, "rotate_seal_key")
    new = current_key().public
    assert code == 0
    assert lines[:2] == [f"Signed until now:  {old}", f"Signs from now on: {new}"]
    assert old.name == new.name
    keep(1)
    seal_all()
    assert said(capsys, "verify_log")[0] == 0


def test_a_lost_key_is_replaced_by_another_of_the_same_name(capsys):
    keep(1)
    seal_all()
    name = current_key().name
    secret_file().unlink()
    code, lines = said(capsys, "rotate_seal_key")
    assert (code, len(lines), current_key().name) == (0, 2, name)
    keep(1)
    seal_all()
    assert said(capsys, "verify_log")[0] == 0
    assert len(public_keys()) == 2


def test_where_the_seals_stand(capsys, settings, tmp_path):
    assert said(capsys, "seals")[1] == ["Nothing is sealed yet; lag 0"]
    settings.SEAL_PUBLISH = [str(tmp_path / "heads")]
    keep(5)
    [made] = seal_all()
    keep(2)
    code, (seal, key, place) = said(capsys, "seals")
    assert (code, seal.startswith("seal 1  5 facts  position 5  lag 2"), made.root.hex() in seal) == (0, True, True)
    assert str(current_key().public) in key
    assert place.startswith(f"published to {tmp_path / 'heads'}")
    assert place.endswith("seal 0  behind 1")
