"""The tile route with a pool behind it: whoever waits for a child holds up nobody, and is answered in time."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from exact.tiles import http
from exact.tiles.access import Access
from exact.tiles.http import RENDER_THREADS, TileRoute
from exact.tiles.slide_cache import Original
from tests.samples import svs
from tests.tiles.pool.test_pool import Hall, pool_of, until
from tests.tiles.test_http import still_there

PATH = "/images/image/{}/1/0/tile_files/7/0_0.png"


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    made = Hall(tmp_path)
    yield made
    for service in made.services:
        pool_of(service).close()


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError(scope)


async def status(route: TileRoute, number: int, receive: Any = None) -> int:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", b"Bearer x")]
    scope = {"type": "http", "method": "GET", "path": PATH.format(number), "headers": headers}
    await route(scope, receive or still_there(), send)
    return int(sent[0]["status"]) if sent else 0


async def test_requests_for_a_hanging_file_hold_up_no_other_and_end_with_come_again(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {1: hall.file("bad", "hang"), 2: hall.file("good"), 3: hall.file("other")}
    service = hall.service(2, open_s=60)
    route = TileRoute(nothing, Access(lambda _: uuid4(), lambda _, number: files[number]), service)
    assert await status(route, 2) == 200
    monkeypatch.setattr(http, "PATIENCE_S", 4)
    hanging = [asyncio.ensure_future(status(route, 1)) for _ in range(2 * RENDER_THREADS)]
    await asyncio.to_thread(until, lambda: hall.opened(files[1]))
    assert await status(route, 3) == 200
    assert {await answer for answer in hanging} == {503}


async def test_deep_zoom_tiles_of_a_slide_cost_one_question_to_a_child(hall: Hall) -> None:
    file, service = Original("slide", svs(hall.folder / "slide.svs")), hall.service(1)
    route = TileRoute(nothing, Access(lambda _: uuid4(), lambda _, number: file), service)
    assert [await status(route, number) for number in (1, 2)] == [200, 200]
    assert pool_of(service).counts.calls == 1


async def test_a_browser_that_leaves_takes_its_waiting_call_with_it(hall: Hall) -> None:
    files = {1: hall.file("bad", "hang"), 2: hall.file("left")}
    service = hall.service(1, open_s=2)
    route = TileRoute(nothing, Access(lambda _: uuid4(), lambda _, number: files[number]), service)
    hanging = asyncio.ensure_future(status(route, 1))
    await asyncio.to_thread(until, lambda: hall.opened(files[1]))
    leaves = asyncio.Event()

    async def receive() -> Any:
        await leaves.wait()
        return {"type": "http.disconnect"}

    left = asyncio.ensure_future(status(route, 2, receive))
    await asyncio.to_thread(until, lambda: len(pool_of(service).waiting))
    leaves.set()
    assert (await left, await hanging) == (0, 422)
    assert service.description(hall.file("other")).width == 100
    assert hall.opened(files[2]) == []
