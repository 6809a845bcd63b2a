"""Caches and strikes for administrators, as JSON and for Prometheus."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client

from exact.accounts.models import AccessToken, User
from exact.tiles.figures import Publisher, cleared_at
from exact.tiles.service import TileService, figures_folder, strikes
from exact.tiles.slide_cache import SlideCache
from exact.tiles.tile_cache import TileCache
from tests.builders import PASSWORD, a_workplace

pytestmark = pytest.mark.django_db

SHA256 = "c" * 64


@pytest.fixture
def administrator(tmp_path: Path, settings: LazySettings) -> Iterator[Client]:
    settings.CACHE = tmp_path / "cache"
    user = User.objects.create_user("root", password=PASSWORD, is_staff=True)
    service = TileService(SlideCache(lambda _: None, max_handles=1, max_bytes=1), TileCache(1))  # type: ignore[arg-type,return-value]
    publisher = Publisher(service, figures_folder(), every_s=3600)
    publisher.look()
    client = Client()
    client.force_login(user)
    yield client
    publisher.close()


def test_processes_and_struck_files_are_shown_with_the_image_that_people_know(
    administrator: Client,
) -> None:
    image = a_workplace().image("bad.svs", sha256=SHA256)
    for how in ("was ended by SIGABRT", "took more than 10 s"):
        strikes().add(SHA256, how)
    told = administrator.get("/api/v1/cache/").json()
    assert [one["files_open"] for one in told["processes"]] == [0]
    (struck,) = told["strikes"]
    assert struck["image"] == {"number": image.number, "name": "bad.svs"}
    assert (struck["strikes"], struck["refused"], struck["how"]) == (2, True, "took more than 10 s")


def test_strikes_are_lifted(administrator: Client) -> None:
    strikes().add(SHA256, "was ended by SIGABRT")
    lifted = administrator.post("/api/v1/cache/lift/", {"sha256": SHA256}, content_type="application/json")
    assert (lifted.status_code, lifted.json()["strikes"]) == (200, [])
    again = administrator.post("/api/v1/cache/lift/", {"sha256": SHA256}, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (404, "no_strikes")
    for wrong in ("", "../../secret.key", "C" * 64, "a" * 65):
        answer = administrator.post("/api/v1/cache/lift/", {"sha256": wrong}, content_type="application/json")
        assert answer.status_code == 400


def test_clearing_asks_every_process(administrator: Client) -> None:
    before = cleared_at(figures_folder())
    assert administrator.post("/api/v1/cache/clear/").status_code == 202
    assert cleared_at(figures_folder()) != before


def test_prometheus_reads_the_same_figures(administrator: Client) -> None:
    strikes().add(SHA256, "was ended by SIGABRT")
    answer = administrator.get("/metrics")
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = answer.content.decode().splitlines()
    assert "# TYPE exact_tiles_tiles_hits_total counter" in lines
    assert "exact_tiles_files_struck 1" in lines
    assert any(line.startswith("exact_tiles_files_open{host=") and line.endswith("} 0") for line in lines)
    figures = [line for line in lines if not line.startswith("#")]
    assert len(figures) == len({line.rpartition(" ")[0] for line in figures})


def test_metrics_are_for_administrators_and_for_the_token_of_the_settings(
    administrator: Client, settings: LazySettings
) -> None:
    def status(text: str) -> int:
        return Client().get("/metrics/", headers={"authorization": text}).status_code

    _, own = AccessToken.make(User.objects.get(username="root"), "prometheus")
    _, others = AccessToken.make(User.objects.create_user("ann", password=PASSWORD), "x")
    assert [status(text) for text in ("", f"Bearer {own}", f"Bearer {others}", "Bearer ", "Bearer x")] == [
        403, 200, 403, 403, 403
    ]  # fmt: skip
    settings.METRICS_TOKEN = "of the monitoring"
    assert [status(text) for text in ("", "Bearer of the monitoring", "Bearer of the")] == [403, 200, 403]
