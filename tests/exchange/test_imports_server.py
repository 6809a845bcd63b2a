"""Imports with the real application: the worker is killed at every stage, the command line answers like the door."""

import os
import signal
import time
from collections import Counter

import pytest

from tests.application import ADMIN, PASSWORD, processes_of
from tests.exchange.files import a_row, crossing, jsonl
from tests.journeys.desk import Office
from tests.samples import picture

ROWS = 12_000
STAGES = ("checking", "importing", "showing")
WITHIN_S = 90


@pytest.fixture(scope="module")
def office(server):
    return Office(server, ADMIN, PASSWORD)


@pytest.fixture(scope="module")
def image_set(office):
    return office.image_set(office.team("Imports"), "Imports")


@pytest.fixture
def image(office, image_set, tmp_path, request):
    """A picture of its own for each test."""
    size = (2000, 1000 + len(request.node.name))
    return office.upload(image_set, picture(tmp_path / "field.png", size))["id"]


def rows(count):
    """So many triangles of a type that the set offers."""
    return (a_row(number, annotation_type="tumour") for number in range(count))


def send(office, image, data, **words):
    url = f"{office.server.url}api/v1/annotations/imports/"
    answer = office.session.post(url, params={"image": image, **words}, data=data, timeout=60)
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


def told(office, import_id):
    return office.get(f"api/v1/annotations/imports/{import_id}/")


def kill_worker(server):
    """kill -9; answers whether there was one to kill."""
    running = processes_of(server.var).items()
    found = [pid for pid, words in running if "workers.worker" in words and "keep.py" not in words]
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    return bool(found)


def test_a_worker_killed_at_every_stage_leaves_each_annotation_once(office, server, image):
    import_id = send(office, image, jsonl(*rows(ROWS)))
    killed, deadline = Counter(), time.monotonic() + WITHIN_S
    while (state := told(office, import_id)["state"]) != "complete":
        assert state in {"queued", *STAGES}, told(office, import_id)
        assert time.monotonic() < deadline, told(office, import_id)
        if state in STAGES and not killed[state] and kill_worker(server):
            killed[state] += 1
            assert len(office.annotations(image)) in {0, ROWS}
        time.sleep(0.02)
    shown = office.annotations(image)
    assert len(shown) == len({row["unique_identifier"] for row in shown.values()}) == ROWS
    assert len(killed) >= 2, killed


def test_the_command_line_refuses_with_one_and_a_table(office, server, image, tmp_path):
    file = tmp_path / "cells.jsonl"
    file.write_bytes(jsonl(*rows(1), crossing(annotation_type="tumour")))
    done = server.manage("import_annotations", str(file), "--image", str(image), "--by", ADMIN)
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "1 of 2 rows are bad; nothing was imported."
    assert "vector_crosses_itself" in done.stderr
    assert office.annotations(image) == {}


def test_left_to_the_worker_the_command_line_says_which_import_it_is(office, server, image, tmp_path):
    file = tmp_path / "cells.jsonl"
    file.write_bytes(jsonl(*rows(3)))
    import_id = server.manage("import_annotations", str(file), "--image", str(image), "--by", ADMIN, "--no-wait").stdout
    deadline = time.monotonic() + WITHIN_S
    while told(office, import_id.strip())["state"] != "complete":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert len(office.annotations(image)) == 3
