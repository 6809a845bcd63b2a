"""The public validator of the IIIF Image API (iiif-validator, level 2 of version 3.0) against the running server."""

import sys
import time
import types
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
import uvicorn

from exact.accounts.models import AccessToken, User
from exact.storage import originals
from exact.storage.uploads import receiving
from exact.tiles.asgi import nothing_else
from exact.tiles.encoders import encode_jpeg
from exact.tiles.formats import open_image
from exact.tiles.http import TileRoute
from exact.tiles.service import TileService
from exact.tiles.slide_cache import SlideCache
from exact.tiles.source import Pixels
from exact.tiles.tiff_writer import TILE_PX, TiledTiffWriter, halved_sizes
from exact.tiles.tile_cache import TileCache
from tests.application import free_port
from tests.builders import a_workplace
from tests.samples import options

LEVEL, VERSION = 2, "3.0"
SIDE_PX, SQUARE_PX = 1000, 100


@pytest.fixture
def validator(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The public package. Two tests of level 3, which are not run, ask libmagic for the kind of a file: where that is
    not installed, a stand-in keeps the package importable.
    """
    monkeypatch.setitem(sys.modules, "magic", types.ModuleType("magic"))
    from iiif_validator import validator

    return validator


def coloured_squares(validator: Any) -> Pixels:
    """The validator's own test image: ten by ten squares whose colours it knows."""
    colours = np.array(validator.ValidationInfo().colorInfo, np.uint8)
    return colours.transpose(1, 0, 2).repeat(SQUARE_PX, 0).repeat(SQUARE_PX, 1)


def as_slide(path: Path, pixels: Pixels) -> Path:
    """A pyramid of JPEG tiles, so that pictures are handed on, cropped and made while decoding."""
    with TiledTiffWriter(path, halved_sizes((SIDE_PX, SIDE_PX))[:2]) as writer:
        for level, table in enumerate(writer.levels):
            small = pixels[:: 2**level, :: 2**level]
            for row in range(table.rows):
                for column in range(table.columns):
                    tile = small[row * TILE_PX :, column * TILE_PX :][:TILE_PX, :TILE_PX]
                    rest = (TILE_PX - tile.shape[0], TILE_PX - tile.shape[1])
                    whole = np.pad(tile, ((0, rest[0]), (0, rest[1]), (0, 0)), mode="edge")
                    writer.write_tile(level, column, row, encode_jpeg(whole, 95))
    return path


@pytest.fixture
def serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], tuple[str, int]]]:
    """Registers a file and serves it by uvicorn on a free port to whoever has its owner's token; all requests have."""
    port = free_port()
    slides = SlideCache(lambda file: open_image(file.path, options(tmp_path)), max_handles=5, max_bytes=2**30)
    route = TileRoute(nothing_else, service=TileService(slides, TileCache(2**24)))
    server = uvicorn.Server(uvicorn.Config(route, port=port, log_level="error", lifespan="off"))
    thread = Thread(target=server.run)

    def serve(path: Path) -> tuple[str, int]:
        work = a_workplace()
        with receiving([path.read_bytes()], path.name) as upload:
            originals.keep(upload.path, upload.sha256)
        image = work.image(path.name, sha256=upload.sha256, width=SIDE_PX, height=SIDE_PX)
        _, token = AccessToken.make(User.objects.get(person_id=work.owner.person_id), "validator")
        opener = urllib.request.build_opener()
        opener.addheaders = [("Authorization", f"Bearer {token}")]
        monkeypatch.setattr("urllib.request._opener", opener)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        return f"127.0.0.1:{port}", image.number

    yield serve
    server.should_exit = True
    thread.join()
    for threads in (route._asking, route._rendering):  # their connections would outlive the test
        threads.shutdown()


@pytest.mark.django_db(transaction=True)
def test_level_2_of_version_3_is_passed(
    validator: Any, serving: Callable[[Path], tuple[str, int]], tmp_path: Path
) -> None:
    server, number = serving(as_slide(tmp_path / "squares.tif", coloured_squares(validator)))
    suite, failed = validator.TestSuite(validator.ValidationInfo()), {}
    tests = [name for name, about in suite.list_tests(VERSION).items() if about["level"] <= LEVEL]
    for name in [*tests, "linkheader_canonical", "linkheader_profile", "rot_mirror", "rot_mirror_180"]:
        result = validator.ImageAPI("0.0", server, f"tiles/{number}/iiif", "http", "", VERSION, debug=False)
        suite.run_test(name, result)
        if result.exception:
            failed[name] = (str(result.exception), result.urls[-1:])
    assert len(tests) > 20
    assert failed == {}
