"""The pages around the viewer: the content policy holds, the keyboard is enough, narrow windows do."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.application import ADMIN, PASSWORD, Application

WIDTHS_PX = [400, 1024, 2560]
PATIENCE_MS = 20_000


@pytest.fixture
def page(browser: Browser, server: Application) -> Iterator[Page]:
    """A window whose browser must not complain: no rule broken, no error left uncaught."""
    context = browser.new_context(base_url=server.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    opened, complaints = context.new_page(), []

    def heard(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Refused to" in message.text:
            complaints.append(message.text)

    opened.on("console", heard)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


@pytest.fixture
def ada(page: Page) -> Page:
    """Signed in, by the keyboard alone."""
    page.goto("/sign-in/")
    expect(page.locator("[name=username]")).to_be_focused()
    page.keyboard.type(ADMIN)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("create-team")).to_be_visible()
    return page


def sign_in(page: Page, name: str, password: str) -> None:
    """By the form, from wherever the window is."""
    page.goto("/sign-in/")
    page.locator("[name=username]").fill(name)
    page.locator("[name=password]").fill(password)
    page.locator("[name=password]").press("Enter")
    expect(page.get_by_test_id("create-team")).to_be_visible()


def fill(page: Page, button: str, **fields: str) -> None:
    """Open a dialog by its button, fill it in and confirm."""
    page.get_by_test_id(button).first.click()
    dialog = page.locator("exact-form-dialog")
    for name, value in fields.items():
        dialog.locator(f"[name={name}]").fill(value)
    dialog.get_by_test_id(f"{button}-confirm").click()
    expect(dialog).to_have_count(0)


@pytest.fixture
def image_set(ada: Page, request: pytest.FixtureRequest) -> Page:
    """The page of a new image set in a new team."""
    name = request.node.name[:60]
    fill(ada, "create-team", name=name)
    section = ada.locator(".team-section", has_text=name)
    section.get_by_test_id("create-image-set").click()
    ada.locator("exact-form-dialog [name=name]").fill("Mitoses")
    ada.get_by_test_id("create-image-set-confirm").click()
    expect(ada.get_by_role("heading", level=1)).to_have_text("Mitoses")
    return ada


def test_a_picture_becomes_a_card_that_can_be_withdrawn_with_a_reason(image_set: Page, tmp_path: Path) -> None:
    Image.new("RGB", (640, 480), (230, 180, 210)).save(tmp_path / "section.png")
    image_set.get_by_test_id("upload-input").set_input_files(tmp_path / "section.png")
    card = image_set.get_by_test_id("image-card")
    expect(card).to_contain_text("640 \N{MULTIPLICATION SIGN} 480 px")
    card.get_by_test_id("withdraw-image").click()
    image_set.get_by_test_id("withdraw-image-confirm").click()
    expect(image_set.locator("exact-form-dialog")).to_contain_text("Reason is needed.")
    image_set.locator("exact-form-dialog [name=reason]").fill("Wrong stain")
    image_set.get_by_test_id("withdraw-image-confirm").click()
    expect(card).to_have_count(0)


def test_a_cancelled_upload_leaves_nothing(image_set: Page, tmp_path: Path) -> None:
    Image.effect_noise((3000, 3000), 90).convert("RGB").save(tmp_path / "large.png")
    image_set.route("**/api/v1/uploads/", lambda _route: None)  # the answer never comes
    image_set.get_by_test_id("upload-input").set_input_files(tmp_path / "large.png")
    image_set.get_by_role("button", name="Cancel large.png").click()
    item = image_set.get_by_test_id("upload-item")
    expect(item).to_have_attribute("data-state", "cancelled")
    expect(item).to_contain_text("Nothing was kept")
    image_set.unroute_all()
    item.get_by_role("button", name="Try again").click()
    expect(item).to_have_attribute("data-state", "done")


def test_a_product_with_its_types_is_made_and_used(image_set: Page) -> None:
    image_set.get_by_role("link", name="Products of the team").click()
    fill(image_set, "create-product", name="Mitotic figures")
    image_set.get_by_test_id("create-type").click()
    dialog = image_set.locator("exact-form-dialog")
    dialog.locator("[name=name]").fill("Look-alike")
    dialog.get_by_role("radio", name="Ellipse or point").check()
    dialog.get_by_role("radio", name="Bluish green").check(force=True)
    dialog.get_by_test_id("create-type-confirm").click()
    expect(image_set.get_by_test_id("annotation-type")).to_contain_text("Ellipse or point")
    image_set.go_back()
    fill(image_set, "attach-product")
    expect(image_set.get_by_test_id("set-product")).to_contain_text("Look-alike")


def test_a_name_that_is_taken_is_said_in_the_dialog_and_nothing_typed_is_lost(ada: Page) -> None:
    fill(ada, "create-team", name="Taken")
    ada.get_by_test_id("create-team").click()
    ada.locator("exact-form-dialog [name=name]").fill("Taken")
    ada.get_by_test_id("create-team-confirm").click()
    expect(ada.locator("exact-form-dialog [role=alert]")).to_contain_text("Another team has this name")
    expect(ada.locator("exact-form-dialog [name=name]")).to_have_value("Taken")


def test_slash_searches_escape_gives_up_and_a_dialog_gives_the_focus_back(ada: Page) -> None:
    ada.keyboard.press("/")
    expect(ada.get_by_role("searchbox")).to_be_focused()
    ada.keyboard.type("no such thing")
    ada.keyboard.press("Escape")
    expect(ada.get_by_role("searchbox")).to_have_value("")
    button = ada.get_by_test_id("create-team")
    button.focus()
    ada.keyboard.press("Enter")
    expect(ada.locator("exact-form-dialog [name=name]")).to_be_focused()
    ada.keyboard.press("Escape")
    expect(button).to_be_focused()


def test_the_chosen_colours_stay_over_a_reload(ada: Page) -> None:
    ada.get_by_role("button", name="Colours").click()
    ada.get_by_role("menuitemradio", name="Dark").click()
    ada.reload()
    expect(ada.locator("html")).to_have_attribute("data-theme", "dark")
    expect(ada.locator("body")).to_have_css("background-color", "rgb(13, 19, 23)")


def test_a_token_is_shown_once_and_can_be_revoked(ada: Page) -> None:
    ada.goto("/account/")
    fill(ada, "create-token", name="Nightly export")
    expect(ada.get_by_test_id("token-made").locator("code")).to_contain_text("pat_")
    ada.reload()
    expect(ada.get_by_test_id("token")).to_have_count(1)
    expect(ada.get_by_test_id("token-made")).to_have_count(0)
    ada.get_by_role("button", name="Revoke").click()
    ada.get_by_test_id("confirm").click()
    expect(ada.get_by_test_id("token")).to_contain_text("Revoked")


def test_an_administrator_adds_a_person_who_signs_in(ada: Page, browser: Browser, server: Application) -> None:
    ada.get_by_role("button", name="You:").click()
    ada.get_by_test_id("people-link").click()
    fill(ada, "add-person", username="hopper", first_name="Grace", last_name="Hopper", email="hopper@example.org")
    password = ada.get_by_test_id("person-password").locator("code").inner_text()
    person = ada.locator("[data-testid=person][data-username=hopper]")
    expect(person).to_contain_text("hopper@example.org")
    window = browser.new_context(base_url=server.url)
    grace = window.new_page()
    sign_in(grace, "hopper", password)
    grace.get_by_role("button", name="You: Grace Hopper").click()
    expect(grace.get_by_test_id("people-link")).to_have_count(0)
    ada.reload()
    expect(person).to_contain_text("Active")
    expect(ada.get_by_test_id("person-password")).to_have_count(0)
    person.get_by_role("button", name="Deactivate").click()
    ada.get_by_test_id("deactivate-confirm").click()
    expect(person).to_contain_text("Deactivated")
    grace.reload()
    expect(grace.get_by_role("heading", name="Sign in to EXACT")).to_be_visible()
    person.get_by_role("button", name="Activate").click()
    expect(person.get_by_role("button", name="Deactivate")).to_be_visible()
    person.get_by_role("button", name="New password").click()
    ada.get_by_test_id("new-password-confirm").click()
    renewed = ada.get_by_test_id("person-password").locator("code").inner_text()
    assert renewed != password
    sign_in(grace, "hopper", renewed)
    window.close()


def test_a_user_name_that_is_taken_is_said_at_its_field(ada: Page) -> None:
    ada.goto("/people/")
    ada.get_by_test_id("add-person").click()
    dialog = ada.locator("exact-form-dialog")
    dialog.locator("[name=username]").fill(ADMIN)
    dialog.get_by_test_id("add-person-confirm").click()
    expect(dialog.locator("#field-username-words")).to_contain_text(f"There is somebody called {ADMIN} already")


def test_signing_out_ends_the_session(ada: Page) -> None:
    ada.get_by_role("button", name="You:").click()
    ada.get_by_test_id("sign-out").click()
    expect(ada.get_by_role("heading", name="Sign in to EXACT")).to_be_visible()
    ada.goto("/")
    expect(ada.get_by_role("heading", name="Sign in to EXACT")).to_be_visible()


def test_the_page_says_when_the_server_is_away_and_when_it_is_back(ada: Page) -> None:
    ada.route("**/api/**", lambda route: route.abort())
    ada.get_by_test_id("create-team").click()
    ada.locator("exact-form-dialog [name=name]").fill("Never")
    ada.get_by_test_id("create-team-confirm").click()
    expect(ada.locator("exact-form-dialog")).to_contain_text("could not be reached")
    ada.keyboard.press("Escape")
    expect(ada.locator(".banner")).to_be_visible()
    ada.unroute_all()
    ada.get_by_role("button", name="Try now").click()
    expect(ada.locator(".banner")).to_have_count(0)


@pytest.mark.parametrize("width", WIDTHS_PX)
def test_no_page_needs_scrolling_sideways(image_set: Page, width: int) -> None:
    here = image_set.url
    image_set.set_viewport_size({"width": width, "height": 900})
    for address in [here, "/", "/teams/1/", "/account/", "/people/"]:
        image_set.goto(address)
        expect(image_set.locator("main h1, main exact-empty").first).to_be_visible()
        overflow = image_set.evaluate("document.scrollingElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{address} is {overflow} px too wide at {width}"
