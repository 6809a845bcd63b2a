"""The sealer as real processes: killed at work, beside another, through a restart of PostgreSQL, told to stop."""

import itertools
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from django.conf import settings as exact_settings
from django.db import connection, transaction

from exact.environment import environment_with
from exact.eventstore import seals
from exact.eventstore.heads_outside import notes_in, refuse_set_back, remember, remembered_file
from exact.eventstore.verification import problems
from tests.eventstore.sealed import ask, keep, seal_all, tamper

pytestmark = pytest.mark.django_db(transaction=True, available_apps=["exact.eventstore"])
MANY = """insert into es.event select nextval('es.position_seq'), gen_random_uuid(), 1, 'A', 1, gen_random_uuid(),
    gen_random_uuid(), decode(repeat('ab', 300), 'hex') from generate_series(1, %s)"""


def many(count):
    """Facts in one transaction, positions in the order of commits as always."""
    with transaction.atomic():
        ask("select pg_advisory_xact_lock(4242)")
        ask(MANY, count)


@pytest.fixture(autouse=True)
def own_seal_key(settings, tmp_path):
    settings.SEAL_KEY = tmp_path / "seal" / "seal.key"


@pytest.fixture
def heads(tmp_path):
    """Where they are published."""
    return tmp_path / "heads"


@contextmanager
def sealers(count, heads):
    """So many processes; they end with the block."""
    database = f"postgresql://exact@/{connection.settings_dict['NAME']}?host={exact_settings.RUN}"
    environment = environment_with(
        DATABASE_URL=database, EXACT_SEAL_KEY=str(exact_settings.SEAL_KEY), EXACT_SEAL_PUBLISH=str(heads)
    )
    words = [sys.executable, "-m", "workers.sealer"]
    started = [
        subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True, cwd=exact_settings.ROOT)
        for _ in range(count)
    ]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.communicate()


def until(true, within_s=30.0):
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, seals.newest()
        time.sleep(0.02)


def sealed():
    found = seals.newest()
    return found.tree_size if found else 0


def everything():
    return ask("select count(*) from es.event")[0][0]


@contextmanager
def writing():
    """Facts arrive one by one, and now and then many, as long as the block lasts."""
    enough = Event()

    def write():
        for turn in itertools.count():
            keep(300 if turn % 20 == 0 else 1)
            if enough.wait(0.005):
                break
        connection.close()

    thread = Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


def notes_of(file):
    with file.open() as lines:
        return list(notes_in(lines))


def test_sealers_killed_at_work_seal_every_fact_once(heads):
    with writing():
        many(25_000)
        with sealers(3, heads) as processes:
            for process in processes:
                before = sealed()
                until(lambda before=before: sealed() > before)
                process.send_signal(signal.SIGKILL)
    with sealers(1, heads):
        until(lambda: sealed() == everything())
        until(lambda: heads.exists() and notes_of(heads)[-1] == seals.newest().checkpoint)
    assert list(problems(heads=notes_of(heads))) == []
    sizes = [int(note.split("\n")[1]) for note in notes_of(heads)]
    assert sorted(sizes) == sizes
    assert {size for (size,) in ask("select tree_size from es.seal")} == set(sizes)


def test_facts_are_sealed_within_a_moment_and_at_most_once_a_second(heads):
    with sealers(1, heads) as [process]:
        began = time.monotonic()
        while time.monotonic() < began + 4:
            keep(1)
            time.sleep(0.01)
        until(lambda: sealed() == everything(), within_s=3)
        assert seals.newest().number <= 6
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


def test_postgresql_is_started_again_under_a_sealer(heads, services):
    keep(1)
    with sealers(1, heads) as [process]:
        until(lambda: sealed() == 1)
        connection.close()
        services.postgres.stop()
        services.postgres.start()
        keep(1)
        until(lambda: sealed() == 2)
        until(lambda: len(notes_of(heads)) == 2)
        assert process.poll() is None
    assert list(problems(heads=notes_of(heads))) == []


def test_a_log_that_was_set_back_is_not_sealed_and_a_person_is_told(heads):
    keep(3)
    remember(seal_all()[-1])
    tamper("delete from es.event")
    tamper("delete from es.seal")
    tamper("delete from es.seal_edge")
    keep(1)
    with sealers(1, heads) as [process]:
        assert "the log was set back" in process.stderr.readline()
        assert sealed() == 0
        assert process.poll() is None
    remembered_file().unlink()
    refuse_set_back()
