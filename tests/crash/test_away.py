"""While PostgreSQL or Redis is away every door answers, in seconds and with a sentence; then all goes on by itself."""

import os
import random
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import requests

from tests.application import ADMIN, PASSWORD, Application, processes_of
from tests.crash.killer import kill, victims, well_again
from tests.crash.place import Place, picture
from tests.crash.trial import BACK_WITHIN_S

ANSWERS_WITHIN_S = 20.0
"""The web process waits five for the database; the machine may have other work."""


FAMILIES = {"postgres": ("postgres", "backend"), "redis": ("redis",)}
"""What has to have ended before somebody is away."""


@contextmanager
def away(up: Application, kind: str, name: str) -> Iterator[None]:
    """Killed, and its keeper frozen, so that it stays away; gone is it when the last of its processes is.

    PostgreSQL's backends outlive their killed postmaster for a moment, and one of them may still answer.
    """
    (keeper,) = [pid for pid, words in processes_of(up.var).items() if "keep.py" in words and f"--name {name}" in words]
    os.kill(keeper, signal.SIGSTOP)
    try:
        assert kill(up, kind, random.Random(0))
        gone(up, FAMILIES[kind])
        yield
    finally:
        os.kill(keeper, signal.SIGCONT)
    well_again(up, BACK_WITHIN_S)


def gone(up: Application, kinds: tuple[str, ...]) -> None:
    """Waits until no process of these kinds lives."""
    deadline = time.monotonic() + BACK_WITHIN_S
    while any(victims(up).get(kind) for kind in kinds):
        assert time.monotonic() < deadline, f"they do not end: {victims(up)}"
        time.sleep(0.02)


@pytest.fixture
def session(up: Application) -> requests.Session:
    """Signed in by the page."""
    browser = requests.Session()
    browser.get(f"{up.url}sign-in/", timeout=10)
    fields = {"username": ADMIN, "password": PASSWORD, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    entered = browser.post(f"{up.url}sign-in/", fields, headers={"Referer": up.url}, timeout=10)
    assert entered.url == up.url
    return browser


def test_without_postgresql_every_door_asks_to_come_again(
    up: Application, place: Place, session: requests.Session
) -> None:
    image, token = next(iter(place.images)), place.people[0].headers
    doors = {
        "page": lambda: session.get(up.url, timeout=30),
        "health": lambda: requests.get(f"{up.url}health/", timeout=30),
        "rest": lambda: requests.get(f"{up.url}api/v1/images/images/", headers=token, timeout=30),
        "command": lambda: requests.post(
            f"{up.url}api/v1/commands/", headers=token, timeout=30, json={"command": "FoundTeam", "name": "t"}
        ),
        "tile": lambda: requests.get(
            f"{up.url}images/image/{image}/1/0/tile_files/0/0_0.jpeg", headers=place.people[1].headers, timeout=30
        ),
        "upload": lambda: requests.post(
            f"{up.url}api/v1/images/images/?image_set={place.image_set}", headers=place.owner.headers, timeout=30,
            files={"file": ("a.png", picture(7))},
        ),
    }  # fmt: skip
    with away(up, "postgres", "PostgreSQL"), ThreadPoolExecutor(len(doors)) as asking:
        answers = dict(zip(doors, asking.map(lambda ask: ask(), doors.values()), strict=True))
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(doors, 503)
    assert all(answer.elapsed.total_seconds() < ANSWERS_WITHIN_S for answer in answers.values())
    answers.pop("health")
    assert all(float(answer.headers["Retry-After"]) > 0 for answer in answers.values())
    assert "The database does not answer just now" in answers.pop("page").text
    assert all("try again" in answer.json()["detail"] for answer in answers.values())


def test_without_redis_people_work_on_and_an_export_waits_for_it(up: Application, place: Place) -> None:
    image, token = next(iter(place.images)), place.owner.headers
    asked = {"image": image, "format": "csv"}
    with away(up, "redis", "Redis"):
        assert requests.get(f"{up.url}api/v1/images/images/", headers=token, timeout=30).status_code == 200
        assert requests.get(f"{up.url}health/", timeout=30).json()["redis"] == "failing"
        answer = requests.post(f"{up.url}api/v1/datasets/exports/", json=asked, headers=token, timeout=30)
        assert answer.status_code == 202, answer.text
    assert written(up, answer.json()["id"], token)


def written(up: Application, number: str, headers: dict[str, str]) -> bool:
    """Whether the export is finished in time, though no message told the worker of it."""
    deadline = time.monotonic() + BACK_WITHIN_S
    while time.monotonic() < deadline:
        state = requests.get(f"{up.url}api/v1/datasets/exports/{number}/", headers=headers, timeout=10).json()["state"]
        if state not in ("queued", "running"):
            return bool(state == "ready")
        time.sleep(0.2)
    return False
