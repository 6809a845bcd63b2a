"""Everything is killed once, at random, under eight writing clients: no acknowledged command is lost or doubled."""

import random

from tests.application import Application
from tests.crash.killer import present
from tests.crash.place import Place
from tests.crash.trial import trial


def test_whatever_is_killed_nothing_is_lost_and_all_comes_back(up: Application, place: Place) -> None:
    """Each kind once, which takes about fifteen seconds; `make soak ONLY=crash` takes a minute and more."""
    kinds = present(up)
    outcome = trial(up, place, kinds, seed=random.randrange(10**6), for_s=0)
    print(outcome)
    assert outcome.problems == [], str(outcome)
    assert {kind for _, kind in outcome.kills.done} == set(kinds)
    assert outcome.acknowledged > 0
