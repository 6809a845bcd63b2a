"""What history makes possible at the page: both versions of a conflict are shown, and a person decides."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.desk import Desk, Office


@pytest.fixture(scope="module")
def place(office, slide_file) -> dict[str, Any]:
    """A slide of a team of two beside the administrator."""
    team = office.team("Historians", hana="annotator", olga="admin")
    return {"image": office.upload(office.image_set(team, "Histories"), slide_file)["id"]}


def the_only(office: Office, image: int) -> dict[str, Any]:
    """The one annotation as a fresh load gives it."""
    (row,) = office.annotations(image).values()
    return dict(row)


def moved(vector: dict[str, Any], by: int) -> dict[str, Any]:
    """Another place for it; 100 to a pixel."""
    return {**vector, "points": [value + by for value in vector["points"]]}


def test_who_was_overtaken_offline_sees_both_versions_and_puts_the_own_on_top(
    desk: Callable[..., Desk], office: Office, place: dict[str, Any]
) -> None:
    image, hana = place["image"], desk("hana")
    hana.open_image(image)
    hana.draw_box(0.4, 0.4)
    hana.wait_until_saved()
    drawn = the_only(office, image)
    hana.page.context.set_offline(True)
    theirs = moved(drawn["vector"], 5000)
    office.command("EditAnnotation", annotation_id=drawn["id"], vector=theirs, description="Two cells")
    hana.page.keyboard.press("Alt+Shift+ArrowUp")
    hana.page.get_by_label("Remark").fill("One cell")
    hana.page.get_by_label("Remark").press("Enter")
    hana.page.context.set_offline(False)

    decision = hana.marked("decision")
    expect(decision).to_contain_text("ada and you changed the shape and the remark of cell", timeout=20_000)
    expect(decision.locator("[data-version=theirs]")).to_contain_text("Two cells")
    expect(decision.locator("[data-version=mine]")).to_contain_text("One cell")
    expect(decision.locator("svg.picture")).to_have_count(2)
    assert the_only(office, image)["description"] == "Two cells"

    decision.locator("[data-choice=show]").click()
    expect(decision).to_have_count(0)
    hana.marked("decisions-fold").press("Enter")
    decision.locator("[data-choice=mine]").press("Enter")
    hana.wait_until_saved()
    saved = the_only(office, image)
    assert (saved["description"], saved["version"]) == ("One cell", 5)
    left, top, *_ = drawn["vector"]["points"]
    assert saved["vector"]["points"][:2] == [left, top - 1000]
    assert hana.complaints == []
