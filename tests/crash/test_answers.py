"""A command that was committed but never answered is answered alike when it is sent again, and stored once."""

import os
import random
import signal

import pytest
import requests

from exact.domain.identifiers import derived_id
from exact.settings import run_folder
from tests.application import Application
from tests.crash import verdict
from tests.crash.between import between
from tests.crash.killer import kill, victims, well_again
from tests.crash.place import Place

BACK_WITHIN_S = 60.0


@pytest.mark.parametrize("victim", ["postgres", "web"])
def test_a_crash_between_commit_and_answer_repeats_the_answer(up: Application, place: Place, victim: str) -> None:
    somebody, key = place.people[0], f"the worst moment of {victim}"
    (pid,) = victims(up)[victim]
    with between(run_folder(up.var), lambda: os.kill(pid, signal.SIGKILL)) as line:
        kill(up, "backend", random.Random(0))  # all connections are made anew, through us
        well_again(up, BACK_WITHIN_S)
        line.armed.set()
        assert drawn(place, somebody.headers, key) is None
        assert line.struck.is_set()
    well_again(up, BACK_WITHIN_S)
    with verdict.database(up) as connection:
        sql = "select position, (result ->> 'version')::bigint from es.command where command_id = %s"
        stored = connection.execute(sql, [derived_id(somebody.person_id, key)]).fetchall()
        assert len(stored) == 1, "it was committed"
        again = [drawn(place, somebody.headers, key) for _ in range(2)]
        assert again == [stored[0], stored[0]]
        facts = connection.execute("select count(*) from es.event where command_id = %s",
                                   [derived_id(somebody.person_id, key)]).fetchone()  # fmt: skip
    assert facts == (1,)


def drawn(place: Place, headers: dict[str, str], key: str) -> tuple[int, int] | None:
    """Position and version, as answered; None for a connection that broke or a 503."""
    body = {
        "command": "DrawAnnotation",
        "image_id": str(next(iter(place.images.values()))),
        "annotation_type_id": str(place.annotation_type_id),
        "vector": {"vector_type": 5, "points": [0, 0, 1000, 0, 0, 1000]},
    }
    url = f"{place.url}api/v1/commands/"
    try:
        answer = requests.post(url, json=body, headers={**headers, "Idempotency-Key": key}, timeout=30)
    except requests.ConnectionError:
        return None
    if answer.status_code == 503:
        assert float(answer.headers["Retry-After"]) > 0
        assert answer.json()["detail"]
        return None
    assert answer.status_code == 200, answer.text
    return answer.json()["position"], answer.json()["version"]
