"""What history makes possible at the page: a person decides between two versions, and takes back a colleague's step."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.application import PASSWORD
from tests.journeys.desk import Desk, Office

PATIENCE_MS = 20_000


@pytest.fixture(scope="module")
def team(office: Office) -> dict[str, Any]:
    """Two beside the administrator, who owns it."""
    return office.team("Historians", hana="annotator", olga="admin")


@pytest.fixture
def image(office: Office, team: dict[str, Any], slide_file: Path, request: pytest.FixtureRequest) -> int:
    """A slide of its own for each test."""
    return int(office.upload(office.image_set(team, request.node.name[:60]), slide_file)["id"])


def the_only(office: Office, image: int) -> dict[str, Any]:
    """The one annotation as a fresh load gives it."""
    (row,) = office.annotations(image).values()
    return dict(row)


def moved(vector: dict[str, Any], by: int) -> dict[str, Any]:
    """Another place for it; 100 to a pixel."""
    return {**vector, "points": [value + by for value in vector["points"]]}


def test_who_was_overtaken_offline_sees_both_versions_and_puts_the_own_on_top(
    desk: Callable[..., Desk], office: Office, image: int
) -> None:
    hana = desk("hana")
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
    expect(decision).to_contain_text("ada and you changed the shape and the remark of cell", timeout=PATIENCE_MS)
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


def box(place: int) -> dict[str, Any]:
    """A small one, below the one before; 100 to a pixel."""
    return {"vector_type": 1, "points": [40_000, 20_000 * place, 60_000, 20_000 * place + 10_000]}


def draw_three(office: Office, image: int) -> list[str]:
    """One step of hana, and one of the three accepted by olga; answers their ids."""
    hana, olga = (Office(office.server, name, PASSWORD) for name in ("hana", "olga"))
    place = office.get(f"api/v1/images/images/{image}/workspace/")
    cell = next(kind["id"] for kind in place["annotation_types"] if kind["name"] == "cell")
    draw = {"command": "DrawAnnotation", "image_id": place["image"]["id"], "annotation_type_id": cell}
    done = hana.post("api/v1/commands/batch/", {"commands": [{**draw, "vector": box(n)} for n in (1, 2, 3)]})
    drawn = [str(one["id"]) for one in done["results"]]
    olga.command("VerifyAnnotation", annotation_id=drawn[1], verdict="accepted")
    return drawn


def test_an_owner_undoes_a_colleagues_step_and_is_told_what_stays(
    desk: Callable[..., Desk], office: Office, image: int
) -> None:
    drawn, ada, hana = draw_three(office, image), desk("ada"), desk("hana")
    for each in (ada, hana):
        each.open_image(image)
        each.page.get_by_role("tab", name="History").click()
    step = ada.page.locator("li", has_text="hana drew 3 annotations")
    step.get_by_test_id("undo-step").focus()
    ada.page.keyboard.press("Enter")
    expect(ada.page.locator("exact-confirm")).to_contain_text("This step changed 3 annotations")
    ada.page.keyboard.press("Enter")
    expect(ada.page.locator("exact-toasts")).to_contain_text("2 undone. 1 stays: olga verified it since.")
    for each in (ada, hana):
        each.expect_shapes(1)
    assert ada.ids() == hana.ids() == {drawn[1]}

    # the annotator sees who took it back, and may undo nothing of that
    theirs = hana.page.locator("li", has_text="ada removed 2 annotations")
    expect(theirs).to_be_visible()
    expect(theirs.get_by_test_id("undo-step")).to_have_count(0)

    # the owner looks at what stays, holds the proof of it, and brings the others back
    ada.page.locator("exact-toasts").get_by_role("button", name="Show").click()
    expect(ada.marked("seal")).to_have_attribute("data-state", "sealed", timeout=PATIENCE_MS)
    with ada.page.expect_download() as saved:
        ada.marked("proof").click()
    proof = json.loads(Path(saved.value.path()).read_text())
    assert (proof["fact"]["type"], proof["fact"]["stream_id"]) == ("AnnotationVerified", drawn[1])
    ada.page.get_by_role("group", name="History of").get_by_role("button", name="Whole image").click()
    ada.page.locator("li", has_text="You removed 2 annotations").get_by_test_id("undo-step").click()
    ada.marked("confirm").click()
    hana.expect_shapes(3)
    assert ada.complaints == hana.complaints == []
