"""The tile route, driven as an ASGI server drives it."""

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from PIL import Image

from exact.tiles import http
from exact.tiles.access import Access, Credential
from exact.tiles.formats import open_image
from exact.tiles.http import TileRoute
from exact.tiles.service import TileService
from exact.tiles.slide_cache import Original, SlideCache
from exact.tiles.tile_cache import TileCache
from tests.samples import options, picture, tiled_tiff, volume, voxels

ANN, BOB = uuid4(), uuid4()
TILE = "/images/image/1/1/0/tile_files/11/1_1.jpeg"


@dataclass
class Answer:
    """What came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Site:
    """Three images of Ann's team behind a tile route; Bob belongs to another team."""

    def __init__(self, folder: Path) -> None:
        self.files = {
            1: Original("a" * 64, tiled_tiff(folder / "slide.tif", (1300, 900))),
            2: Original("b" * 64, volume(folder / "volume.nii", voxels((20, 18, 12)))),
            3: Original("c" * 64, picture(folder / "picture.png", (300, 200))),
            4: Original("d" * 64, folder / "missing.tif"),
        }
        self.members = {ANN}
        self.opened: list[Original] = []
        self.hold: Callable[[], object] = lambda: None
        slides = SlideCache(self.open, max_handles=5, max_bytes=2**30)
        self.service = TileService(slides, TileCache(2**20))
        self.now = 0.0
        self.route = TileRoute(self.django, Access(self.who, self.where, lambda: self.now), self.service)

    def open(self, original: Original) -> Any:
        self.opened.append(original)
        self.hold()
        return open_image(original.path, options(original.path.parent, original.sha256))

    @staticmethod
    def who(credential: Credential) -> UUID | None:
        known = {"Bearer pat_ann": ANN, "Bearer pat_bob": BOB, "Basic YW5uOng=": ANN, "ann-session": ANN}
        return known.get(credential.authorization or credential.cookies["sessionid"])

    def where(self, person: UUID, number: int) -> Original | None:
        return self.files.get(number) if person in self.members else None

    @staticmethod
    async def django(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": b"django"})

    async def get(self, path: str, *, method: str = "GET", who: str = "Bearer pat_ann", **headers: str) -> Answer:
        raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        path, _, query = path.partition("?")
        scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": raw}
        raw.append((b"authorization", who.encode()))
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        await self.route(scope, still_there(), send)
        told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], told, b"".join(message.get("body", b"") for message in sent[1:]))


def still_there() -> Callable[[], Any]:
    """A client that waits for ever."""
    messages: asyncio.Queue[Any] = asyncio.Queue()
    messages.put_nowait({"type": "http.request", "body": b"", "more_body": False})
    return messages.get


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.mark.parametrize("path", [TILE, TILE + "/", TILE.replace("/images/image/", "/api/v1/images/images/") + "/"])
async def test_a_member_gets_a_tile(site: Site, path: str) -> None:
    answer = await site.get(path)
    assert answer.status == 200
    assert Image.open(BytesIO(answer.body)).size == (256, 256)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.headers["cache-control"] == "private, max-age=86400"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", [TILE, "/tiles/1/0/0/0/1_1.jpeg", "/tiles/1/iiif/0.0/full/max/0/default.jpg"])
async def test_only_an_address_that_names_the_renderers_version_is_kept_for_ever(site: Site, path: str) -> None:
    kept = [(await site.get(path + query)).headers["cache-control"] for query in ("?xv=1", "?v=2-a")]
    assert kept == ["private, max-age=86400", "private, max-age=31536000, immutable"]


async def test_png_is_served_where_asked_for(site: Site) -> None:
    answer = await site.get(TILE.replace("jpeg", "png"))
    assert answer.headers["content-type"] == "image/png"
    assert Image.open(BytesIO(answer.body)).format == "PNG"


async def test_the_descriptor_is_dzi_and_asked_for_again_each_time(site: Site) -> None:
    answer = await site.get("/images/image/1/1/0/tile/")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/xml")
    assert b'TileSize="254" Overlap="1" Format="jpeg"><Size Width="1300" Height="900" />' in answer.body
    assert answer.headers["cache-control"] == "private, no-cache"


async def test_info_json_tells_everything_that_a_viewer_needs(site: Site) -> None:
    answer = await site.get("/tiles/1/info.json")
    told = answer.json
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert (told["number"], told["content"], told["format"]) == (1, "a" * 16, "generic-tiff")
    assert (told["width"], told["height"], told["frames"], told["channels_count"]) == (1300, 900, 1, 3)
    assert told["planes"][0]["levels"] == [
        {"width": w, "height": h, "tile_width": 256, "tile_height": 256, "columns": c, "rows": r, "downsample": d}
        for w, h, c, r, d in [(1300, 900, 6, 4, 1), (650, 450, 3, 2, 2), (325, 225, 2, 1, 4), (163, 113, 1, 1, 8)]
    ]
    assert "properties" not in told


async def test_info_json_is_asked_for_again_and_not_sent_again(site: Site) -> None:
    first = await site.get("/tiles/1/info.json")
    assert first.headers["cache-control"] == "private, no-cache"
    again = await site.get("/tiles/1/info.json", if_none_match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")


async def test_every_plane_of_a_volume_has_its_levels(site: Site) -> None:
    planes = (await site.get("/tiles/2/info.json")).json["planes"]
    assert [(p["name"], p["frames"], p["levels"][0]["width"], p["levels"][0]["height"]) for p in planes] == [
        ("axial", 12, 20, 18), ("coronal", 18, 20, 12), ("sagittal", 20, 18, 12)
    ]  # fmt: skip


async def test_a_native_tile_is_the_files_own(site: Site) -> None:
    answer = await site.get("/tiles/1/0/0/0/1_1.jpeg")
    assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.headers["cache-control"] == "private, max-age=86400"
    assert answer.body in site.files[1].path.read_bytes()
    again = await site.get("/tiles/1/0/0/0/1_1.jpeg", if_none_match=answer.headers["etag"])
    assert again.status == 304


async def test_a_native_tile_in_the_page_cache_needs_neither_thread_nor_memory(site: Site) -> None:
    first = await site.get("/tiles/1/0/0/0/1_1.jpeg")
    held = site.service.tiles.held_bytes
    site.route._rendering.shutdown()
    assert (await site.get("/tiles/1/0/0/0/1_1.jpeg")).body == first.body
    assert (await site.get("/tiles/1/0/0/0/2_1.jpeg")).status == 200
    assert site.service.tiles.held_bytes == held


@pytest.mark.parametrize("name", ["5_3.jpeg", "1_1.png"])
async def test_edges_and_other_encodings_are_made_and_kept(site: Site, name: str) -> None:
    made = await site.get(f"/tiles/1/0/0/0/{name}")
    assert Image.open(BytesIO(made.body)).size == ((20, 132) if name == "5_3.jpeg" else (256, 256))
    site.route._rendering.shutdown()
    assert (await site.get(f"/tiles/1/0/0/0/{name}")).body == made.body


async def test_both_grids_show_the_same_place(site: Site) -> None:
    native = Image.open(BytesIO((await site.get("/tiles/1/0/0/0/0_0.png")).body))
    deep_zoom = Image.open(BytesIO((await site.get("/images/image/1/1/0/tile_files/11/0_0.png")).body))
    assert native.crop((0, 0, 255, 255)).tobytes() == deep_zoom.tobytes()


async def test_a_native_tile_is_not_given_to_another_team(site: Site) -> None:
    warm = await site.get("/tiles/1/0/0/0/1_1.jpeg")
    for path in ("/tiles/1/0/0/0/1_1.jpeg", "/tiles/1/info.json"):
        assert (await site.get(path, who="Bearer pat_bob", if_none_match=warm.headers["etag"])).status == 404
        assert (await site.get(path, who="")).status == 403


@pytest.mark.parametrize(
    "path", ["0/0/0/6_0.jpeg", "0/0/0/0_4.jpeg", "0/0/4/0_0.jpeg", "0/1/0/0_0.jpeg", "1/0/0/0_0.jpeg", "0/0/9/0_0.png"]
)
async def test_what_is_not_in_the_native_grid_is_not_found(site: Site, path: str) -> None:
    assert (await site.get("/tiles/1/0/0/0/1_1.jpeg")).status == 200
    answer = await site.get(f"/tiles/1/{path}")
    assert (answer.status, answer.json["code"]) == (404, "no_such_tile")


IIIF = "/tiles/1/iiif/0.0"


async def test_the_iiif_image_api_describes_every_frame_of_every_plane(site: Site) -> None:
    answer = await site.get(f"{IIIF}/info.json", host="localhost:8000")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json["id"] == "http://localhost:8000/tiles/1/iiif/0.0"
    assert (answer.json["width"], answer.json["height"]) == (1300, 900)
    sagittal = (await site.get("/tiles/2/iiif/2.19/info.json", host="localhost")).json
    assert (sagittal["width"], sagittal["height"]) == (18, 12)
    for path in ("/tiles/2/iiif/2.20/info.json", "/tiles/2/iiif/3.0/info.json", "/tiles/1/iiif/0/info.json"):
        assert (await site.get(path, host="localhost")).status == 404


async def test_linked_data_is_called_so_where_it_is_asked_for(site: Site) -> None:
    answer = await site.get(f"{IIIF}/info.json", host="localhost", accept="application/ld+json")
    assert answer.headers["content-type"].startswith("application/ld+json;profile=")


@pytest.mark.parametrize("slash", ["", "/"])
async def test_the_address_of_the_image_itself_leads_to_its_description(site: Site, slash: str) -> None:
    answer = await site.get(IIIF + slash, host="localhost")
    assert (answer.status, answer.headers["location"]) == (303, f"http://localhost{IIIF}/info.json")


async def test_an_iiif_tile_is_the_native_tile(site: Site) -> None:
    native = await site.get("/tiles/1/0/0/0/1_1.jpeg")
    answer = await site.get(f"{IIIF}/256,256,256,256/256,/0/default.jpg", host="localhost")
    assert (answer.body, answer.headers["etag"]) == (native.body, native.headers["etag"])
    assert '/256,256,256,256/max/0/default.jpg>;rel="canonical"' in answer.headers["link"]


async def test_an_iiif_picture_is_cut_scaled_and_turned(site: Site) -> None:
    answer = await site.get(f"{IIIF}/100,50,400,300/200,/90/gray.png", host="localhost")
    image = Image.open(BytesIO(answer.body))
    assert (image.size, image.mode) == ((150, 200), "L")
    upright = Image.open(BytesIO((await site.get(f"{IIIF}/100,50,400,300/200,/0/gray.png", host="localhost")).body))
    assert image.tobytes() == upright.transpose(Image.Transpose.ROTATE_270).tobytes()
    again = await site.get(
        f"{IIIF}/100,50,400,300/200,/90/gray.png", host="localhost", if_none_match=answer.headers["etag"]
    )
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ("full/full/0/default.jpg", 400, "bad_picture"),
        ("2000,0,1,1/max/0/default.jpg", 400, "bad_picture"),
        ("full/2000,/0/default.jpg", 400, "bad_picture"),
        ("full/max/45/default.jpg", 501, "not_offered"),
        ("full/max/0/default.tif", 501, "not_offered"),
        ("full/max/0", 404, "not_found"),
    ],
)
async def test_what_iiif_does_not_offer_is_told_apart_from_nonsense(
    site: Site, asked: str, status: int, code: str
) -> None:
    answer = await site.get(f"{IIIF}/{asked}", host="localhost")
    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["vary"] == "cookie, authorization"  # what the browser keeps for a cookie is for no other site


async def test_scripts_of_other_sites_may_read_iiif_with_a_token_and_never_with_cookies(site: Site) -> None:
    for answer in (
        await site.get(f"{IIIF}/info.json", host="localhost", origin="https://other.example"),
        await site.get(f"{IIIF}/info.json", host="localhost", origin="https://other.example", who=""),
        await site.get(f"{IIIF}/full/max/0/default.jpg", method="OPTIONS", origin="https://other.example", who=""),
    ):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
    assert answer.status == 204
    assert "authorization" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-origin" not in (await site.get(TILE)).headers
    assert "access-control-allow-origin" not in (await site.get("/tiles/1/info.json")).headers


async def test_iiif_is_not_given_to_another_team(site: Site) -> None:
    for path in ("", "/info.json", "/full/max/0/default.jpg", "/full/nonsense/0/default.jpg"):
        assert (await site.get(IIIF + path, host="localhost", who="Bearer pat_bob")).status == 404
        assert (await site.get(IIIF + path, host="localhost", who="")).status == 403


async def test_a_host_that_is_not_ours_is_never_repeated(site: Site) -> None:
    answer = await site.get(f"{IIIF}/info.json", host="evil.example")
    assert answer.status == 400
    assert b"evil" not in answer.body


async def test_an_image_is_looked_at_in_the_same_way_by_all_addresses(site: Site) -> None:
    addresses = [
        "/tiles/2/0/3/0/0_0.png",
        "/images/image/2/1/3/tile_files/5/0_0.png",
        "/tiles/2/iiif/0.3/full/max/0/default.png",
    ]
    shown = []
    for look in ("", "?window=0:9000"):
        pictures = [await site.get(address + look, host="localhost") for address in addresses]
        pixels = {Image.open(BytesIO(picture.body)).tobytes() for picture in pictures}
        assert len(pixels) == 1
        shown.append(pixels)
    assert shown[0] != shown[1]
    for address in addresses:
        assert (await site.get(f"{address}?window=9:3", host="localhost")).json["code"] == "bad_look"


async def test_planes_of_a_volume_have_their_own_descriptor_and_tiles(site: Site) -> None:
    sizes = [(await site.get(f"/images/image/2/{z}/0/tile")).body.partition(b"<Size ")[2] for z in (1, 2, 3)]
    assert [size[:25] for size in sizes] == [
        b'Width="20" Height="18" />', b'Width="20" Height="12" />', b'Width="18" Height="12" />'
    ]  # fmt: skip
    tiles = [(await site.get(f"/images/image/2/{z}/3/tile_files/5/0_0.png")).body for z in (1, 2, 3)]
    assert [Image.open(BytesIO(tile)).size for tile in tiles] == [(20, 18), (20, 12), (18, 12)]
    assert (await site.get("/images/image/2/4/0/tile/")).status == 404


async def test_a_frame_after_the_last_shows_the_last_as_the_ancestors_clients_expect(site: Site) -> None:
    last = await site.get("/images/image/2/1/11/tile_files/5/0_0.png")
    assert (await site.get("/images/image/2/1/12/tile_files/5/0_0.png")).body == last.body
    assert (await site.get("/images/image/1/1/1/tile_files/10/1_1.jpeg")).status == 200


async def test_a_tile_that_the_client_holds_is_not_sent_again(site: Site) -> None:
    first = await site.get(TILE)
    for tag in (first.headers["etag"], "W/" + first.headers["etag"], '"other", ' + first.headers["etag"], "*"):
        answer = await site.get(TILE, if_none_match=tag)
        assert (answer.status, answer.body) == (304, b"")
        assert answer.headers["etag"] == first.headers["etag"]
    assert (await site.get(TILE, if_none_match='"other"')).status == 200


async def test_a_second_request_needs_no_thread_and_opens_nothing(site: Site) -> None:
    first = await site.get(TILE)
    site.route._rendering.shutdown()
    site.route._asking.shutdown()
    assert (await site.get(TILE)).body == first.body


async def test_head_tells_the_length_and_sends_nothing(site: Site) -> None:
    got, head = await site.get(TILE), await site.get(TILE, method="HEAD")
    assert (head.status, head.body, head.headers) == (200, b"", got.headers)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_tiles_can_only_be_read(site: Site, method: str) -> None:
    answer = await site.get(TILE, method=method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path",
    [
        "/images/image/1/1/0/tile_files/10/99_0.jpeg",
        "/images/image/1/1/0/tile_files/99/0_0.jpeg",
        "/images/image/1/1/0/tile_files/10/x_0.jpeg",
        "/images/image/1/1/0/tile_files/10/0_0.gif",
        "/images/image/99/1/0/tile/",
        "/images/image/99999999999999999999/1/0/tile/",
        "/images/image/1/1/0/tile_files/../../../etc/passwd",
        "/images/image/1/1/\x00/tile/",
        "/images/image/\ud800/1/0/tile/",
    ],
)
async def test_a_bad_address_is_404_with_a_sentence(site: Site, path: str) -> None:
    answer = await site.get(path)
    assert answer.status == 404
    assert answer.json["detail"].endswith(".")


async def test_a_lost_original_is_told_and_harms_nobody_else(site: Site) -> None:
    answer = await site.get("/images/image/4/1/0/tile/")
    assert (answer.status, answer.json["code"]) == (404, "missing_file")
    assert (await site.get(TILE)).status == 200


async def test_everything_else_goes_to_django(site: Site) -> None:
    assert (await site.get("/images/image/1/")).body == b"django"


async def test_too_many_requests_are_told_to_come_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_WAITING", 1)
    began, gate = threading.Event(), threading.Event()
    site.hold = lambda: (began.set(), gate.wait(5))
    await site.get("/images/image/99/1/0/tile/")
    waiting = asyncio.ensure_future(site.get("/images/image/1/1/0/tile/"))
    await asyncio.to_thread(began.wait, 5)
    answer = await site.get("/images/image/3/1/0/tile/")
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    gate.set()
    assert (await waiting).status == 200


async def test_work_that_has_not_begun_is_dropped_when_the_client_is_gone(site: Site) -> None:
    gate, began, sent = threading.Event(), threading.Barrier(http.RENDER_THREADS + 1), list[Any]()
    busy = [site.route._rendering.submit(lambda: (began.wait(5), gate.wait(5))) for _ in range(http.RENDER_THREADS)]
    await asyncio.to_thread(began.wait, 5)
    assert isinstance(site.route._access.ask(Credential("Bearer pat_ann", {}), 3), Original)

    async def gone() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", b"Bearer pat_ann")]
    scope = {"type": "http", "method": "GET", "path": "/images/image/3/1/0/tile/", "headers": headers}
    await site.route(scope, gone, send)
    await asyncio.sleep(0)  # the thread pool hears of it in the loop's next turn
    gate.set()
    assert all(work.result() for work in busy)
    assert (await site.get("/images/image/1/1/0/tile/")).status == 200
    assert sent == []
    assert site.opened == [site.files[1]]
