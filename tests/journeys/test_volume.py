"""A volume: three planes, a slider, annotations that belong to a slice."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def place(office):
    team = office.team("Volume")
    return office.image_set(team, "Volumes")


def test_a_volume_is_turned_leafed_through_and_annotated(desk, office, place, volume_file):
    ada = desk("ada")
    ada.open_set(place["number"])
    line = ada.upload(volume_file)
    expect(line).to_have_attribute("data-state", "done", timeout=60_000)
    image = int(str(ada.marked("image-card").first.get_attribute("data-number")))
    ada.open_image(image)
    frames = ada.marked("frames")
    expect(frames).to_be_visible()
    ada.draw_box(0.45, 0.45)
    ada.expect_shapes(1)
    ada.wait_until_saved()
    [row] = office.annotations(image).values()
    drawn_on = row["vector"]["frame"]
    assert drawn_on is not None
    ada.page.keyboard.press("e")
    ada.page.get_by_role("button", name=re.compile("^Cor")).click()
    ada.draw_box(0.45, 0.45)
    ada.expect_shapes(2)
    ada.wait_until_saved()
    planes = {row["vector"].get("plane", 0) for row in office.annotations(image).values()}
    assert planes == {0, 1}
    assert not ada.complaints
