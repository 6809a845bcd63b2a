"""Calls that wait for a child: who asks for the same thing is answered with it, or anew."""

from exact.tiles.pool.waiting import Job, Waiting

CONTENT = "a" * 64


def job(call: bytes = b"tile 0") -> Job:
    return Job(CONTENT, call, lambda content: content)


def test_who_asks_for_what_is_being_made_is_answered_with_it() -> None:
    waiting = Waiting(1)
    first = waiting.add(job())
    taken = waiting.take(0, 0.1)
    assert taken is not None
    second = waiting.add(job())
    assert len(waiting) == 0
    taken.give(b"pixels")
    assert first.result(0) == second.result(0) == b"pixels"


def test_who_asks_between_the_answer_and_the_childs_next_call_is_not_forgotten() -> None:
    waiting = Waiting(1)
    waiting.add(job())
    taken = waiting.take(0, 0.1)
    assert taken is not None
    taken.give(b"pixels")
    late = waiting.add(job())
    waiting.done(0)
    again = waiting.take(0, 0.1)
    assert again is not None
    again.give(b"the same pixels")
    assert late.result(0) == b"the same pixels"


def test_who_asks_after_a_failure_is_not_forgotten_either() -> None:
    waiting = Waiting(1)
    waiting.add(job())
    taken = waiting.take(0, 0.1)
    assert taken is not None
    taken.fail(ValueError())
    waiting.add(job())
    assert len(waiting) == 1
