"""Every door is tried by everybody, against the one readable table (matrix.py); what has no row there is a failure."""

import asyncio
import base64
import itertools
import re

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections, transaction
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import URLPattern, URLResolver, get_resolver

from exact.api.v1.commands import public_names
from exact.commands.bus import COMMANDS as KNOWN
from exact.live.routing import SOCKETS as ROUTES_OF_SOCKETS
from exact.live.routing import live
from exact.tiles.http import TileRoute
from exact.web.manifest import Client
from tests.api.test_tus import asked as upload
from tests.architecture import matrix
from tests.architecture.matrix import WHO, rows
from tests.architecture.world import World, picture
from tests.exchange.files import a_row, jsonl

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
TABLE = rows(matrix.ROUTES, 2)
NOUNS = {
    "users/users": "user",
    "users/teams": "team",
    "users/team_membership": "membership",
    "users/api/tokens": "token",
    "images/image_sets": "image_set",
    "images/images": "image",
    "images/deliveries": "delivery",
    "administration/products": "product",
    "annotations/annotation_types": "annotation_type",
    "annotations/annotations": "annotation",
    "annotations/imports": "import",
    "annotations/verifications": "verification",
    "images/api/image": "image",
    "datasets/versions": "version",
    "datasets/exports": "export",
}
QUERIES = {"api/v1/audit/inclusion": "?position={position}", "api/v1/audit/consistency": "?from=1"}


@pytest.fixture(autouse=True)
def _built_client(monkeypatch):
    """The pages are tried also where the client was not built."""
    monkeypatch.setattr("exact.web.views.client", lambda _entry: Client(script="x.js", styles=(), preloads=()))
    cache.clear()


def patterns(resolver, before=""):
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from patterns(entry, route)
        elif isinstance(entry, URLPattern):
            yield readable(route)


def readable(route):
    """`api/v1/^images/images/(?P<pk>[^/]+)/?$` as `api/v1/images/images/{image}`."""
    route = route.replace("^.*$", "*").replace("^", "").replace("$", "").replace(r"\Z", "").replace("/?", "/")
    route = re.sub(r"\(\?P<(\w+)>[^)]*\)|<(?:\w+:)?(\w+)>", lambda found: "{" + (found[1] or found[2]) + "}", route)
    for address, noun in NOUNS.items():
        if address in route:
            route = route.replace("{pk}", "{" + noun + "}")
    return route.strip("/") or "(home)"


def addresses(route, world):
    numbers = {**world.numbers, "import": world.import_for(route)}
    return "/" + route.replace("(home)", "").replace("*", "nothing/here").format(**numbers) + "/"


def asked(client, method, route, world):
    """One real request; whatever it changes is taken back."""
    url = addresses(route, world).replace("//", "/")
    if (method, route) == ("POST", "api/v1/datasets/versions"):  # it wants a transaction of its own
        return sent(client, method, route, url, world).status_code
    with transaction.atomic():
        answer = sent(client, method, route, url, world)
        transaction.set_rollback(True)
    return answer.status_code


def sent(client, method, route, url, world):
    if (method, route) == ("POST", "api/v1/images/images"):
        body = encode_multipart(BOUNDARY, {"image_set": world.place.image_set, "f": named(picture("red"))})
        return client.generic("POST", url, body, content_type=MULTIPART_CONTENT)
    if (method, route) == ("POST", "api/v1/annotations/imports"):
        body = jsonl(a_row())
        return client.generic("POST", f"{url}?image={world.place.image}", body, content_type="application/x-ndjson")
    if method == "DELETE" and route.endswith("multiple_delete"):
        url += f"?id__in={world.numbers['annotation']}"
    url += QUERIES.get(route, "").format(**world.numbers)
    if route in {"account/password", "sign-in"}:
        return client.generic(method, url, b"{}", content_type="application/json")
    return getattr(client, method.lower())(url, None if method == "GET" else world.body(method, route), format="json")


def named(content):
    return SimpleUploadedFile("red.png", content)


@pytest.mark.django_db(transaction=True)
def test_every_route_and_method_answers_everybody_as_the_table_says():
    world, wrong = World(), []
    for route in dict.fromkeys(patterns(get_resolver())):
        for method in METHODS:
            expected = TABLE.get((route, method)) or TABLE.get((route, "any"))
            if expected is None:
                status = asked(world.clients["owner"], method, route, world)
                if status != 405:
                    wrong.append(f"{route} {method} has no row, and answers its owner {status}")
                continue
            statuses = tuple(asked(world.clients[who], method, route, world) for who in WHO)
            if statuses != expected:
                wrong.append(f"{route} {method}: table {expected}, answers {statuses}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.django_db(transaction=True)
def test_an_administrator_of_the_site_manages_accounts_and_is_a_stranger_to_every_team():
    world, wrong = World(), []
    administrator, otherwise = world.administrator(), rows(matrix.STAFF, 2)
    stranger = WHO.index("stranger")
    assert set(otherwise) <= set(TABLE)
    for (route, method), statuses in TABLE.items():
        (expected,) = otherwise.get((route, method), (statuses[stranger],))
        status = asked(administrator, "GET" if method == "any" else method, route, world)
        if status != expected:
            wrong.append(f"{route} {method}: expected {expected}, answers {status}")
    assert not wrong, "\n".join(wrong)


def test_the_table_speaks_of_no_route_that_does_not_exist():
    assert {route for route, _ in TABLE} - set(patterns(get_resolver())) == set()


@pytest.mark.django_db(transaction=True)
def test_every_command_is_granted_to_those_whom_the_table_names():
    world, wrong = World(), []
    table, bodies = rows(matrix.COMMANDS, 1), World.commands(world)
    assert {name for (name,) in table} == set(KNOWN) == set(bodies)
    for (name,), expected in table.items():
        statuses = []
        for who in WHO:
            with transaction.atomic():
                statuses.append(world.clients[who].post("/api/v1/commands/", bodies[name], format="json").status_code)
                transaction.set_rollback(True)
        if tuple(statuses) != expected:
            wrong.append(f"{name}: table {expected}, answers {tuple(statuses)}")
    assert not wrong, "\n".join(wrong)
    assert set(KNOWN) - set(public_names()) == matrix.SERVER_S_OWN


def cookie_of(world, who):
    session = world.clients[who].cookies.get("sessionid")
    return [(b"cookie", f"sessionid={session.value}".encode())] if session else []


async def tile(application, path, headers):
    answered = {}

    async def receive():
        await asyncio.sleep(60)  # the client stays

    async def send(message):
        answered.setdefault("status", message.get("status"))

    scope = {"type": "http", "method": "GET", "path": path, "headers": headers, "query_string": b""}
    await application(scope, receive, send)
    return answered["status"]


async def close_code(path, headers):
    """0 for a welcome, else the code with which the server closed."""
    socket = WebsocketCommunicator(live, path, headers=[(b"host", b"localhost"), *headers])
    await socket.connect()
    await socket.send_json_to({"type": "hello", "protocol": 1, "after": 0})
    while True:
        message = await socket.receive_output(5)
        if message["type"] == "websocket.close":
            return message["code"]
        if '"welcome"' in message.get("text", ""):
            await socket.disconnect()
            return 0


@pytest.mark.django_db(transaction=True)
async def test_every_tile_and_socket_is_shown_to_those_whom_the_table_names():
    world = await sync_to_async(World)()
    numbers = await sync_to_async(lambda: world.numbers)()
    tiles = TileRoute(None)
    try:
        for (address,), expected in rows(matrix.TILES, 1).items():
            path = address.format(**numbers)
            assert tuple([await tile(tiles, path, cookie_of(world, who)) for who in WHO]) == expected, address
    finally:
        for threads in (tiles._asking, tiles._rendering):  # their connections would outlive the test
            threads.shutdown()
        await sync_to_async(connections.close_all)()
    for (address,), expected in rows(matrix.SOCKETS, 1).items():
        path = address.format(**numbers)
        assert tuple([await close_code(path, cookie_of(world, who)) for who in WHO]) == expected, address


@pytest.mark.django_db(transaction=True)
def test_every_upload_is_taken_from_those_whom_the_table_names():
    world, wrong = World(), []
    tus = {"Tus-Resumable": "1.0.0", "Host": "here", "Content-Type": "application/offset+octet-stream"}
    where = base64.b64encode(str(world.place.image_set).encode()).decode()
    told = {"Upload-Length": "10", "Upload-Offset": "0", "Upload-Metadata": f"filename YQ==,image_set {where}"}
    for (address, method), expected in rows(matrix.UPLOADS, 2).items():
        cookies = {who: dict(cookie_of(world, who)).get(b"cookie", b"").decode() for who in WHO}
        statuses = tuple(
            asyncio.run(upload(method, address.format(**world.numbers), {**tus, **told, "Cookie": cookies[who]}, [b""]))
            .status for who in WHO
        )  # fmt: skip
        if statuses != expected:
            wrong.append(f"{address} {method}: table {expected}, answers {statuses}")
    assert not wrong, "\n".join(wrong)


def test_every_socket_has_a_row():
    written = {re.sub("{.*}", "1", address).strip("/") for (address,) in rows(matrix.SOCKETS, 1)}
    unwritten = [str(route.pattern) for route in ROUTES_OF_SOCKETS
                 if not any(re.match(str(route.pattern), f"{path}/") for path in written)]  # fmt: skip
    assert unwritten == []


def test_the_table_has_a_column_for_everybody():
    for table, keys in (
        (matrix.ROUTES, 2),
        (matrix.COMMANDS, 1),
        (matrix.TILES, 1),
        (matrix.SOCKETS, 1),
        (matrix.UPLOADS, 2),
    ):
        assert {len(row) for row in rows(table, keys).values()} == {len(WHO)}
    assert len(list(itertools.chain(TABLE))) == len(TABLE)
