"""What lies in a slide as it is shown is read by the web process; everything else of a slide by a child of the pool."""

from io import BytesIO

import pytest
from PIL import Image

from exact.tiles.errors import Contained
from exact.tiles.iiif import PictureText, read_picture
from exact.tiles.looks import PLAIN
from exact.tiles.service import NATIVE, TileAddress
from exact.tiles.slide_cache import Original
from tests.samples import svs
from tests.tiles.pool.test_pool import Hall, hall, pool_of

__all__ = ["hall"]
STORED, EDGE = (TileAddress(0, 0, 0, column, 0, "jpeg", grid=NATIVE) for column in (1, 2))


def test_the_pool_is_asked_for_the_outline_and_for_what_is_made_and_never_for_a_stored_tile(hall: Hall) -> None:
    service, file = hall.service(1), Original("slide", svs(hall.folder / "slide.svs"))
    assert service.outline(file).tiff_levels[0] == (700, 500)
    calls = pool_of(service).counts.calls
    for _ in range(2):
        stored = service.tile(file, STORED)
        assert stored in file.path.read_bytes()
        assert service.known_tile(file, STORED) == stored
    assert pool_of(service).counts.calls == calls

    with pytest.raises(Contained):
        service.tile.here(file, EDGE)
    made = service.tile(file, EDGE)
    assert Image.open(BytesIO(made)).size == (188, 256)
    assert service.known_tile(file, EDGE) == made

    picture = read_picture(PictureText("10,20,100,50", "50,", "90", "gray", "png"), (700, 500))
    assert Image.open(BytesIO(service.picture(file, 0, 0, picture, PLAIN))).size == (25, 50)
    assert pool_of(service).counts.calls == calls + 2
