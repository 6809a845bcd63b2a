"""`--demo`: real images and annotations through the bus; a second time nothing happens."""

from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings

from exact.operations import administrator, demo
from exact.operations.folders import make_folders
from exact.projections.annotations import AnnotationRow
from exact.projections.images import ImageRow
from exact.projections.teams import TeamRow

pytestmark = pytest.mark.django_db(transaction=True)
SMALL_PX = 2048


@pytest.fixture
def somebody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An administrator, and a slide that is painted quickly."""
    monkeypatch.setattr(demo, "SLIDE_PX", SMALL_PX)
    for name in ("ORIGINALS", "UPLOADS", "CACHE"):
        monkeypatch.setattr(settings, name, tmp_path / name)
        (tmp_path / name).mkdir()
    administrator.ensure("ada:correct-horse-battery")


@pytest.mark.usefixtures("somebody", "services")
def test_it_is_made_once() -> None:
    make_folders()
    said: list[str] = []
    demo.make_demo(said.append)
    assert TeamRow.objects.get().name == "Demonstration"
    slide, volume = ImageRow.objects.order_by("number")
    assert (slide.width, slide.height, volume.frames) == (SMALL_PX, SMALL_PX, 48)
    status = Counter(AnnotationRow.objects.values_list("status", flat=True))
    assert status["accepted"] > 50 < status["open"]
    assert AnnotationRow.objects.filter(image_id=volume.id).count() > 5
    count = AnnotationRow.objects.count()
    demo.make_demo(said.append)
    assert said[-1] == "The demonstration is there already"
    assert (AnnotationRow.objects.count(), ImageRow.objects.count()) == (count, 2)
