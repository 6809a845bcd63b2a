"""What can be in the way of a start: one clear sentence each, exit code 1, and nothing started."""

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.application import ROOT, Application


def refused(up: Application, *words: str) -> str:
    """The one line with which `up` refuses."""
    ended = up.manage("up", *(words or up.words))
    assert ended.returncode == 1, ended
    assert "Traceback" not in ended.stdout + ended.stderr
    assert ended.stderr.count("\n") == 1, ended.stderr
    return ended.stderr.strip()


def test_a_taken_port(up: Application) -> None:
    with socket.create_server(("127.0.0.1", up.port)):
        assert refused(up) == f"Port {up.port} of 127.0.0.1 is taken; choose another with --port."
    assert not (up.var / "postgres").exists()


def test_a_port_that_is_none(up: Application) -> None:
    assert "choose one from 1 to 65535" in refused(up, "--port", "70000")


def test_a_host_that_is_none(up: Application) -> None:
    assert "no host 'nowhere.invalid'" in refused(up, "--host", "nowhere.invalid")


def test_a_folder_that_cannot_be(up: Application) -> None:
    up.var.write_text("a file")
    assert refused(up).startswith(f"Cannot write to {up.var} (")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
@pytest.mark.parametrize(("option", "sentence"), [("ro", "Cannot write to {}"), ("size=64k", "The disk of {} is full")])
def test_a_disk_that_is_read_only_or_full(mounted: Path, option: str, sentence: str) -> None:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", option, "tmpfs", str(mounted)], check=False).returncode != 0:
        pytest.skip("this container may not mount")
    up = Application(mounted / "var")
    assert refused(up).startswith(sentence.format(up.var))


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """Where something may be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    yield place
    subprocess.run(["umount", str(place)], check=False, capture_output=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="root is needed to be another user")
def test_a_folder_of_somebody_else(up: Application) -> None:
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all"]
    if subprocess.run([*become, "test", "-r", str(ROOT / "manage.py")], check=False).returncode != 0:
        pytest.skip("the clone lies in a folder that is closed to ordinary users")
    assert refused(Application(up.var, before=become)).startswith(f"Cannot write to {up.var} (")


def test_an_administrator_without_password(up: Application) -> None:
    assert refused(up, "--port", str(up.port), "--admin", "ada").startswith("--admin wants NAME:PASSWORD")


def test_a_database_that_does_not_answer(var: Path) -> None:
    up = Application(var, DATABASE_URL=f"postgresql://exact@/exact?host={var}")
    assert refused(up).startswith("The database of DATABASE_URL does not answer: ")
