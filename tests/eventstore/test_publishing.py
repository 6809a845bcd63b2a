"""Heads reach a file and an address outside, in order, each at least once, whatever fails meanwhile."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from exact.eventstore import publishing
from exact.eventstore.heads_outside import notes_in
from exact.eventstore.publishing import NotPublished, label, publish, published
from exact.eventstore.verification import problems
from tests.eventstore.sealed import keep, seal_all, tamper

pytestmark = pytest.mark.django_db(transaction=True, available_apps=["exact.eventstore"])


@pytest.fixture
def file(tmp_path, settings):
    settings.SEAL_PUBLISH = [str(tmp_path / "heads")]
    return tmp_path / "heads"


class Witness(BaseHTTPRequestHandler):
    """Keeps what is POSTed; `answers` are the next status codes, then 200."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        status = self.server.answers.pop(0) if self.server.answers else 200
        if status == 200:
            self.server.notes.append(body)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        """Quietly."""


@pytest.fixture
def witness():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Witness)
    server.notes, server.answers = [], []
    server.url = f"http://127.0.0.1:{server.server_port}/heads?token=secret"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def notes_of(file):
    with file.open() as lines:
        return list(notes_in(lines))


def seal_some(count):
    keep(count)
    return [seal.checkpoint for seal in seal_all(1)]


def test_every_head_is_appended_to_the_file_once_and_in_order(file):
    heads = []
    for count in (1, 3, 2):
        heads += seal_some(count)
        while publish(str(file), limit=2):
            pass
    assert notes_of(file) == heads[0:]
    assert list(problems(heads=notes_of(file))) == []


def test_a_new_place_begins_with_the_newest_head(file):
    heads = seal_some(5)
    assert publish(str(file)) == 1
    assert notes_of(file) == heads[-1:]


def test_every_head_is_posted_in_order(witness):
    heads = seal_some(1)
    assert publish(witness.url) == 1
    heads += seal_some(3)
    assert publish(witness.url) == 3
    assert publish(witness.url) == 0
    assert witness.notes == heads


@pytest.mark.parametrize("status", [500, 404, 302])
def test_what_was_not_taken_is_offered_again(witness, status):
    publish_first = seal_some(1)
    publish(witness.url)
    heads = seal_some(3)
    witness.answers = [200, status]
    with pytest.raises(NotPublished, match=str(status)) as refusal:
        publish(witness.url)
    assert "secret" not in str(refusal.value)
    assert publish(witness.url) == 2
    assert witness.notes == publish_first + heads


def test_a_place_that_does_not_answer_does_not_keep_the_others_waiting(file, witness, monkeypatch):
    monkeypatch.setattr(publishing, "TIMEOUT_S", 0.2)
    seal_some(1)
    witness.shutdown()
    with pytest.raises(NotPublished):
        publish(witness.url)
    assert publish(str(file)) == 1


@pytest.mark.parametrize("place", ["ftp://127.0.0.1/x", "relative/file", "http://"])
def test_what_is_no_place_is_told(place):
    seal_some(1)
    with pytest.raises(NotPublished):
        publish(place)


def test_a_crash_after_delivery_delivers_again(file, monkeypatch):
    seal_some(1)
    publish(str(file))
    heads = seal_some(2)

    class Killed(BaseException):
        """The process ends here."""

    def killed(place, note):
        publishing.append(file, note)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(publishing, "deliver", killed)
        with pytest.raises(Killed):
            publish(str(file))
    publish(str(file))
    assert notes_of(file)[1:] == [heads[0], heads[0], heads[1]]
    assert list(problems(heads=notes_of(file))) == []


def test_a_head_that_was_cut_off_is_marked_and_written_again(file):
    heads = seal_some(1)
    publish(str(file))
    heads += seal_some(1)
    with file.open("a") as torn:
        torn.write(heads[1][:-20])
    publish(str(file))
    assert notes_of(file) == heads


def test_how_far_each_place_is(settings, file, witness):
    settings.SEAL_PUBLISH = [str(file), witness.url]
    seal_some(1)
    publish(str(file))
    seal_some(4)
    publish(witness.url)
    there, here = published()
    assert (there.place, there.number, there.behind) == (label(str(file)), 1, 4)
    assert (here.number, here.behind) == (5, 0)
    assert "token" not in here.place


# --- what published heads find out ------------------------------------------------------------------------------------


def test_a_log_that_was_set_back_is_found_out(file):
    seal_some(1)
    publish(str(file))
    heads = seal_some(4)
    publish(str(file))
    for sql in (
        "delete from es.event where position > 3",
        "delete from es.seal where number > 3",
        "update es.seal_edge set hashes = substr(hashes, 1, 96), positions = positions[1:3]",
    ):
        tamper(sql)
    assert list(problems()) == []
    newer = "The published head over {} facts is newer than the log, in which 3 are sealed: the log was set back."
    assert list(problems(heads=notes_of(file))) == [newer.format(4), newer.format(5)]
    assert len(heads) == 4


def test_a_log_that_was_written_anew_with_the_key_is_found_out(file):
    seal_some(3)
    publish(str(file))
    for sql in (
        "update es.event set version = 7 where position = 2",
        "delete from es.seal",
        "delete from es.seal_edge",
        "delete from es.seal_tile",
    ):
        tamper(sql)
    seal_all()
    assert list(problems()) == []
    assert list(problems(heads=notes_of(file))) == [
        "The published head over 3 facts has another root than the log: what was published has been rewritten."
    ]


def test_a_published_head_without_its_seal_is_compared_with_the_tree(file):
    seal_some(1)
    publish(str(file))
    seal_some(2)
    tamper("delete from es.seal where number = 1")
    assert list(problems(heads=notes_of(file))) == ["Seal 1 was removed."]


def test_a_forged_head_is_told(file):
    [head] = seal_some(1)
    forged = head.replace("\n1\n", "\n2\n")
    assert ["A published head cannot be trusted" in problem for problem in problems(heads=[forged])] == [True]
