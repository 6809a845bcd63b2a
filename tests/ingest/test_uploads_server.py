"""Uploads with the real application: web server and worker are killed, and every file becomes an image once."""

import base64
import hashlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import requests

from tests.application import ADMIN, PASSWORD, Application, processes_of
from tests.journeys.desk import Office
from tests.samples import vms, volume

WITHIN_S = 60
MIB = 2**20


@pytest.fixture(scope="module")
def office(server: Application) -> Office:
    return Office(server, ADMIN, PASSWORD)


@pytest.fixture(scope="module")
def image_set(office: Office) -> dict[str, Any]:
    return office.image_set(office.team("Deliveries"), "Deliveries")


def kill(server: Application, *words: str) -> None:
    """kill -9 of the processes whose command line has one of these words."""
    running = [(pid, line) for pid, line in processes_of(server.var).items() if "keep.py" not in line]
    found = [pid for pid, line in running if any(word in line for word in words)]
    assert found, running
    for pid in found:
        os.kill(pid, signal.SIGKILL)


def until(done: Callable[[], Any]) -> Any:
    """What the call answers, as soon as it answers something; a server that is away is waited for."""
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        try:
            if answer := done():
                return answer
        except requests.ConnectionError:
            pass
        time.sleep(0.1)
    raise AssertionError("it did not come to pass")


class Sending:
    """One file by the protocol."""

    def __init__(self, office: Office, number: int, delivery: str, path: str, content: bytes) -> None:
        self.office, self.content = office, content
        told = {"relativePath": path, "image_set": str(number), "delivery": delivery}
        pairs = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())
        answer = self._ask("POST", f"{office.server.url}api/v1/uploads/", b"", {
            "Upload-Length": str(len(content)), "Upload-Metadata": pairs})  # fmt: skip
        assert answer.status_code == 201, answer.text
        self.url = office.server.url.rstrip("/") + answer.headers["Location"]

    def offset(self) -> int:
        return int(self._ask("HEAD", self.url, b"", {}).headers["Upload-Offset"])

    def piece(self, offset: int, length: int) -> int:
        """How much is there now."""
        headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        answer = self._ask("PATCH", self.url, self.content[offset : offset + length], headers)
        assert answer.status_code == 204, answer.text
        return int(answer.headers["Upload-Offset"])

    def _ask(self, method: str, url: str, data: bytes, headers: dict[str, str]) -> requests.Response:
        sent = {"Tus-Resumable": "1.0.0", **headers}
        return self.office.session.request(method, url, data=data, headers=sent, timeout=30)


def ended(office: Office, delivery: str) -> dict[str, Any] | None:
    """The delivery, when it has come to an end."""
    told: dict[str, Any] = office.get(f"api/v1/images/deliveries/{delivery}/")
    return told if told["ended_at"] else None


def test_a_killed_web_server_goes_on_where_the_file_was(
    office: Office, server: Application, image_set: dict[str, Any], tmp_path: Path
) -> None:
    content = volume(tmp_path / "v.nii", np.arange(4 * MIB, dtype="<i2").reshape(256, 128, 128)).read_bytes()
    delivery = str(uuid4())
    sending = Sending(office, image_set["number"], delivery, "volume.nii", content)
    assert sending.piece(0, 3 * MIB) == 3 * MIB
    kill(server, "daphne", "exact.operations.web", "uvicorn", "asgi")
    assert until(sending.offset) == 3 * MIB
    assert sending.piece(3 * MIB, len(content)) == len(content)
    office.post(f"api/v1/images/deliveries/{delivery}/start/")
    (image,) = until(lambda: ended(office, delivery))["images"]
    assert (image["outcome"], image["sha256"]) == ("registered", hashlib.sha256(content).hexdigest())


def test_a_killed_worker_leaves_each_image_once(
    office: Office, server: Application, image_set: dict[str, Any], tmp_path: Path
) -> None:
    slide = vms(tmp_path / "scan")
    delivery = str(uuid4())
    for file in sorted(slide.parent.iterdir()):
        content = file.read_bytes()
        Sending(office, image_set["number"], delivery, f"scan/{file.name}", content).piece(0, len(content))
    office.post(f"api/v1/images/deliveries/{delivery}/start/")
    until(lambda: office.get(f"api/v1/images/deliveries/{delivery}/")["state"] != "queued")
    kill(server, "workers.worker")
    (image,) = until(lambda: ended(office, delivery))["images"]
    assert (image["name"], image["files"], image["outcome"]) == ("slide.vms", 4, "registered")
    listed = office.get("api/v1/images/images/", image_set=image_set["number"], name="slide.vms")
    assert [row["id"] for row in listed["results"]] == [image["image"]]
