"""`manage.py up` with real processes: it starts, starts again, ends, and leaves nothing behind."""

import os
import re
import signal
import sys
import time
from pathlib import Path

import pytest
import requests

from exact.operations.account import open_to_all, service_user
from tests.application import ADMIN, PASSWORD, ROOT, Application, none_left, processes_of

QUICKLY_S = 10.0


def child_named(var: Path, word: str) -> int:
    """The number of the process whose words hold this, the keeper's left out."""
    found = {pid for pid, words in processes_of(var).items() if word in words and "keep.py" not in words}
    return min(found)


def test_starts_answers_stops_and_starts_again_in_time(up: Application) -> None:
    up.start()
    health = requests.get(f"{up.url}health/", timeout=10).json()
    assert (health["status"], health["database"], health["redis"]) == ("ok", "ok", "ok")
    assert requests.get(up.url, timeout=10).status_code == 200
    assert up.stop() == 0
    assert none_left(up.var) == {}
    assert up.start() < QUICKLY_S
    assert f"EXACT is ready: {up.url}" in up.said()
    assert up.stop(signal.SIGINT) == 0
    assert none_left(up.var) == {}


def test_only_the_port_is_open_and_only_here(up: Application) -> None:
    up.start()
    listening = {
        line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if line.split()[3] == "0A"
    }
    assert f"0100007F:{up.port:04X}" in listening
    assert f"00000000:{up.port:04X}" not in listening
    for folder in ("run", "postgres", "redis", "originals", "log"):
        assert (up.var / folder).stat().st_mode & 0o077 == 0, folder
    assert (up.var / "secret.key").stat().st_mode & 0o777 == 0o600


def test_survives_kill_9_of_the_supervisor(up: Application) -> None:
    up.start()
    assert up.manage("shell", "-c", MAKE_SOMEBODY).returncode == 0
    up.kill()
    up.start()
    assert "lived" in up.manage("shell", "-c", LOOK_FOR_SOMEBODY).stdout
    up.kill()
    assert none_left(up.var, 20) == {}


PEOPLE = "from django.contrib.auth import get_user_model; people = get_user_model().objects; "
MAKE_SOMEBODY = PEOPLE + "people.create_user('bea', password='long-enough-1')"
LOOK_FOR_SOMEBODY = PEOPLE + "print('lived' if people.filter(username='bea') else 'lost')"


def test_survives_kill_9_of_everything(up: Application) -> None:
    up.start()
    for pid in processes_of(up.var):
        os.kill(pid, signal.SIGKILL)
    assert up.process is not None
    up.process.wait()
    assert none_left(up.var) == {}
    up.start()


@pytest.mark.parametrize("word", ["daphne", "projector", "workers.worker", "/postgres -D", "redis-server"])
def test_starts_again_what_was_killed(up: Application, word: str) -> None:
    up.start()
    killed = child_named(up.var, word)
    os.kill(killed, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while not (up.answers() and any(word in words for pid, words in processes_of(up.var).items() if pid != killed)):
        assert time.monotonic() < deadline, up.said()
        time.sleep(0.1)


def test_a_second_one_on_the_same_folder_is_refused(up: Application) -> None:
    up.start()
    second = up.manage("up", "--port", str(up.port + 1))
    assert second.returncode == 1
    assert re.fullmatch(rf"EXACT already runs on {up.var} \(process \d+\); stop it first or .*\n", second.stderr)
    assert up.answers()


def test_a_random_password_is_shown_once(var: Path) -> None:
    up = Application(var, words=["--host", "127.0.0.1"])
    up.start()
    (password,) = re.findall(r"Sign in as admin with the password (\S+) ", up.said())
    assert signs_in(up, "admin", password)
    assert up.stop() == 0
    up.output.write_text("")
    up.start()
    assert password not in up.said()
    assert signs_in(up, "admin", password)
    assert up.stop() == 0


def test_the_wanted_administrator_may_sign_in(up: Application) -> None:
    up.start()
    assert signs_in(up, ADMIN, PASSWORD)
    assert not signs_in(up, ADMIN, "wrong")


def signs_in(up: Application, name: str, password: str) -> bool:
    """By Basic, at a door for people who are signed in."""
    return requests.get(f"{up.url}api/v1/me/", auth=(name, password), timeout=10).status_code == 200


def test_other_commands_find_what_runs(up: Application) -> None:
    alone = up.manage("showmigrations")
    assert (alone.returncode, alone.stderr) == (
        1, f"Nothing runs on {up.var}; start it with: manage.py up --var {up.var}\n",
    )  # fmt: skip
    up.start()
    assert "[X] 0001" in up.manage("showmigrations").stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_works_for_an_ordinary_user(var: Path) -> None:
    if not (open_to_all(ROOT / "manage.py") and open_to_all(Path(sys.executable))):
        pytest.skip("the clone lies in a folder that is closed to ordinary users")
    var.parent.chmod(0o777)
    become = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", "--bounding-set=-all"]
    up = Application(var, before=become, HOME="/tmp")
    up.start()
    assert {(var / name).stat().st_uid for name in ("postgres", "secret.key", "redis")} == {12345}
    assert up.stop() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can close a folder to the user of PostgreSQL")
def test_works_for_root_behind_a_closed_folder(var: Path) -> None:
    var.parent.chmod(0o700)
    up = Application(var)
    up.start()
    assert (var / "postgres").stat().st_uid == service_user(var / "postgres").pw_uid != 0
    up.kill()
    assert none_left(var, 20) == {}
