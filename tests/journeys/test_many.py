"""Many annotations as one: a selection is judged and taken back as a whole, and a set without what somebody changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.desk import Desk, Office

PATIENCE_MS = 20_000
MANY = 30


@pytest.fixture
def cells(office: Office, slide_file: Path, request: pytest.FixtureRequest) -> dict[str, Any]:
    """An image with thirty boxes, and a team of two."""
    name = str(request.node.name)
    people = {f"vera_{name[-6:]}": "verifier", f"grace_{name[-6:]}": "annotator"}
    team = office.team(name, **people)
    image_set = office.image_set(team, name)
    image = office.upload(image_set, slide_file)
    types = office.get("api/v1/annotations/annotation_types/", product=team["product"]["number"])["results"]
    kinds = {one["name"]: one["uuid"] for one in types}
    corners = [(1000 * (n % 10) + 1000, 1000 * (n // 10) + 1000) for n in range(MANY)]
    drawn = [
        {"command": "DrawAnnotation", "image_id": image["uuid"], "annotation_type_id": kinds["cell"],
         "vector": {"vector_type": 1, "points": [x, y, x + 600, y + 600]}}
        for x, y in corners
    ]  # fmt: skip
    results = office.post("api/v1/commands/batch/", {"commands": drawn})["results"]
    vera, grace = people
    return {"image": image["id"], "set": image_set["number"], "kinds": kinds, "results": results,
            "vera": vera, "grace": grace}  # fmt: skip


def names(office: Office, number: int) -> list[str]:
    """The facts of one annotation."""
    return [fact["name"] for fact in office.get(f"api/v1/annotations/annotations/{number}/history/")["facts"]]


def statuses(office: Office, image: int) -> set[str]:
    """What there is on a fresh load."""
    return {row["status"] for row in office.annotations(image).values()}


def test_thirty_are_rejected_and_one_undo_takes_all_of_it_back(
    office: Office, desk: Callable[..., Desk], cells: dict[str, Any]
) -> None:
    vera = desk(cells["vera"])
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
