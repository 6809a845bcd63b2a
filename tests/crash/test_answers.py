"""What was committed but never answered is answered alike when it is sent again by REST, and stored once."""

import os
import random
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

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
KEPT = "select position, n from es.command where command_id = %s"
FACTS = "select position from es.event where command_id = %s order by position"


@dataclass(frozen=True)
class Wish:
    """One request, under a key of its own, and how many facts come of it."""

    path: str
    body: dict[str, Any]  # Any: JSON
    facts: int
    key: str

    def ask(self, place: Place, **changes: Any) -> requests.Response | None:  # Any: JSON
        """The answer; None for a connection that broke or a 503 with a sentence."""
        headers = {**place.people[0].headers, "Idempotency-Key": self.key}
        try:
            answer = requests.post(place.url + self.path, json={**self.body, **changes}, headers=headers, timeout=30)
        except requests.ConnectionError:
            return None
        if answer.status_code != 503:
            return answer
        assert float(answer.headers["Retry-After"]) > 0
        assert answer.json()["detail"]
        return None


def drawing(place: Place, image_id: object) -> dict[str, Any]:  # Any: JSON
    """A triangle."""
    vector = {"vector_type": 5, "points": [0, 0, 1000, 0, 0, 1000]}
    kind = str(place.annotation_type_id)
    return {"command": "DrawAnnotation", "image_id": str(image_id), "annotation_type_id": kind, "vector": vector}


def wishes(place: Place, victim: str) -> list[Wish]:
    """One annotation, a batch of two, and a verdict about all three that lie on the other image."""
    here, there = place.images.values()
    before = Wish("api/v1/commands/batch/", {"commands": [drawing(place, there)] * 3}, 3, f"before {victim}")
    mine = {"annotation_ids": [one["id"] for one in said(before.ask(place))["results"]]}
    accept = {"command": "VerifyAnnotations", "image_id": str(there), "verdict": "accepted", "where": mine}
    return [
        Wish("api/v1/commands/", drawing(place, here), 1, f"one as {victim} dies"),
        Wish("api/v1/commands/batch/", {"commands": [drawing(place, here)] * 2}, 2, f"a batch as {victim} dies"),
        Wish("api/v1/commands/", accept, 3, f"a set as {victim} dies"),
    ]


def said(answer: requests.Response | None) -> Any:  # Any: JSON
    """The body of a granted wish."""
    assert answer is not None
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("victim", ["postgres", "web"])
def test_a_crash_between_commit_and_answer_repeats_the_answer(up: Application, place: Place, victim: str) -> None:
    asked, (pid,) = wishes(place, victim), victims(up)[victim]
    with between(run_folder(up.var), lambda: os.kill(pid, signal.SIGKILL), committed=len(asked)) as line:
        kill(up, "backend", random.Random(0))  # all connections are made anew, through us
        well_again(up, BACK_WITHIN_S)
        line.armed.set()
        with ThreadPoolExecutor(len(asked)) as clients:
            assert list(clients.map(lambda wish: wish.ask(place), asked)) == [None] * len(asked)
        assert line.struck.is_set()
    well_again(up, BACK_WITHIN_S)
    for wish in asked:
        first, again = said(wish.ask(place)), said(wish.ask(place))
        assert first == again
        other = wish.ask(place, **other_than(wish))
        assert other is not None
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
        command_id = derived_id(place.people[0].person_id, wish.key)
        with verdict.database(up) as connection:
            (kept,) = connection.execute(KEPT, [command_id]).fetchall()
            facts = [position for (position,) in connection.execute(FACTS, [command_id]).fetchall()]
        assert kept == (facts[0], wish.facts), "it was committed, once"
        assert (first["command_id"], first["position"]) == (str(command_id), facts[-1])
        assert len(facts) == wish.facts


def other_than(wish: Wish) -> dict[str, Any]:  # Any: JSON
    """What makes it another wish."""
    if "commands" in wish.body:
        return {"commands": wish.body["commands"][:1]}
    return {"verdict": "rejected"} if "verdict" in wish.body else {"description": "another"}
