"""Somebody uploads a folder and a large file; the page is left in the middle, and the file goes on where it was."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.samples import picture, vms, volume

MIB = 2**20
SLOW = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 6 * MIB}


@pytest.fixture(scope="module")
def place(office):
    team = office.team("Uploads", ursula="annotator")
    return office.image_set(team, "Uploads")


def test_a_large_file_goes_on_where_it_was_when_the_page_was_left(desk, office, place, tmp_path):
    path = volume(tmp_path / "large.nii", np.arange(12 * MIB, dtype="<i2").reshape(256, 256, 192))
    ursula = desk("ursula")
    ursula.open_set(place["number"])
    browser = ursula.page.context.new_cdp_session(ursula.page)
    browser.send("Network.emulateNetworkConditions", SLOW)
    with ursula.page.expect_response(lambda answer: answer.request.method == "PATCH"):
        line = ursula.upload(path)
        expect(line).to_have_attribute("data-state", "uploading")
        expect(line).to_contain_text("%")
    line.get_by_test_id("upload-pause").click()
    expect(line).to_have_attribute("data-state", "paused")
    ursula.page.reload()
    line = ursula.marked("upload-item").last
    expect(line).to_have_attribute("data-state", "interrupted", timeout=20_000)
    (delivery,) = office.get("api/v1/images/deliveries/", image_set=place["number"])["results"]
    there = delivery["files"][0]["received_bytes"]
    assert 0 < there < path.stat().st_size
    with ursula.page.expect_request(lambda request: request.method == "PATCH") as piece:
        ursula.upload(path)
    assert int(piece.value.headers["upload-offset"]) >= there
    expect(ursula.marked("upload-item")).to_have_attribute("data-state", "done", timeout=30_000)
    (image,) = office.get("api/v1/images/images/", image_set=place["number"])["results"]
    assert (image["name"], image["size_bytes"]) == ("large.nii", path.stat().st_size)


def test_a_folder_is_cut_into_images_and_told_one_by_one(desk, office, place, tmp_path):
    vms(tmp_path / "scans")
    picture(tmp_path / "scans" / "field.png")
    (tmp_path / "scans" / "letter.png").write_text("no picture")
    ursula = desk("ursula")
    ursula.open_set(place["number"])
    ursula.page.evaluate(DROP, {name: list(file) for name, file in contents(tmp_path / "scans").items()})
    line = ursula.marked("upload-item").last
    expect(line).to_have_attribute("data-state", "done", timeout=30_000)
    expect(line).to_contain_text("2 images, 1 refused.")
    expect(line.get_by_test_id("upload-result")).to_have_count(3)
    names = {row["name"] for row in office.get("api/v1/images/images/", image_set=place["number"])["results"]}
    assert {"slide.vms", "field.png"} <= names
    again = ursula.upload(tmp_path / "scans" / "field.png")
    expect(again).to_have_attribute("data-state", "done", timeout=30_000)
    expect(again).to_contain_text("Already in this image set.")
    expect(again.get_by_role("link", name="Open")).to_be_visible()


def contents(folder: Path) -> dict[str, bytes]:
    """By name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


DROP = """files => {
    const entry = (name, bytes) => ({
        isFile: true, fullPath: `/scans/${name}`,
        file: good => good(new File([new Uint8Array(bytes)], name)),
    });
    const told = [Object.entries(files).map(([name, bytes]) => entry(name, bytes)), []];
    const folder = {isFile: false, fullPath: '/scans', createReader: () => ({readEntries: good => good(told.shift())})};
    const data = {types: ['Files'], files: [], items: [{kind: 'file', webkitGetAsEntry: () => folder}]};
    const event = new Event('drop', {bubbles: true, cancelable: true});
    Object.defineProperty(event, 'dataTransfer', {value: data});
    window.dispatchEvent(event);
}"""
"""A dropped folder: no program may make a real one for a browser, so its entries are stood in for."""
