"""A built client that needs no Node: a manifest as Vite writes it."""

import json
from pathlib import Path

import pytest

from exact.web import manifest

MANIFEST = {
    "_shared.js": {"file": "assets/shared-1.js", "css": ["assets/shared-1.css"]},
    "_deep.js": {"file": "assets/deep-1.js", "imports": ["_shared.js"]},
    "src/pages.ts": {
        "file": "assets/pages-1.js",
        "isEntry": True,
        "imports": ["_deep.js", "_shared.js"],
        "css": ["assets/pages-1.css"],
    },
    "src/viewer.ts": {"file": "assets/viewer-1.js", "isEntry": True, "imports": ["_shared.js"]},
}


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the views read instead of the real build."""
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    monkeypatch.setattr(manifest, "DIST", tmp_path)
    return tmp_path
