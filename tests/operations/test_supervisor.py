"""What honcho's forks say arrives, whole as far as it goes, without POSIX semaphores."""

import queue
from datetime import UTC, datetime
from typing import Any

import pytest
from honcho.printer import Message

from exact.operations.supervisor import Messages


def line(data: bytes) -> Any:
    """As honcho makes it."""
    return Message(type="line", data=data, time=datetime.now(UTC), name="web", colour=None)


def test_messages_arrive_in_order() -> None:
    messages = Messages()
    sent = [line(b"one"), line(b"two")]
    for message in sent:
        messages.put(message)
    assert [messages.get(timeout=1), messages.get(timeout=1)] == sent


def test_an_endless_line_is_cut() -> None:
    messages = Messages()
    messages.put(line(b"x" * 10**6))
    assert 0 < len(messages.get(timeout=1).data) < Messages.MOST_BYTES


def test_nothing_is_empty() -> None:
    with pytest.raises(queue.Empty):
        Messages().get(timeout=0.01)
