"""Many annotations as one: a selection is judged and taken back as a whole, and a set without what somebody changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.desk import Desk, Office

PATIENCE_MS = 20_000
MANY = 30


VERIFIER = "vera_many"


@pytest.fixture(scope="module")
def team(office: Office) -> dict[str, Any]:
    """A team with somebody who may verify."""
    return office.team("Many", **{VERIFIER: "verifier"})


@pytest.fixture
def cells(office: Office, team: dict[str, Any], slide_file: Path, request: pytest.FixtureRequest) -> dict[str, Any]:
    """An image with thirty boxes, in a set of its own."""
    image_set = office.image_set(team, str(request.node.name)[:60])
    image = office.upload(image_set, slide_file)
    types = office.get("api/v1/annotations/annotation_types/", product=team["product"]["number"])["results"]
    cell = next(one["uuid"] for one in types if one["name"] == "cell")
    corners = [(1000 * (n % 10) + 1000, 1000 * (n // 10) + 1000) for n in range(MANY)]
    drawn = [
        {"command": "DrawAnnotation", "image_id": image["uuid"], "annotation_type_id": cell,
         "vector": {"vector_type": 1, "points": [x, y, x + 600, y + 600]}}
        for x, y in corners
    ]  # fmt: skip
    results = office.post("api/v1/commands/batch/", {"commands": drawn})["results"]
    return {"image": image["id"], "set": image_set["number"], "results": results}


def names(office: Office, number: int) -> list[str]:
    """The facts of one annotation."""
    return [fact["name"] for fact in office.get(f"api/v1/annotations/annotations/{number}/history/")["facts"]]


def statuses(office: Office, image: int) -> set[str]:
    """What there is on a fresh load."""
    return {row["status"] for row in office.annotations(image).values()}


def test_thirty_are_rejected_and_one_undo_takes_all_of_it_back(
    office: Office, desk: Callable[..., Desk], cells: dict[str, Any]
) -> None:
    vera = desk(VERIFIER)
    vera.open_image(cells["image"])
    expect(vera.marked("annotation-count")).to_have_text(str(MANY), timeout=PATIENCE_MS)
    vera.page.keyboard.press("Control+a")
    expect(vera.marked("several")).to_have_text(f"{MANY} annotations selected")
    vera.page.keyboard.press("k")
    vera.wait_until_saved()
    assert statuses(office, cells["image"]) == {"rejected"}
    position = office.get(f"api/v1/images/images/{cells['image']}/annotations/")["position"]

    vera.page.keyboard.press("Control+z")
    vera.wait_until_saved()
    assert statuses(office, cells["image"]) == {"open"}
    taken_back = office.get(f"api/v1/images/images/{cells['image']}/annotations/")["position"]
    assert taken_back == position + MANY
    for one in (cells["results"][0], cells["results"][-1]):
        assert names(office, one["number"]) == ["AnnotationDrawn", "AnnotationVerified", "VerificationWithdrawn"]

    vera.page.keyboard.press("Control+Shift+z")
    vera.wait_until_saved()
    assert statuses(office, cells["image"]) == {"rejected"}
    assert not vera.complaints


def test_a_set_wide_wish_leaves_what_somebody_changed_meanwhile_shows_it_and_is_taken_back(
    office: Office, desk: Callable[..., Desk], cells: dict[str, Any]
) -> None:
    vera = desk(VERIFIER)
    vera.open_image(cells["image"])
    vera.page.get_by_role("button", name="Many annotations").click()
    vera.page.keyboard.press("Enter")
    vera.page.get_by_label("Which type").select_option(label="cell")
    expect(vera.marked("selection-meaning")).to_contain_text(f"{MANY} annotations of cell will be accepted")

    touched = cells["results"][7]
    office.command("DescribeAnnotation", annotation_id=touched["id"], description="Is this one?")
    vera.marked("selection-confirm").click()
    expect(vera.marked("selection-told")).to_contain_text(
        f"{MANY - 1} annotations accepted, 1 left", timeout=PATIENCE_MS
    )
    expect(vera.marked("left-alone")).to_have_attribute("data-number", str(touched["number"]))
    found = {row["number"]: row["status"] for row in office.annotations(cells["image"]).values()}
    assert [number for number, status in found.items() if status != "accepted"] == [touched["number"]]

    vera.marked("selection-show").click()
    expect(vera.marked("inspector")).to_have_attribute("data-id", touched["id"])
    vera.page.get_by_role("button", name="Undo", exact=True).last.click()
    expect(vera.page.get_by_text(f"{MANY - 1} undone.")).to_be_visible(timeout=PATIENCE_MS)
    assert statuses(office, cells["image"]) == {"open"}

    vera.open_set(cells["set"])
    vera.page.get_by_role("button", name="More for this image set").click()
    vera.page.keyboard.press("ArrowDown")
    vera.page.keyboard.press("Enter")
    expect(vera.marked("selection-meaning")).to_contain_text(f"{MANY} annotations on 1 image will be rejected")
    vera.page.get_by_role("button", name=f"Reject {MANY}").click()
    expect(vera.page.get_by_text(f"{MANY} annotations rejected.").first).to_be_visible(timeout=PATIENCE_MS)
    assert statuses(office, cells["image"]) == {"rejected"}
    expect(vera.marked("image-card")).to_have_attribute("data-stage", "verified", timeout=PATIENCE_MS)
    vera.page.get_by_role("button", name="Undo", exact=True).click()
    expect(vera.marked("image-card")).to_have_attribute("data-stage", "open", timeout=PATIENCE_MS)
    assert statuses(office, cells["image"]) == {"open"}
    assert not vera.complaints
