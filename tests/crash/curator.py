"""Somebody who uploads images, imports annotations and asks for exports while everything dies around them."""

import json
import random
import threading
import time
from typing import Any

import requests

from tests.crash.place import Place, picture

PAUSE_S = 1.0
IMPORTED = 300
"""Rows of the import."""
AGAIN_S = 0.2
TIMEOUT_S = 20.0


class Curator(threading.Thread):
    """The owner's client: each upload is sent until it is taken; an export that was promised is written down."""

    def __init__(self, place: Place, seed: int, until: threading.Event) -> None:
        super().__init__(name="curator", daemon=True)
        self.place, self.seed, self.until = place, seed, until
        self.session = requests.Session()
        self.session.headers.update(place.owner.headers)
        self.deadline = float("inf")
        self.uploaded = 0
        self.imports: list[str] = []
        self.promised: list[str] = []
        self.faults: list[str] = []

    def run(self) -> None:
        """One import, then an upload and an export each second."""
        number = 1000 * self.seed
        self.bring()
        while not self.until.is_set():
            self.upload(number)
            self.export()
            number += 1
            time.sleep(PAUSE_S)

    def bring(self) -> None:
        """A file of annotations, sent under the same key until the server has it."""
        path = f"api/v1/annotations/imports/?image={next(iter(self.place.images))}&filename=crash.jsonl"
        rows = outlines(random.Random(self.seed), self.place.annotation_type)
        while time.monotonic() < self.deadline:
            headers = {"Idempotency-Key": f"import {self.seed}", "Content-Type": "application/x-ndjson"}
            answer = self.sent(path, data=rows, headers=headers)
            if answer is not None and answer.ok:
                self.imports.append(answer.json()["id"])
                return
            self.wait(answer)
        self.faults.append("the import was never taken")

    def upload(self, number: int) -> None:
        """The same file under the same key, until the server has it."""
        path = f"api/v1/images/images/?image_set={self.place.image_set}"
        while time.monotonic() < self.deadline:
            files = {"file": (f"{number}.png", picture(number, 16))}
            answer = self.sent(path, files=files, headers={"Idempotency-Key": f"upload {self.seed} {number}"})
            if answer is not None and answer.ok:
                self.uploaded += 1
                return
            self.wait(answer)
        self.faults.append(f"upload {number} was never taken")

    def export(self) -> None:
        """Asked once: a promise that was not heard is none."""
        image = next(iter(self.place.images))
        answer = self.sent("api/v1/datasets/exports/", json={"image": image, "format": "geojson"})
        if answer is not None and answer.ok:
            self.promised.append(answer.json()["id"])
        else:
            self.wait(answer)

    def sent(self, path: str, **words: Any) -> requests.Response | None:  # Any: of requests
        """The answer, if one came."""
        try:
            return self.session.post(self.place.url + path, timeout=TIMEOUT_S, **words)
        except requests.RequestException:
            return None

    def wait(self, answer: requests.Response | None) -> None:
        """Anything but silence and a 503 is written down."""
        if answer is not None and answer.status_code != 503:
            self.faults.append(f"{answer.url}: {answer.status_code} {answer.text[:1000]}")
        time.sleep(AGAIN_S)


def outlines(chance: random.Random, annotation_type: int) -> str:
    """Triangles within 64 x 64 pixels, as JSON lines."""
    corners = [[[chance.uniform(0, 64), chance.uniform(0, 64)] for _ in range(3)] for _ in range(IMPORTED)]
    return "\n".join(json.dumps({"annotation_type": annotation_type, "points": points}) for points in corners)
