"""Images that lie somewhere: taken once, copied or by reference, and refused when they are not what they were."""

import hashlib
import io
import os
import threading
from pathlib import Path
from typing import Any

import fsspec
import pytest
from django.core.management import call_command
from PIL import Image

from exact.commands.bus import dispatch
from exact.commands.images import WithdrawImage
from exact.domain.errors import Busy, NotFound
from exact.domain.teams import Role
from exact.ingest import sources, watching
from exact.ingest.importing import Importing, Report
from exact.ingest.models import SeenFile
from exact.ingest.sources import walked
from exact.projections.models import ImageRow, ImageSetRow
from exact.projections.originals import sweep_unnamed
from exact.storage import originals, references
from exact.storage.downloads import open_download
from exact.storage.places import is_here, place_of
from tests.api.clients import client_of
from tests.builders import Workplace, a_workplace
from tests.samples import picture, vms

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("services")]


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ORIGINALS", "UPLOADS", "CACHE"):
        setattr(settings, name, tmp_path / name)
        (tmp_path / name).mkdir()
    monkeypatch.setattr(watching, "WATCHED", {})


@pytest.fixture
def place() -> Workplace:
    return a_workplace()


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """A slide of four files, a picture, a letter."""
    vms(tmp_path / "scans" / "deep")
    picture(tmp_path / "scans" / "field.png")
    (tmp_path / "scans" / "letter.png").write_text("no picture")
    (tmp_path / "scans" / ".DS_Store").touch()
    return tmp_path / "scans"


def brought(place: Workplace, *places: str | Path, reference: bool = True) -> Report:
    """What an import brings."""
    image_set = ImageSetRow.objects.get(id=place.image_set_id)
    return Importing(image_set, place.owner, reference=reference).take_all(walked(map(str, places)))


def png(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(out, "PNG")
    return out.getvalue()


def test_files_are_copied_and_their_folder_is_left_alone(place: Workplace, scans: Path, settings: Any) -> None:
    before = {path: path.stat().st_mtime_ns for path in scans.rglob("*")}
    report = brought(place, scans, reference=False)
    assert sorted(report.came) == ["field.png", "slide.vms"]
    assert [name for name, _ in report.refused] == ["letter.png"]
    assert report.passed_over == ["scans/.DS_Store"]
    assert {path: path.stat().st_mtime_ns for path in scans.rglob("*")} == before
    image = ImageRow.objects.get(name="field.png")
    assert originals.path_of(image.sha256).read_bytes() == (scans / "field.png").read_bytes()
    assert list(settings.UPLOADS.iterdir()) == []


def test_by_reference_nothing_is_copied_and_everything_opens(place: Workplace, scans: Path) -> None:
    assert sorted(brought(place, scans).came) == ["field.png", "slide.vms"]
    field, slide = ImageRow.objects.get(name="field.png"), ImageRow.objects.get(name="slide.vms")
    assert set(originals.all_kept()) == {slide.sha256}, "the list of the slide's files"
    assert place_of(field.sha256) == scans / "field.png"
    assert (place_of(slide.sha256) / "slide.vms").read_bytes() == (scans / "deep" / "slide.vms").read_bytes()
    assert is_here(slide.sha256)
    file, _ = open_download(field.sha256, "field.png")
    assert file.read() == (scans / "field.png").read_bytes()
    file.close()


def test_run_again_it_reads_nothing_that_is_there(place: Workplace, scans: Path, monkeypatch: Any) -> None:
    brought(place, scans)

    def unread(*_: Any) -> str:
        raise AssertionError("it was read again")

    monkeypatch.setattr(sources, "_read", unread)
    report = brought(place, scans)
    assert (report.came, sorted(report.there)) == ([], ["field.png", "slide.vms"])
    assert [name for name, _ in report.refused] == ["letter.png"]


def test_what_was_changed_is_refused_and_never_shown_as_before(place: Workplace, scans: Path) -> None:
    brought(place, scans)
    field, slide = ImageRow.objects.get(name="field.png"), ImageRow.objects.get(name="slide.vms")
    place_of(slide.sha256)
    for path in (scans / "field.png", scans / "deep" / "slide.jpg"):
        path.write_bytes(path.read_bytes() + b"more")
    for image in (field, slide):
        assert not is_here(image.sha256)
        with pytest.raises(NotFound, match="was changed") as caught:
            place_of(image.sha256)
        assert caught.value.code == "changed_original"
    (scans / "field.png").unlink()
    with pytest.raises(NotFound, match="removed"):
        place_of(field.sha256)


def test_an_upload_of_the_same_content_keeps_it_here(place: Workplace, scans: Path) -> None:
    brought(place, scans / "field.png")
    image = ImageRow.objects.get(name="field.png")
    other = a_workplace()
    brought(other, scans / "field.png", reference=False)
    (scans / "field.png").unlink()
    assert place_of(image.sha256) == originals.path_of(image.sha256)


def test_notes_of_images_stay_and_others_are_swept(place: Workplace, scans: Path) -> None:
    brought(place, scans)
    left = hashlib.sha256(b"left").hexdigest()
    references.refer(left, references.reference_to(str(scans / "letter.png")))
    for sha256, _ in references.all_referred():
        os.utime(references.noted_at(sha256), (0, 0))
    count = len(list(references.all_referred()))
    assert sweep_unnamed() == 1
    assert len(list(references.all_referred())) == count - 1
    assert references.reference_of(left) is None


def test_files_of_a_store_are_read_once_and_copied_into_the_cache(place: Workplace, settings: Any) -> None:
    """fsspec's store in memory stands in for S3: the library is the same, the network is not tried."""
    store = fsspec.filesystem("memory")
    store.pipe("/bucket/scans/red.png", png())
    try:
        assert brought(place, "memory://bucket/scans").came == ["red.png"]
        image = ImageRow.objects.get(name="red.png")
        assert list(originals.all_kept()) == []
        cached = place_of(image.sha256)
        assert cached.read_bytes() == png()
        cached.unlink()
        assert place_of(image.sha256).read_bytes() == png()
        cached.unlink()
        store.pipe("/bucket/scans/red.png", png("blue"))
        with pytest.raises(NotFound, match="another content"):
            place_of(image.sha256)
        assert list((settings.CACHE / "remote").iterdir()) == []
        store.rm("/bucket/scans/red.png")
        with pytest.raises(NotFound, match="not there any more"):
            place_of(image.sha256)
    finally:
        store.store.clear()


def test_the_cache_of_a_store_is_bounded_and_large_files_come_in_the_background(
    place: Workplace, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = fsspec.filesystem("memory")
    for colour in ("red", "blue"):
        store.pipe(f"/bucket/{colour}.png", png(colour))
    try:
        settings.REMOTE_CACHE_BYTES = len(png()) + 10
        brought(place, "memory://bucket")
        first, second = (ImageRow.objects.get(name=f"{colour}.png").sha256 for colour in ("red", "blue"))
        for sha256 in (first, second):
            references.cached_at(sha256).unlink(missing_ok=True)
            place_of(sha256)
        assert [path.name for path in (settings.CACHE / "remote").iterdir()] == [second]
        monkeypatch.setattr(references, "AT_ONCE_BYTES", 1)
        with pytest.raises(Busy) as caught:
            place_of(first)
        assert caught.value.code == "fetching"
        for thread in threading.enumerate():
            if thread.name == f"fetch {first}":
                thread.join()
        assert place_of(first).read_bytes() == png("red")
    finally:
        store.store.clear()


def look(folder: Path, place: Workplace) -> Report | None:
    """As the worker does every few seconds."""
    return watching.look_at(str(folder), ImageSetRow.objects.get(id=place.image_set_id).number)


def old(folder: Path) -> None:
    """Nobody has written there for long."""
    for path in folder.rglob("*"):
        os.utime(path, (1, 1))


def test_a_watched_folder_gives_what_has_stopped_growing(place: Workplace, scans: Path, settings: Any) -> None:
    settings.WATCHED_BY = place.owner.name
    assert look(scans, place) is None, "it was never seen before"
    assert look(scans, place) is None, "it was written to just now"
    old(scans)
    assert look(scans, place) is None
    report = look(scans, place)
    assert report is not None
    assert sorted(report.came) == ["field.png", "slide.vms"]
    assert look(scans, place) is None, "nothing is new"
    picture(scans / "new.png", (50, 50))
    look(scans, place)
    assert not ImageRow.objects.filter(name="new.png").exists()
    old(scans)
    look(scans, place)
    report = look(scans, place)
    assert report is not None
    assert report.came == ["new.png"]


def test_what_was_withdrawn_does_not_come_again_from_a_watched_folder(
    place: Workplace, scans: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WATCHED_BY = place.owner.name
    old(scans)
    look(scans, place)
    look(scans, place)
    dispatch(WithdrawImage(image_id=ImageRow.objects.get(name="field.png").id), by=place.owner)
    monkeypatch.setattr(watching, "WATCHED", {})  # a new worker
    look(scans, place)
    report = look(scans, place)
    assert report is not None
    assert report.came == []


def test_what_a_watched_folder_holds_in_vain_is_told_once_to_the_people_of_the_set(
    place: Workplace, scans: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WATCHED_BY = place.owner.name
    old(scans)
    for _ in range(2):
        monkeypatch.setattr(watching, "WATCHED", {})  # a new worker
        look(scans, place)
        assert look(scans, place) is not None
    (told,) = listed(place)
    assert told["state"] == "complete"
    assert [aside["path"] for aside in told["aside"]] == ["letter.png"]
    assert "content is no image" in told["aside"][0]["sentence"]
    (scans / "second.png").write_text("no picture either")
    old(scans)
    look(scans, place)
    look(scans, place)
    assert [aside["path"] for aside in listed(place)[0]["aside"]] == ["second.png"]


def listed(place: Workplace) -> list[dict[str, Any]]:
    """The set's deliveries, as a colleague who only looks sees them."""
    number = ImageSetRow.objects.get(id=place.image_set_id).number
    answer = client_of(place.member(Role.VIEWER)).get(f"/api/v1/images/deliveries/?image_set={number}")
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def test_the_command_says_what_came_and_what_did_not(place: Workplace, scans: Path, capsys: Any) -> None:
    number = ImageSetRow.objects.get(id=place.image_set_id).number
    with pytest.raises(SystemExit):
        call_command("import_images", str(scans), "--set", str(number), "--by", place.owner.name, "--reference")
    told = capsys.readouterr().out
    assert "2 images came, 0 were there already, 1 were refused." in told
    assert "letter.png" in told
    (scans / "letter.png").unlink()
    call_command("import_images", str(scans), "--set", str(number), "--by", place.owner.name, "--reference")
    assert "0 images came, 2 were there already" in capsys.readouterr().out
    assert SeenFile.objects.count() == 6
