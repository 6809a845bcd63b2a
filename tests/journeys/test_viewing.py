"""Looking: a slide's own tiles show its pixels, channels and windows are chosen, a link shows a colleague the same."""

import io
import re
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import expect

Picture = NDArray[np.int16]
CLOSE = 2.0
"""Mean difference of a colour value that two decoders of the same JPEG may have."""


@pytest.fixture(scope="module")
def place(office: Any) -> Any:
    return office.image_set(office.team("Viewing"), "Viewing")


@pytest.fixture(scope="module")
def stained(office: Any, place: Any, tmp_path_factory: pytest.TempPathFactory) -> int:
    """Two channels: the first is bright on the left, the second on the right."""
    planes = np.full((2, 400, 600), 10, np.uint16)
    planes[0, :, :300] = 4000
    planes[1, :, 300:] = 4000
    path = tmp_path_factory.mktemp("stained") / "stained.ome.tif"
    names = {"axes": "CYX", "Channel": {"Name": ["left", "right"]}}
    tifffile.imwrite(path, planes, ome=True, photometric="minisblack", metadata=names)
    return int(office.upload(place, path)["id"])


@pytest.fixture(scope="module")
def chest(office: Any, place: Any, tmp_path_factory: pytest.TempPathFactory) -> int:
    """A volume in Hounsfield units: lung on the left, bone on the right."""
    values = np.full((80, 60, 5), -800, np.int16)
    values[:40] = 700
    path: Path = tmp_path_factory.mktemp("chest") / "chest.nii"
    values[0, 0], values[1, 0] = -1024, 3000
    nibabel.save(nibabel.Nifti1Image(values, np.diag([1, 1, 1, 1])), path)
    return int(office.upload(place, path)["id"])


def shown(desk: Any, left: float, top: float, width: int, height: int) -> Picture:
    """What stands on the stage, from that place (0..1) on."""
    x, y = desk.point(left, top)
    taken = desk.page.screenshot(clip={"x": round(x), "y": round(y), "width": width, "height": height})
    return np.asarray(Image.open(io.BytesIO(taken)).convert("RGB")).astype(np.int16)


def wait_for_tiles(desk: Any) -> None:
    expect(desk.marked("stage")).to_have_attribute("data-tiles", "complete", timeout=20_000)


def colour_at(desk: Any, left: float, top: float) -> tuple[int, ...]:
    """The mean colour of a few pixels."""
    return tuple(int(value) for value in shown(desk, left, top, 8, 8).mean(axis=(0, 1)))


def until_colour(desk: Any, left: float, top: float, fits: Any) -> tuple[int, ...]:
    """Waits until the place has a fitting colour: a new look lies over the old one when its tiles are there."""
    for _ in range(100):
        colour = colour_at(desk, left, top)
        if fits(colour):
            return colour
        desk.page.wait_for_timeout(100)
    raise AssertionError(f"the place stays {colour}")


def test_a_slide_is_shown_by_its_own_tiles_and_every_pixel_lies_where_it_belongs(
    desk: Any, office: Any, place: Any, slide_file: Path
) -> None:
    number = office.upload(place, slide_file)["id"]
    ada = desk("ada")
    asked: list[str] = []
    ada.page.on("request", lambda request: asked.append(request.url))
    ada.open_image(number)
    box = ada.marked("stage").bounding_box()
    x, y, width, height = 300, 900, int(box["width"]), int(box["height"])
    ada.page.goto(f"{ada.url}annotations/{number}/?xmin={x}&ymin={y}&xmax={x + width}&ymax={y + height}")
    wait_for_tiles(ada)
    answer = office.session.get(
        f"{ada.url}api/v1/images/images/{number}/get_patch/",
        params={"x": x + width // 2, "y": y + height // 4, "width": 256, "height": 256},
    )
    expected = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB")).astype(np.int16)
    found = shown(ada, (width // 2) / box["width"], (height // 4) / box["height"], 256, 256)
    assert np.abs(found - expected).mean() < CLOSE
    assert np.abs(found[:, 1:] - expected[:, :-1]).mean() > CLOSE  # a pixel aside it would be another picture
    tiles = [url for url in asked if "/tiles/" in url and ".jpeg" in url]
    assert tiles
    assert not [url for url in asked if "tile_files" in url]
    assert not ada.complaints


def test_a_channel_switched_off_is_gone_is_remembered_and_is_the_same_for_whom_the_link_is_sent(
    desk: Any, stained: int
) -> None:
    ada = desk("ada")
    ada.open_image(stained)
    wait_for_tiles(ada)
    assert max(colour_at(ada, 0.3, 0.5)) > 100
    ada.page.keyboard.press("c")
    panel = ada.marked("look")
    expect(panel).to_be_visible()
    panel.get_by_role("checkbox", name="Show left").uncheck()
    until_colour(ada, 0.3, 0.5, lambda colour: max(colour) < 40)
    assert max(colour_at(ada, 0.55, 0.5)) > 100
    expect(ada.page).to_have_url(re.compile(r"[?&]channels=1:"))
    link = ada.page.url
    ada.open_image(stained)  # without the look in the address
    until_colour(ada, 0.3, 0.5, lambda colour: max(colour) < 40)
    ben = desk("ada")
    ben.page.goto(link)
    wait_for_tiles(ben)
    until_colour(ben, 0.3, 0.5, lambda colour: max(colour) < 40)
    assert not ada.complaints


def test_a_volume_is_seen_through_another_window(desk: Any, chest: int) -> None:
    ada = desk("ada")
    ada.open_image(chest)
    wait_for_tiles(ada)
    ada.page.keyboard.press("c")
    panel = ada.marked("look")
    panel.get_by_role("button", name="Lung").click()
    until_colour(ada, 0.3, 0.5, lambda colour: 70 < colour[0] < 120)  # -800 between -1350 and 150
    panel.get_by_role("button", name="Bone").click()
    until_colour(ada, 0.3, 0.5, lambda colour: colour[0] < 20)
    panel.get_by_role("button", name="Reset").click()
    expect(panel.get_by_role("button", name="As the file")).to_have_attribute("aria-pressed", "true")
    assert not ada.complaints
