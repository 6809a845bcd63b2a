"""The addresses of a page's parts come from Vite's manifest, and a missing build is said, not guessed."""

import json
import os
from pathlib import Path

import pytest

from exact.web.manifest import NotBuilt, client


def test_a_page_loads_its_script_and_what_that_imports_each_once(built: Path) -> None:
    pages = client("src/pages.ts")
    assert pages.script == "/static/dist/assets/pages-1.js"
    assert pages.preloads == ("/static/dist/assets/deep-1.js", "/static/dist/assets/shared-1.js")


def test_a_pages_own_styles_come_after_those_it_builds_on(built: Path) -> None:
    assert client("src/pages.ts").styles == ("/static/dist/assets/shared-1.css", "/static/dist/assets/pages-1.css")


def test_a_new_build_is_seen_without_a_restart(built: Path) -> None:
    client("src/viewer.ts")
    path = built / "manifest.json"
    path.write_text(json.dumps({"src/viewer.ts": {"file": "assets/viewer-2.js"}}))
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000))
    assert client("src/viewer.ts").script == "/static/dist/assets/viewer-2.js"


def test_an_entry_that_was_not_built_is_named(built: Path) -> None:
    with pytest.raises(NotBuilt, match=r"src/other\.ts"):
        client("src/other.ts")
