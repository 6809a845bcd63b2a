"""Telling how far a delivery is: the table for whoever asks, a NOTIFY for whoever listens; at most twice a second."""

import time
from collections.abc import Callable
from typing import Any

import msgspec
from django.db import connection
from django.utils import timezone

from exact.ingest.models import WORKING, DeliveredImage, Delivery, State

CHANNEL = "exact_deliveries"
TELL_EVERY_S = 0.5
WEIGHT = {State.QUEUED: (0.0, 0.0), State.READING: (0.0, 0.3), State.REGISTERING: (0.3, 0.7)}
"""Where each state begins on the way from 0 to 1, and how much of it is its own."""
Watch = Callable[[Delivery], None]


class Stopped(Exception):
    """The delivery is not in the state any more in which it was to go on."""


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a delivery over the database's own channel."""

    id: str
    image_set_id: str
    state: str
    progress: float


def progress_of(delivery: Delivery) -> float:
    """How far the work on it is, from 0 to 1."""
    if delivery.state == State.RECEIVING:
        return 0.0
    begin, length = WEIGHT.get(State(delivery.state), (1.0, 0.0))
    return round(begin + length * min(delivery.share, 1.0), 4)


def tell(delivery: Delivery) -> None:
    """Wake whoever listens; those who do not, ask."""
    news = News(
        id=str(delivery.id),
        image_set_id=str(delivery.image_set_id),
        state=delivery.state,
        progress=progress_of(delivery),
    )
    with connection.cursor() as cursor:
        cursor.execute("select pg_notify(%s, %s)", [CHANNEL, msgspec.json.encode(news).decode()])


class Teller:
    """Keeps the row of one delivery true while it is in the state it should be in, else Stopped."""

    def __init__(self, delivery: Delivery, watch: Watch = lambda _: None) -> None:
        self.delivery, self.watch = delivery, watch
        self._told = 0.0

    def maybe(self, share: float) -> None:
        """How far its state is; written when it is time."""
        if time.monotonic() - self._told >= TELL_EVERY_S:
            self._write(share=share)

    def image(self, row: DeliveredImage, **fields: Any) -> None:  # Any: the row's columns
        """What has become of one image; told at once."""
        for name, value in fields.items():
            setattr(row, name, value)
        row.save(update_fields=list(fields))
        self._write()

    def move(self, state: State, **fields: Any) -> None:  # Any: the row's columns
        """Into another state."""
        if state not in WORKING:
            fields["ended_at"] = timezone.now()
        self._write(**{"share": 0.0, **fields, "state": state.value})

    def _write(self, **fields: Any) -> None:  # Any: the row's columns
        self._told = time.monotonic()
        fields["touched_at"] = timezone.now()
        if not Delivery.objects.filter(id=self.delivery.id, state=self.delivery.state).update(**fields):
            raise Stopped
        for name, value in fields.items():
            setattr(self.delivery, name, value)
        tell(self.delivery)
        self.watch(self.delivery)
