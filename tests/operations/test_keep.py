"""A keeper starts again what dies, gives up on what does not start, and ends with whoever asked for it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from exact.operations import keep

MEMBER = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); time.sleep(60)"


def keeper(*program: str, parent: int | None = None) -> subprocess.Popen[str]:
    words = [
        sys.executable,
        "-I",
        "-S",
        keep.__file__,
        "--parent",
        str(parent or os.getpid()),
        "--name",
        "it",
        "--patience",
        "0.5",
        "--",
        *program,
    ]
    return subprocess.Popen(words, stderr=subprocess.PIPE, text=True)


def lives(notes: Path, count: int) -> list[int]:
    """Numbers of the lives so far, when there are enough."""
    deadline = time.monotonic() + 10
    while not notes.exists() or len(notes.read_text().split()) < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return [int(pid) for pid in notes.read_text().split()]


def gone(pid: int) -> bool:
    """Whether it has ended, within a second."""
    for _ in range(50):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def test_what_was_killed_lives_again(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    kept = keeper(sys.executable, "-c", MEMBER, str(notes))
    os.kill(lives(notes, 1)[0], signal.SIGKILL)
    second = lives(notes, 2)[1]
    kept.terminate()
    assert kept.wait(10) == 0
    assert gone(second)


def test_it_gives_up_on_what_does_not_start() -> None:
    kept = keeper("sh", "-c", "exit 3")
    _, said = kept.communicate(timeout=20)
    assert kept.returncode == 1
    assert said.splitlines()[-1] == "it ended with code 3 and does not start; gave up after 4 attempts"


def test_it_ends_what_does_not_listen(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    kept = keeper("sh", "-c", f"trap '' TERM QUIT; echo $$ >>{notes}; sleep 60 & wait; sleep 60")
    (deaf,) = lives(notes, 1)
    kept.terminate()
    assert kept.wait(15) == 0
    assert gone(deaf)


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    asking = f"import subprocess, sys, os, time; subprocess.Popen([sys.executable, '-I', '-S', {keep.__file__!r}, '--parent', str(os.getpid()), '--name', 'it', '--', sys.executable, '-c', {MEMBER!r}, {str(notes)!r}]); time.sleep(60)"  # noqa: E501
    parent = subprocess.Popen([sys.executable, "-c", asking])
    (child,) = lives(notes, 1)
    parent.kill()
    parent.wait()
    assert gone(child)


def test_an_orphan_does_not_begin() -> None:
    assert keeper("sleep", "60", parent=1).wait(10) == 0


def test_what_has_lived_once_is_started_for_ever() -> None:
    kept = keep.Keeper(keep.parsed(["--parent", "1", "--name", "it", "--", "sleep"]))
    assert kept._after_death(1, keep.SHORT_LIFE_S + 1) is not None
    delays = [kept._after_death(1, 0.1) for _ in range(20)]
    assert None not in delays
    assert delays[-1] == keep.LONGEST_DELAY_S


def test_one_that_took_over_never_gives_up() -> None:
    kept = keep.Keeper(keep.parsed(["--parent", "1", "--attempts", "0", "--name", "it", "--", "sleep"]))
    assert None not in [kept._after_death(1, 0.1) for _ in range(20)]
