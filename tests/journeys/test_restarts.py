"""The web process or Redis dies while people draw: everything that was drawn is there, once, for everybody."""

import os
import signal
import time

import pytest

from tests.application import processes_of


@pytest.fixture(scope="module")
def image(office, slide_file):
    """A slide that two people may draw on."""
    team = office.team("Restarts", rosa="annotator")
    return office.upload(office.image_set(team, "Restarts"), slide_file)["id"]


def kill(server, word: str) -> None:
    """kill -9 of the process that has this word in its command, not of its keeper."""
    for pid, command in processes_of(server.var).items():
        if word in command and "keep.py" not in command and "manage.py" not in command:
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("victim", ["daphne", "redis-server"])
def test_what_is_drawn_while_a_process_dies_is_there_once_for_everybody(desk, office, server, image, victim):
    known = len(office.annotations(image))
    ada, rosa = desk("ada"), desk("rosa")
    for each in (ada, rosa):
        each.open_image(image)
    for step in range(6):
        (ada, rosa)[step % 2].draw_box(0.25 + step * 0.08, 0.3 if victim == "daphne" else 0.6, 0.04)
        if step in (1, 3):
            kill(server, victim)
        time.sleep(0.3)
    for each in (ada, rosa):
        each.wait_until_saved()
        each.expect_shapes(known + 6)
    assert ada.ids() == rosa.ids() == set(office.annotations(image))
