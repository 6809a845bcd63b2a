"""`manage.py up` with real processes: it starts, starts again, ends, and leaves nothing behind."""

import contextlib
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from exact.operations.account import open_to_all, service_user
from tests.application import ADMIN, PASSWORD, ROOT, Application, none_left, processes_of

QUICKLY_S = 10.0
PATIENCE_S = 90.0
"""How long a start that is measured waits for what else the machine does."""


def child_named(var: Path, word: str) -> int:
    """The number of the process whose words hold this, the keeper's left out."""
    return min(pid for pid, words in processes_of(var).items() if word in words and "keep.py" not in words)


@pytest.fixture(scope="module")
def running() -> Iterator[Application]:
    """One for the tests that leave it as it was."""
    folder = Path(tempfile.mkdtemp(prefix="exact-up-"))
    application = Application(folder / "var")
    application.start()
    yield application
    assert application.stop() == 0
    assert none_left(folder) == {}
    shutil.rmtree(folder)


def test_starts_answers_stops_and_starts_again(up: Application) -> None:
    up.words = ["--port", str(up.port)]
    up.start()
    assert requests.get(up.url, timeout=10).status_code == 200
    (password,) = re.findall(r"Sign in as admin with the password (\S+) ", up.said())
    assert signs_in(up, "admin", password)
    assert up.stop() == 0
    assert none_left(up.var) == {}
    up.output.write_text("")
    up.start()
    assert password not in up.said()
    assert f"EXACT is ready: {up.url}" in up.said()
    assert signs_in(up, "admin", password)
    assert up.stop(signal.SIGINT) == 0
    assert none_left(up.var) == {}


def test_starts_again_quickly(up: Application) -> None:
    up.start()
    up.stop()
    deadline = time.monotonic() + PATIENCE_S
    while (busy := os.getloadavg()[0] > 2 * (os.cpu_count() or 1)) and time.monotonic() < deadline:
        time.sleep(1)
    if busy:
        pytest.skip("this machine is too busy with something else to measure a start")
    assert up.start() < QUICKLY_S


def test_all_is_well(running: Application) -> None:
    health = requests.get(f"{running.url}health/", timeout=10).json()
    assert (health["status"], health["database"], health["redis"]) == ("ok", "ok", "ok")


def test_only_the_port_is_open_and_only_here(running: Application) -> None:
    table = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = {line[1] for line in table if line[3] == "0A"}
    assert f"0100007F:{running.port:04X}" in listening
    assert f"00000000:{running.port:04X}" not in listening


def test_what_is_kept_is_closed_to_others(running: Application) -> None:
    for folder in ("run", "postgres", "redis", "originals", "log"):
        assert (running.var / folder).stat().st_mode & 0o077 == 0, folder
    assert (running.var / "secret.key").stat().st_mode & 0o777 == 0o600


def test_the_wanted_administrator_may_sign_in(running: Application) -> None:
    assert signs_in(running, ADMIN, PASSWORD)
    assert not signs_in(running, ADMIN, "wrong")


def signs_in(up: Application, name: str, password: str) -> bool:
    """By Basic, at a door for people who are signed in."""
    return requests.get(f"{up.url}api/v1/me/", auth=(name, password), timeout=10).status_code == 200


def test_a_second_one_on_the_same_folder_is_refused(running: Application) -> None:
    second = running.manage("up", "--port", str(running.port + 1))
    assert second.returncode == 1
    assert re.fullmatch(rf"EXACT already runs on {running.var} \(process \d+\); stop it first or .*\n", second.stderr)
    assert running.answers()


def test_other_commands_find_what_runs(running: Application) -> None:
    assert "[X] 0001" in running.manage("showmigrations").stdout


def test_other_commands_say_when_nothing_runs(up: Application) -> None:
    alone = up.manage("showmigrations")
    sentence = f"Nothing runs on {up.var}; start it with: manage.py up --var {up.var}\n"
    assert (alone.returncode, alone.stderr) == (1, sentence)


KILLED = ("daphne", "projector", "workers.worker", "sealer", "/postgres -D", "redis-server")


def test_what_is_killed_lives_again(running: Application) -> None:
    before = {word: child_named(running.var, word) for word in KILLED}
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while not running.answers() or any(still_dead(running, word, pid) for word, pid in before.items()):
        assert time.monotonic() < deadline, running.said()
        time.sleep(0.1)


def still_dead(up: Application, word: str, killed: int) -> bool:
    """Whether no other process has taken its place."""
    return not any(
        word in words and "keep.py" not in words and pid != killed for pid, words in processes_of(up.var).items()
    )


def test_keepers_that_are_killed_are_replaced(running: Application) -> None:
    """All five at once, and the forks that read what the programs say."""
    assert running.process is not None
    keepers = {pid for pid, words in processes_of(running.var).items() if "keep.py" in words}
    readers = {pid for pid, words in processes_of(running.var).items() if "manage.py up" in words}
    for pid in keepers | readers - {running.process.pid}:
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while len(fresh(running, "keep.py", keepers)) < len(keepers) or not running.answers():
        assert time.monotonic() < deadline, running.said()
        time.sleep(0.1)
    assert len(fresh(running, "manage.py up", readers)) == len(readers) - 1
    assert running.process.poll() is None


def fresh(up: Application, word: str, before: set[int]) -> set[int]:
    """Processes with this word that were not there before."""
    return {pid for pid, words in processes_of(up.var).items() if word in words} - before


def test_survives_kill_9(up: Application) -> None:
    up.start()
    assert up.manage("shell", "-c", MAKE_SOMEBODY).returncode == 0
    up.kill()  # the supervisor alone: the others end by themselves
    up.start()
    for pid in processes_of(up.var):  # all at once
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert none_left(up.var) == {}
    assert up.process is not None
    up.process.wait()
    up.start()
    assert "lived" in up.manage("shell", "-c", LOOK_FOR_SOMEBODY).stdout
    up.kill()
    assert none_left(up.var, 20) == {}


PEOPLE = "from django.contrib.auth import get_user_model; people = get_user_model().objects; "
MAKE_SOMEBODY = PEOPLE + "people.create_user('bea', password='long-enough-1')"
LOOK_FOR_SOMEBODY = PEOPLE + "print('lived' if people.filter(username='bea') else 'lost')"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_works_for_an_ordinary_user(var: Path) -> None:
    if not (open_to_all(ROOT / "manage.py") and open_to_all(Path(sys.executable))):
        pytest.skip("the clone lies in a folder that is closed to ordinary users")
    var.parent.chmod(0o777)
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all"]
    up = Application(var, before=become, HOME="/tmp")
    up.start()
    assert {(var / name).stat().st_uid for name in ("postgres", "secret.key", "redis")} == {65534}
    assert up.stop() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can close a folder to the user of PostgreSQL")
def test_works_for_root_behind_a_closed_folder(var: Path) -> None:
    var.parent.chmod(0o700)
    up = Application(var)
    up.start()
    assert (var / "postgres").stat().st_uid == service_user(var / "postgres").pw_uid != 0
    up.kill()
    assert none_left(var, 20) == {}
