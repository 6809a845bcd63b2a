"""Clients that write without pause: what fails is sent again under the same key until it is granted or refused."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import requests

from exact.domain.identifiers import derived_id
from tests.crash.place import Place, Somebody

PAUSE_S = 0.03
"""Between two wishes of one client: people think, and the machine is not ours alone."""
AGAIN_S = 0.2
"""After an answer that did not come."""
TIMEOUT_S = 20.0
REFUSALS = {409}
"""What a client of these may be told: somebody else was faster."""


@dataclass(frozen=True)
class Acknowledged:
    """What the server said it did."""

    command_id: UUID
    key: str
    version: int
    position: int
    number: int | None
    attempts: int


@dataclass
class Told:
    """What one client heard, and kept."""

    acknowledged: list[Acknowledged] = field(default_factory=list)
    refused: list[UUID] = field(default_factory=list)
    unanswered: list[UUID] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """Answers that nobody should ever get, such as a 500."""
    away: int = 0
    busy: int = 0


@dataclass(frozen=True)
class Known:
    """An annotation as a client has seen it."""

    id: str
    number: int
    version: int
    removed: bool = False


@dataclass(frozen=True)
class Asked:
    """One request that changes something."""

    path: str
    body: dict[str, Any]  # Any: JSON
    seen: int | None = None
    becomes: Callable[[Known], Known] = lambda known: known


class Writer(threading.Thread):
    """One person's client."""

    def __init__(self, place: Place, who: Somebody, seed: int, until: threading.Event) -> None:
        super().__init__(name=who.name, daemon=True)
        self.place, self.who, self.seed, self.until = place, who, seed, until
        self.random = random.Random(f"{who.name} {seed}")
        self.told = Told()
        self.known: list[Known] = []
        self.deadline = float("inf")
        self.session = requests.Session()
        self.session.headers.update(who.headers)
        self.count = 0

    def run(self) -> None:
        """Until told to stop; the wish that is on its way is still brought to its end."""
        for asked in self.wishes():
            if self.until.is_set():
                return
            self.ask(asked)
            time.sleep(PAUSE_S)

    def wishes(self) -> Iterator[Asked]:
        """Draws, and changes what it or others have drawn."""
        while True:
            known = self.random.choice(self.known) if len(self.known) > 3 else None
            kinds = [self.draw, self.draw_as_the_ancestor] if known is None else [
                self.draw, self.draw_as_the_ancestor, *[self.reshape] * 3, self.describe, self.verify, self.toggle,
            ]  # fmt: skip
            yield self.random.choice(kinds)(known)

    def draw(self, _known: Known | None) -> Asked:
        """A polygon with the wish's own key as its remark."""
        return self.command(
            "DrawAnnotation",
            image_id=str(self.random.choice(list(self.place.images.values()))),
            annotation_type_id=str(self.place.annotation_type_id),
            vector={"vector_type": 5, "points": self.points()},
            description=self.next_key(),
        )

    def draw_as_the_ancestor(self, _known: Known | None) -> Asked:
        """By the door of the ancestor's client."""
        x1, y1, x2, y2, x3, y3 = (value / 100 for value in self.points())
        return Asked(
            "api/v1/annotations/annotations/",
            {
                "image": self.random.choice(list(self.place.images)),
                "annotation_type": self.place.annotation_type,
                "vector": {"x1": x1, "y1": y1, "x2": x2, "y2": y2, "x3": x3, "y3": y3},
                "description": self.next_key(),
            },
        )

    def reshape(self, known: Known) -> Asked:
        """Only if nobody else was faster."""
        vector = {"vector_type": 5, "points": self.points()}
        return self.command("ReshapeAnnotation", known, annotation_id=known.id, vector=vector)

    def describe(self, known: Known) -> Asked:
        """Whatever others did meanwhile."""
        return self.command("DescribeAnnotation", annotation_id=known.id, description=f"on {self.next_key()}")

    def verify(self, known: Known) -> Asked:
        """Accept or reject."""
        verdict = self.random.choice(["accepted", "rejected"])
        return self.command("VerifyAnnotation", annotation_id=known.id, verdict=verdict)

    def toggle(self, known: Known) -> Asked:
        """Remove it, or bring it back."""
        name = "RestoreAnnotation" if known.removed else "RemoveAnnotation"
        return self.command(name, annotation_id=known.id)

    def command(self, name: str, seen: Known | None = None, **fields: Any) -> Asked:  # Any: JSON
        """By the page's door."""
        return Asked("api/v1/commands/", {"command": name, **fields}, seen.version if seen else None)

    def points(self) -> list[int]:
        """A triangle within 64 x 64 pixels."""
        x, y = self.random.randrange(0, 3000), self.random.randrange(0, 3000)
        return [x, y, x + self.random.randrange(500, 3000), y, x, y + self.random.randrange(500, 3000)]

    def next_key(self) -> str:
        """Of the wish that is asked next."""
        return f"{self.who.name}-{self.seed}-{self.count}"

    def ask(self, asked: Asked) -> None:
        """Until it is granted or refused; the same words under the same key, however often."""
        key = self.next_key()
        self.count += 1
        headers = {"Idempotency-Key": key}
        if asked.seen is not None:
            headers["If-Match"] = f'"v{asked.seen}"'
        command_id, attempts = derived_id(self.who.person_id, key), 0
        while time.monotonic() < self.deadline:
            attempts += 1
            response = self.sent(asked, headers)
            if response is None:
                time.sleep(AGAIN_S)
            elif response.status_code in (200, 201):
                self.granted(asked, response, command_id, key, attempts)
                return
            elif response.status_code in REFUSALS:
                self.told.refused.append(command_id)
                self.forget(asked)
                return
            else:
                self.wait(response)
        self.told.unanswered.append(command_id)

    def sent(self, asked: Asked, headers: dict[str, str]) -> requests.Response | None:
        """The answer, if one came."""
        try:
            return self.session.post(self.place.url + asked.path, json=asked.body, headers=headers, timeout=TIMEOUT_S)
        except requests.RequestException:
            self.told.away += 1
            return None

    def wait(self, response: requests.Response) -> None:
        """As long as the server says; anything but a 503 with a sentence is written down."""
        if response.status_code == 503 and "Retry-After" in response.headers and response.json()["detail"]:
            self.told.busy += 1
            time.sleep(float(response.headers["Retry-After"]))
        else:
            self.told.faults.append(f"{response.request.body!r}: {response.status_code} {response.text[:1000]}")
            time.sleep(AGAIN_S)

    def granted(self, asked: Asked, response: requests.Response, command_id: UUID, key: str, attempts: int) -> None:
        """Written down, and remembered for the next wishes."""
        body = response.json()
        version, position = int(response.headers["ETag"].strip('"v')), int(response.headers["Exact-Position"])
        number = body["number"] if "number" in body else body["id"]
        self.told.acknowledged.append(Acknowledged(command_id, key, version, position, number, attempts))
        removed = asked.body.get("command") == "RemoveAnnotation"
        self.forget(asked)
        self.known.append(Known(body.get("uuid") or body["id"], number, version, removed))
        if len(self.known) > 40:
            self.known.pop(0)

    def forget(self, asked: Asked) -> None:
        """What was known of the annotation that it was about."""
        self.known = [known for known in self.known if known.id != asked.body.get("annotation_id")]
