"""A file of annotations is imported at the page, seen at once at the image, undone and brought back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from playwright.sync_api import expect

from tests.journeys.conftest import SCREENSHOTS
from tests.journeys.desk import Desk, Office

PATIENCE_MS = 20_000
SHADES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def box(image: str, at_px: int, kind: str = "cell") -> str:
    """One row, 20 pixels wide."""
    points = [[at_px, at_px], [at_px + 20, at_px + 20]]
    return json.dumps({"image": image, "annotation_type": kind, "points": points}) + "\n"


def picture(desk: Desk, name: str) -> None:
    """In both shades, to be looked at."""
    SCREENSHOTS.mkdir(exist_ok=True)
    for shade in SHADES:
        desk.page.emulate_media(color_scheme=shade)
        desk.page.screenshot(path=SCREENSHOTS / f"import-{name}-{shade}.png")
    desk.page.emulate_media(color_scheme="light")


def send(desk: Desk, path: Path) -> None:
    """Choose it in the dialog and go."""
    desk.marked("import-input").set_input_files(str(path))
    desk.marked("import-confirm").click()


def test_an_import_at_the_page_is_seen_live_undone_and_brought_back(
    office: Office, desk: Callable[..., Desk], slide_file: Path, tmp_path: Path
) -> None:
    team = office.team("Importers", ivo="annotator", lea="annotator")
    made = office.image_set(team, "Cells")
    image = office.upload(made, slide_file)
    good, bad = tmp_path / "cells.jsonl", tmp_path / "odd.jsonl"
    good.write_text("".join(box(image["name"], 40 * n) for n in range(1, 13)))
    bad.write_text(box(image["name"], 40) + box(image["name"], 80, "no such type"))
    lea, ivo = desk("lea"), desk("ivo")
    lea.open_image(image["id"])

    told: list[str] = []
    ivo.page.on("websocket", lambda socket: socket.on("framereceived", lambda text: told.append(str(text))))
    ivo.open_set(made["number"])
    ivo.marked("import").click()
    parameters = ivo.page.get_by_label("Parameters")
    parameters.fill('{"threshold": }')
    ivo.marked("import-confirm").click()
    expect(ivo.page.get_by_text("This is not JSON")).to_be_visible()
    parameters.fill('{"threshold": 0.5}')
    ivo.page.get_by_label("Model (optional)").fill("hovernet 1.2")
    ivo.page.get_by_label("Annotation type").select_option(label="cell")
    picture(ivo, "dialog")
    send(ivo, bad)
    expect(ivo.marked("import-run")).to_have_attribute("data-state", "refused", timeout=PATIENCE_MS)
    expect(ivo.page.locator("exact-import-dialog").get_by_test_id("bad-row")).to_contain_text("2")
    picture(ivo, "refused")
    ivo.page.get_by_role("button", name="Another file").click()
    send(ivo, good)
    expect(ivo.marked("import-run")).to_have_attribute("data-state", "complete", timeout=PATIENCE_MS)
    expect(lea.shapes()).to_have_count(12, timeout=PATIENCE_MS)
    expect(lea.page.locator("exact-remark")).to_contain_text("12 annotations were imported by")
    assert any('"type":"import"' in text and '"state":"complete"' in text for text in told), "the socket told of it"
    run = office.get("api/v1/annotations/imports/", image_set=made["number"])["results"][0]
    assert (run["model"], run["parameters"]) == ("hovernet 1.2", {"threshold": 0.5})
    picture(lea, "seen")

    ivo.marked("import-close").click()
    item = ivo.marked("import-item").first
    expect(item).to_have_attribute("data-state", "complete")
    picture(ivo, "listed")
    item.get_by_test_id("undo-import").click()
    ivo.marked("undo-import-confirm").click()
    expect(item).to_have_attribute("data-state", "undone", timeout=PATIENCE_MS)
    expect(lea.shapes()).to_have_count(0, timeout=PATIENCE_MS)

    item.get_by_test_id("restore-import").click()
    ivo.marked("restore-import-confirm").click()
    expect(item).to_have_attribute("data-state", "complete", timeout=PATIENCE_MS)
    expect(lea.shapes()).to_have_count(12, timeout=PATIENCE_MS)
    item.get_by_test_id("undo-import").click()
    ivo.marked("undo-import-confirm").click()
    expect(item).to_have_attribute("data-state", "undone", timeout=PATIENCE_MS)
    expect(lea.shapes()).to_have_count(0, timeout=PATIENCE_MS)

    item.get_by_test_id("restore-import").click()
    ivo.marked("restore-import-confirm").click()
    expect(item).to_have_attribute("data-state", "complete", timeout=PATIENCE_MS)
    expect(lea.shapes()).to_have_count(12, timeout=PATIENCE_MS)
    lea.page.reload()
    lea.wait_until_live()
    expect(lea.shapes()).to_have_count(12)
    assert lea.complaints == ivo.complaints == []
