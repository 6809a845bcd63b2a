"""Large images are prepared in a process of their own, which tells how far it is and may fail."""

from pathlib import Path
from typing import Any

import pytest

from exact.ingest import preparing
from tests.samples import picture, volume, voxels


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CACHE = tmp_path / "cache"
    monkeypatch.setattr(preparing, "FROM_BYTES", 1)


def heard(path: Path) -> list[float]:
    """What is told on the way."""
    shares: list[float] = []
    preparing.prepare(path, "ab" * 32, path.stat().st_size, shares.append)
    return shares


def test_it_tells_how_far_it_is(tmp_path: Path) -> None:
    shares = heard(volume(tmp_path / "v.nii.gz", voxels((40, 40, 40))))
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert shares == sorted(shares)


def test_what_cannot_be_prepared_is_left_to_who_reads_it(tmp_path: Path) -> None:
    (tmp_path / "letter.png").write_text("no picture")
    assert heard(tmp_path / "letter.png") == [0.0]


def test_small_files_are_not_prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "FROM_BYTES", 2**20)
    assert heard(picture(tmp_path / "a.png")) == []
