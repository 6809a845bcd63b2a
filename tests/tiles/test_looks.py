"""How an image is looked at: read from a URL, written back always in the same form."""

import pytest

from exact.tiles.addresses import read_path
from exact.tiles.errors import BadLook
from exact.tiles.looks import PLAIN, ChannelLook, Look
from exact.tiles.service import TileAddress

TILE = "/images/image/1/1/0/tile_files/0/0_0.jpeg"


def test_nothing_asked_for_is_the_plain_look() -> None:
    assert Look.read({}) == Look.read({"other": "1"}) == PLAIN
    assert PLAIN.parameters() == {}


def test_channels_are_read_with_colour_and_window_or_without() -> None:
    look = Look.read({"channels": "2,0:FF0000:100:2000,1::-1:1"})
    assert look.channels == (
        ChannelLook(0, "ff0000", (100, 2000)),
        ChannelLook(1, None, (-1, 1)),
        ChannelLook(2),
    )


def test_no_channel_at_all_can_be_asked_for() -> None:
    assert Look.read({"channels": ""}).channels == ()


@pytest.mark.parametrize(
    "asked",
    [{"channels": "1:00ff00:0.5:7,0"}, {"channels": ""}, {"window": "-160:240"}, {"profile": "srgb", "window": "0:1"}],
)
def test_the_parameters_are_read_back_as_the_same_look(asked: dict[str, str]) -> None:
    look = Look.read(asked)
    assert Look.read(look.parameters()) == look
    assert look != PLAIN


@pytest.mark.parametrize(
    "asked",
    [
        {"channels": "x"},
        {"channels": "0,0"},
        {"channels": "0:red"},
        {"channels": "0:ff0000:1"},
        {"channels": "0::nan:1"},
        {"channels": "0,"},
        {"channels": ",".join(map(str, range(65)))},
        {"window": "1"},
        {"window": "2:1"},
        {"window": "1:1"},
        {"window": "0:inf"},
        {"window": ""},
        {"profile": "adobe"},
    ],
)
def test_what_makes_no_sense_is_refused(asked: dict[str, str]) -> None:
    with pytest.raises(BadLook):
        Look.read(asked)


def test_every_look_of_a_tile_has_its_own_tag() -> None:
    looks = [PLAIN, Look(window=(0, 1)), Look(window=(0, 2)), Look(channels=()), Look(profile=True)]
    tags = {TileAddress(0, 0, 0, 0, 0, "jpeg", look).etag("ab") for look in looks}
    assert len(tags) == len(looks)


def test_a_tile_is_asked_for_with_its_look() -> None:
    asked = read_path(TILE, "window=-160:240&nonsense=1")
    assert asked is not None
    assert isinstance(asked.wanted, TileAddress)
    assert asked.wanted.look == Look(window=(-160, 240))
