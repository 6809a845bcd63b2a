"""A live page that loses its connection again and again, and comes back with the position it knows."""

import json
import threading
import time

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from tests.crash.place import Place

AGAIN_S = 0.3


class Listener(threading.Thread):
    """One page at the first image."""

    def __init__(self, place: Place) -> None:
        super().__init__(name="listener", daemon=True)
        number, self.image_id = next(iter(place.images.items()))
        self.url = f"{place.url.replace('http', 'ws')}ws/images/{number}/"
        self.headers = place.owner.headers
        self.positions: list[int] = []
        self.faults: list[str] = []
        self.connections = 0
        self.ended = threading.Event()

    @property
    def last(self) -> int:
        """The position it knows."""
        return self.positions[-1] if self.positions else 0

    def run(self) -> None:
        """Until told to stop."""
        while not self.ended.is_set():
            try:
                with connect(self.url, additional_headers=self.headers, open_timeout=5) as socket:
                    self.connections += 1
                    self.hear(socket)
            except (OSError, WebSocketException):
                time.sleep(AGAIN_S)

    def hear(self, socket: ClientConnection) -> None:
        """Says hello, then takes what comes."""
        socket.send(json.dumps({"type": "hello", "protocol": 1, "after": self.last}))
        while not self.ended.is_set():
            try:
                self.take(json.loads(socket.recv(timeout=0.5)))
            except TimeoutError:
                continue

    def take(self, message: dict[str, object]) -> None:
        """Facts in order, each once; nobody is so far behind that they must load anew."""
        if message["type"] == "facts":
            facts = message["facts"]
            assert isinstance(facts, list)
            for fact in facts:
                if fact["position"] <= self.last:
                    self.faults.append(f"position {fact['position']} after {self.last}")
                self.positions.append(fact["position"])
        elif message["type"] in ("reset", "refused"):
            self.faults.append(str(message))
