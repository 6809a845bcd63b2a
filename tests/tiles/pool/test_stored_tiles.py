"""What lies in a slide, and what is made of that, is read by the web process once a child has told of it."""

import pytest

from exact.tiles.errors import Contained
from exact.tiles.iiif import PictureText, read_picture
from exact.tiles.looks import PLAIN
from exact.tiles.service import NATIVE, TileAddress
from exact.tiles.slide_cache import Original
from tests.samples import svs
from tests.tiles.pool.test_pool import Hall, hall, pool_of

__all__ = ["hall"]
STORED, EDGE = (TileAddress(0, 0, 0, column, 0, "jpeg", grid=NATIVE) for column in (1, 2))
DEEP_ZOOM = TileAddress(0, 0, 10, 1, 1, "jpeg")


def test_the_pool_is_asked_for_the_outline_and_for_no_tile_picture_or_region(hall: Hall) -> None:
    service, file = hall.service(1), Original("slide", svs(hall.folder / "slide.svs"))
    with pytest.raises(Contained):
        service.tile.here(file, DEEP_ZOOM)
    assert service.outline(file).tiff_levels[0] == (700, 500)
    calls = pool_of(service).counts.calls
    for _ in range(2):
        stored = service.tile(file, STORED)
        assert stored in file.path.read_bytes()
        assert service.known_tile(file, STORED) == stored
    for address in (EDGE, DEEP_ZOOM):
        made = service.tile(file, address)
        assert service.known_tile(file, address) == made
    picture = read_picture(PictureText("10,20,100,50", "50,", "90", "gray", "png"), (700, 500))
    assert service.picture(file, 0, 0, picture, PLAIN)
    assert service.region(file, (5, 6), 0, (70, 80))
    assert pool_of(service).counts.calls == calls
    assert service.metadata(file).details.properties["aperio.MPP"] == "0.2525"
    assert pool_of(service).counts.calls == calls + 1

    other = hall.file("a")
    assert service.outline(other).tiff_levels == ()
    with pytest.raises(Contained):
        service.tile.here(other, TileAddress(0, 0, 7, 0, 0, "png"))
