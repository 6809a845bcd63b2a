"""Following the log: LISTEN first, then read, then wait for a hint, never longer than a second."""

from collections import deque
from collections.abc import Sequence
from threading import Lock
from typing import Any

import psycopg
from django.db import connections
from eventsourcing import persistence as library
from eventsourcing.persistence import Notification

from exact.eventstore.recorder import ApplicationRecorder, select_notifications

POLL_S = 1.0
PAGE = 500


def listening_parameters(using: str = "default") -> dict[str, Any]:  # Any: psycopg's keywords
    """How to reach the database with a connection of one's own; asked when needed, since tests rename the database."""
    params: dict[str, Any] = connections[using].get_connection_params()
    for name in ("cursor_factory", "pool", "context"):
        params.pop(name, None)
    return params


class LogSubscription(library.Subscription[ApplicationRecorder]):
    """One connection of its own, no thread."""

    def __init__(self, recorder: ApplicationRecorder, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder, gt, topics)
        self._page: deque[Notification] = deque()
        self._busy = Lock()  # the library's runner leaves the block in one thread while another one iterates
        self._connection = psycopg.connect(**listening_parameters(recorder.using), autocommit=True)
        self._connection.execute("listen es")

    def __next__(self) -> Notification:
        with self._busy:
            while not self._page and not self._has_been_stopped:
                self._page.extend(self._read())
                if not self._page:  # a list, because a suspended generator keeps the connection's lock
                    list(self._connection.notifies(timeout=POLL_S, stop_after=1))
            if self._has_been_stopped:
                raise StopIteration
            return self._page.popleft()

    def _read(self) -> list[Notification]:
        after = self._last_notification_id or 0
        page = select_notifications(self._connection.execute, after, PAGE, None, self._topics, False)
        if page:
            self._last_notification_id = page[-1].id
        return page

    def __exit__(self, *args: object, **kwargs: Any) -> None:
        super().__exit__(*args, **kwargs)
        with self._busy:
            self._connection.close()
