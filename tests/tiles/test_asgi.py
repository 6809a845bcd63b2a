"""The tile path as a server of its own, as uvicorn runs it in compose."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """uvicorn on a free port, without a database: nothing here needs one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["-m", "uvicorn", "exact.tiles.asgi:application", "--port", str(port), "--log-level", "warning"]
    process = subprocess.Popen(
        [sys.executable, *words, "--loop", "uvloop", "--http", "exact.tiles.one_write:OneWrite", "--no-access-log"],
        cwd=ROOT,
        env={**os.environ, "EXACT_VAR": str(tmp_path)},
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) in (0, -signal.SIGTERM)


def status(url: str) -> int:
    """Of one request, as soon as the server is there."""
    end = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.05)


def test_it_serves_tiles_and_nothing_else(server: str) -> None:
    assert status(f"{server}/health/") == 200
    assert status(f"{server}/images/image/1/1/0/tile/") == 403
    assert status(f"{server}/tiles/1/info.json") == 403
    assert status(f"{server}/tiles/1/nothing") == 404
    assert status(f"{server}/sign-in/") == 404


def test_answers_with_and_without_a_body_follow_each_other_on_one_connection(server: str) -> None:
    assert status(f"{server}/health/") == 200
    connection = http.client.HTTPConnection(server.removeprefix("http://"), timeout=10)
    told = []
    for method, path in (("HEAD", "/health/"), ("GET", "/health/"), ("HEAD", "/tiles/1/info.json"), ("GET", "/x")):
        connection.request(method, path)
        answer = connection.getresponse()
        told.append((answer.status, len(answer.read())))
    connection.close()
    assert [status for status, _ in told] == [200, 200, 403, 404]
    assert [length > 0 for _, length in told] == [False, True, False, True]
