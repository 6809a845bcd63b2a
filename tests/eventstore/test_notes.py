"""Signed notes are those of other programs, checkpoints are what they say, and nothing else passes for one."""

from datetime import UTC, datetime

import pytest

from exact.domain.errors import Invalid
from exact.eventstore.checkpoints import Checkpoint, checkpoint_of, trusted
from exact.eventstore.heads_outside import CUT_OFF, notes_in
from exact.eventstore.notes import BadNote, SecretKey, opened, public_key, secret_key, signed, signers

# Key and note of the documentation of golang.org/x/mod/sumdb/note, where the format comes from.
GO_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_NOTE = (
    f"{GO_TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBw"
    "JnAM=\n"
)

KEY = SecretKey.new("example.org/log")
OTHER = SecretKey.new("example.org/log")
HEAD = Checkpoint(
    origin=KEY.name, tree_size=12, root=bytes(range(32)), number=3, sealed_at=datetime(2026, 1, 2, 3, 4, 5, 6, UTC)
)


def test_keys_and_notes_are_those_of_the_format():
    public, secret = public_key(GO_PUBLIC), secret_key(GO_SECRET)
    assert (secret.public, secret.written(), str(public)) == (public, GO_SECRET, GO_PUBLIC)
    assert signed(GO_TEXT, secret) == GO_NOTE
    assert opened(GO_NOTE, [public]) == (GO_TEXT, [public])
    assert signers(GO_NOTE) == [("PeterNeumann", "c74f20a3")]


def test_a_secret_is_not_shown():
    assert GO_SECRET[-40:] not in repr(secret_key(GO_SECRET))


@pytest.mark.parametrize("at", range(0, len(GO_NOTE), 7))
def test_a_note_with_any_letter_changed_is_refused(at):
    changed = GO_NOTE[:at] + chr(ord(GO_NOTE[at]) ^ 1) + GO_NOTE[at + 1 :]
    with pytest.raises(BadNote):
        opened(changed, [public_key(GO_PUBLIC)])


@pytest.mark.parametrize(
    "note", ["", "\n", "a\n", "a\n\n", "a\n\nb\n", GO_NOTE + "x", GO_NOTE[:-1], GO_TEXT + "\n— a b\n"]
)
def test_what_is_no_note_is_refused(note):
    with pytest.raises(BadNote):
        opened(note, [public_key(GO_PUBLIC)])


@pytest.mark.parametrize(
    "line",
    [
        "",
        "a+b+c",
        GO_PUBLIC[:-2] + "==",
        GO_PUBLIC.replace("c74f", "c74e"),
        GO_PUBLIC.replace("Peter", "Pater"),
        GO_SECRET,
    ],
)
def test_a_damaged_key_is_refused(line):
    with pytest.raises(BadNote):
        public_key(line)


def test_a_secret_key_is_no_public_one():
    with pytest.raises(BadNote):
        secret_key(GO_PUBLIC)
    with pytest.raises(BadNote):
        secret_key(GO_SECRET.replace("c74f", "c74e"))


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n"])
def test_a_key_needs_a_name_that_can_stand_in_a_note(name):
    with pytest.raises(Invalid):
        SecretKey.new(name)


def test_signatures_of_others_are_nothing_to_us():
    twice = HEAD.signed(OTHER) + HEAD.signed(KEY).rpartition("\n\n")[2]
    assert opened(twice, [KEY.public])[1] == [KEY.public]
    assert opened(twice, [KEY.public, OTHER.public])[1] == [OTHER.public, KEY.public]
    with pytest.raises(BadNote, match="No key that is known"):
        opened(HEAD.signed(OTHER), [KEY.public])


def test_a_checkpoint_says_what_was_signed():
    text = "example.org/log\n12\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\nseal 3\n"
    text += "sealed_at 2026-01-02T03:04:05.000006Z\n"
    assert HEAD.text() == text
    assert checkpoint_of(text) == HEAD == trusted(HEAD.signed(KEY), [KEY.public])


@pytest.mark.parametrize(
    ("old", "new"),
    [("\n12\n", "\n012\n"), ("\n12\n", "\n+12\n"), ("\n12\n", "\nx\n"), ("Hh8=", ""), ("seal 3\n", ""), ("06Z", "06")],
)
def test_a_checkpoint_has_one_form(old, new):
    with pytest.raises(BadNote):
        checkpoint_of(HEAD.text().replace(old, new))


def test_a_checkpoint_of_another_log_is_not_ours():
    foreign = Checkpoint(origin="other", tree_size=1, root=bytes(32), number=1, sealed_at=HEAD.sealed_at)
    with pytest.raises(BadNote, match="of the log other"):
        trusted(foreign.signed(KEY), [KEY.public])


def test_a_file_of_heads_is_read_also_where_writing_was_cut_off():
    one, two = HEAD.signed(KEY), HEAD.signed(OTHER)
    assert list(notes_in([])) == []
    for cut in range(len(one)):
        text = f"{two}\n{one[:cut]}{CUT_OFF}{one}\n{two}\n"
        assert list(notes_in(text.splitlines(keepends=True))) == [two, one, two]
        assert list(notes_in(f"{two}\n{one[:cut]}".splitlines(keepends=True))) == [two]
    assert list(notes_in(f"{two}\n{one}".splitlines(keepends=True))) == [two, one]
