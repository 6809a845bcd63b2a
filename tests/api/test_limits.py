"""A body is refused before it is stored: by its declared length, by its true length, by who sends it."""

import base64
import json

import pytest
from asgiref.testing import ApplicationCommunicator

from exact.api.limits import IMPORTS, UPLOADS, BodyLimit
from tests.builders import PASSWORD, a_user

pytestmark = pytest.mark.django_db(transaction=True)


async def reader(scope, receive, send):
    """An application that reads everything and says how much it got."""
    total = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        total += len(message["body"])
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(total).encode()})


async def ask(path, *pieces, method="POST", **headers):
    sent = [(name.replace("_", "-").encode(), str(value).encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": sent}
    client = ApplicationCommunicator(BodyLimit(reader), scope)
    for number, piece in enumerate(pieces, 1):
        await client.send_input({"type": "http.request", "body": piece, "more_body": number < len(pieces)})
    start = await client.receive_output(5)
    answer = await client.receive_output(5)
    return start["status"], answer["body"]


@pytest.fixture(autouse=True)
def small(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    settings.UPLOAD_MAX_BYTES = settings.IMPORT_MAX_BYTES = 1000


async def test_a_declared_length_is_refused_before_a_byte_is_read():
    status, answer = await ask("/api/v1/commands/", content_length=101)
    assert status == 413
    assert json.loads(answer)["code"] == "too_large"


async def test_a_body_that_does_not_say_its_length_is_counted():
    assert (await ask("/api/v1/commands/", b"x" * 60, b"x" * 60))[0] == 413
    assert await ask("/api/v1/commands/", b"x" * 60, b"x" * 40) == (200, b"100")


FILES = pytest.mark.parametrize("route", [UPLOADS, IMPORTS])


@FILES
async def test_a_stranger_sends_no_file(route):
    assert (await ask(route + "/", b"x" * 60))[0] == 403


async def test_what_is_below_a_route_of_files_takes_none():
    assert (await ask(f"{IMPORTS}/1/cancel/", b"x" * 101))[0] == 413


@FILES
async def test_somebody_who_is_signed_in_may_send_a_file(route):
    from channels.db import database_sync_to_async

    user = await database_sync_to_async(a_user)()
    basic = base64.b64encode(f"{user.username}:{PASSWORD}".encode()).decode()
    assert await ask(route + "/", b"x" * 900, authorization=f"Basic {basic}") == (200, b"900")


async def test_reading_is_not_counted():
    assert await ask("/", b"", method="GET") == (200, b"0")
