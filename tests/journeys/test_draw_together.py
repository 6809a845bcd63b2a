"""From a file to a frozen dataset, two people, one of them offline for a while: the journey that sells EXACT."""

import hashlib
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def place(office):
    """A team of three and an empty set."""
    team = office.team("Journey", grace="annotator", vera="verifier")
    return {**team, "image_set": office.image_set(team, "First set")}


def download(desk, link) -> str:
    """SHA-256 of what the browser saves."""
    with desk.page.expect_download() as saved:
        link.click()
    return hashlib.sha256(Path(saved.value.path()).read_bytes()).hexdigest()


def export(desk, version: str) -> tuple[str, str]:
    """Exports a version on the page; what the page says and what was saved."""
    row = desk.page.locator(f'[data-testid="dataset-version"][data-version="{version}"]')
    row.get_by_test_id("export").click()
    desk.marked("export-confirm").click()
    ready = desk.marked("export-ready")
    expect(ready).to_be_visible(timeout=30_000)
    said = ready.get_attribute("data-sha256")
    saved = download(desk, ready.locator("a").first)
    desk.page.keyboard.press("Escape")
    return str(said), saved


def upload_and_open(ada, number, file) -> int:
    """Uploads on the set's page and opens the image by its card; answers the image's number."""
    ada.open_set(number)
    expect(ada.upload(file)).to_have_attribute("data-state", "done", timeout=60_000)
    card = ada.marked("image-card").first
    expect(card.locator("img")).to_be_visible()
    image = int(str(card.get_attribute("data-number")))
    card.locator("a").first.click()
    ada.page.wait_for_url(re.compile(rf"/annotations/{image}/"))
    ada.wait_until_live()
    return image


def draw_while_offline(grace, ada) -> None:
    """Three boxes without a network, while the other one goes on; then the network is back."""
    grace.page.context.set_offline(True)
    for step in range(3):
        grace.draw_box(0.3 + step * 0.1, 0.7, 0.04)
    expect(grace.marked("status").first).to_have_attribute("data-unsent", "3")
    grace.expect_shapes(5)
    ada.draw_polygon(0.5, 0.2)
    ada.expect_shapes(3)
    grace.page.context.set_offline(False)
    grace.wait_until_saved()


def accept_the_first(vera) -> str:
    """Accepts by key and looks at the history; answers which annotation it was."""
    vera.shapes().first.click()
    vera.page.keyboard.press("j")
    expect(vera.shapes().first).to_have_attribute("data-status", "accepted")
    vera.page.get_by_role("tab", name="History").click()
    expect(vera.marked("history-entry")).to_have_count(2)
    return str(vera.shapes().first.get_attribute("data-id"))


def freeze(ada, number, name) -> None:
    """Freezes the set on its page."""
    ada.open_set(number)
    ada.marked("freeze").click()
    ada.page.get_by_label("Dataset name").fill(name)
    ada.marked("freeze-confirm").click()
    expect(ada.marked("dataset-version")).to_have_count(1, timeout=20_000)


def test_the_whole_loop(desk, office, place, slide_file):
    number = place["image_set"]["number"]
    ada, grace, vera = desk("ada"), desk("grace"), desk("vera")
    image = upload_and_open(ada, number, slide_file)

    # two people draw, each sees the other's shape without reloading
    grace.open_image(image)
    ada.draw_polygon(0.4, 0.4)
    grace.expect_shapes(1)
    grace.draw_box(0.6, 0.5)
    ada.expect_shapes(2)
    expect(ada.marked("people").get_by_role("button", name="Go to grace")).to_be_visible()

    # one goes offline, draws three more, comes back: both are equal to a fresh load
    draw_while_offline(grace, ada)
    for each in (ada, grace):
        each.expect_shapes(6)
    assert ada.ids() == grace.ids() == set(office.annotations(image))

    # a third accepts one, and the others see it
    vera.open_image(image)
    seen = ada.page.locator(f'[data-testid="annotation"][data-id="{accept_the_first(vera)}"]')
    expect(seen).to_have_attribute("data-status", "accepted")

    # frozen, exported, edited, exported again: equal bytes
    freeze(ada, number, "mitoses")
    said, saved = export(ada, "1")
    assert said == saved
    grace.draw_box(0.2, 0.2, 0.04)
    grace.wait_until_saved()
    ada.open_set(number)
    assert export(ada, "1") == (said, saved)
    assert not ada.complaints + grace.complaints + vera.complaints
