"""`live`: from a command sent over HTTP until a second person's socket has the fact, through the real web process."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from websockets.sync.client import ClientConnection, connect

from tests.application import free_port
from tests.benchmarks import Row, at_most

NAMES = ("live command visible in a second socket, p50", "live command visible in a second socket, p95")
ROUNDS, WARM_UP, PAUSE_S = 300, 30, 0.02


def rows() -> list[Row]:
    """p50 and p95 in ms, one writer at about 30 commands a second, two open sockets."""
    delays = sorted(measured())
    against = "the moment before the POST"
    p50, p95 = statistics.median(delays) * 1000, delays[int(len(delays) * 0.95)] * 1000
    return [
        at_most(NAMES[0], p50, 100, unit="ms", against=against),
        at_most(NAMES[1], p95, 100, unit="ms", against=against),
    ]


def measured() -> list[float]:
    """Seconds for each round."""
    from exact.accounts.models import AccessToken, User
    from tests.builders import a_workplace

    place = a_workplace()
    user = User.objects.get(person_id=place.owner.person_id)
    _, token = AccessToken.make(user, "bench")
    bearer = {"Authorization": f"Bearer {token}"}
    with web() as port, page(port, place.image_number, bearer), page(port, place.image_number, bearer) as second:
        session = requests.Session()
        session.headers.update(bearer)
        delays = [one_round(session, port, second, place, number) for number in range(ROUNDS + WARM_UP)]
    return delays[WARM_UP:]


@contextmanager
def web() -> Iterator[int]:
    """The web process as the supervisor starts it, on the servers of this run."""
    from exact.environment import environment_with
    from exact.operations.supervisor import programs

    port = free_port()
    program = next(program for program in programs("127.0.0.1", port) if program.name == "web")
    process = subprocess.Popen(program.words, env=environment_with(**program.changes))
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int) -> None:
    """Until it answers."""
    for _ in range(300):
        try:
            requests.get(f"http://127.0.0.1:{port}/health/", timeout=1)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    sys.exit("the web process does not answer")


@contextmanager
def page(port: int, number: int, headers: dict[str, str]) -> Iterator[ClientConnection]:
    """A socket that has said hello."""
    with connect(f"ws://127.0.0.1:{port}/ws/images/{number}/", additional_headers=headers) as socket:
        socket.send(json.dumps({"type": "hello", "protocol": 1, "after": 0}))
        assert json.loads(socket.recv(timeout=10))["type"] == "welcome"
        yield socket


def one_round(session: requests.Session, port: int, socket: ClientConnection, place: Any, number: int) -> float:
    """Draw, and wait until the other page has it."""
    from exact.domain.vectors import VectorType

    body = {
        "command": "DrawAnnotation",
        "image_id": str(place.image_id),
        "annotation_type_id": str(place.types[VectorType.POLYGON]),
        "vector": {"vector_type": 5, "points": [100 + number, 100, 9000, 200, 300, 8000]},
    }
    began = time.perf_counter()
    answer = session.post(f"http://127.0.0.1:{port}/api/v1/commands/", json=body, timeout=10)
    position = answer.json()["position"]
    while True:
        message = json.loads(socket.recv(timeout=10))
        if message["type"] == "facts" and message["position"] >= position:
            break
    time.sleep(PAUSE_S)
    return time.perf_counter() - began - PAUSE_S
