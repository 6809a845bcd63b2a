"""From what was sent to images: grouped, told one by one, registered once however often the work is cut off."""

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from exact.accounts.models import User
from exact.commands.bus import dispatch
from exact.commands.images import WithdrawImage
from exact.domain.errors import Conflict
from exact.domain.identifiers import new_id
from exact.domain.images import ImageRegistered
from exact.domain.teams import Role
from exact.eventstore.alone import alone
from exact.eventstore.log import every
from exact.ingest import performing
from exact.ingest.deliveries import Announced, announce, cancel, start, unfinished
from exact.ingest.models import Delivery, State
from exact.ingest.performing import perform
from exact.projections.models import ImageRow, ImageSetRow
from exact.storage import originals
from exact.tiles.thumbnails import SIDE_PX, kept_at
from tests.builders import Workplace, a_workplace
from tests.ingest.deliveries import a_delivery, a_file, folder_of
from tests.samples import vms

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("services")]


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, settings: Any) -> None:
    for name in ("ORIGINALS", "UPLOADS", "CACHE"):
        setattr(settings, name, tmp_path / name)
        (tmp_path / name).mkdir()


@pytest.fixture
def place() -> Workplace:
    return a_workplace()


def png(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(out, "PNG")
    return out.getvalue()


def outcomes(delivery: Delivery) -> dict[str, tuple[str, str]]:
    """What has become of each image."""
    return {image.name: (image.outcome, image.code) for image in delivery.images.all()}


def registered() -> list[str]:
    """The names of all images that facts speak of, but for the workplace's own."""
    return [fact.name for fact in every(ImageRegistered)][1:]


def test_a_folder_becomes_the_images_in_it(place: Workplace, tmp_path: Path, settings: Any) -> None:
    vms(tmp_path / "scans")
    files = {**folder_of(tmp_path / "scans"), "scans/a.png": png(), "scans/bad.png": b"no", "scans/README": b"hello"}
    delivery = a_delivery(place, files)
    told: list[str] = []
    assert perform(delivery.id, lambda now: told.append(now.state))
    delivery.refresh_from_db()
    assert delivery.state == State.COMPLETE
    assert outcomes(delivery) == {
        "slide.vms": ("registered", ""),
        "a.png": ("registered", ""),
        "bad.png": ("refused", "unsupported_format"),
    }
    assert [aside["path"] for aside in delivery.aside] == ["scans/README"]
    assert list(dict.fromkeys(told)) == [State.READING, State.REGISTERING, State.COMPLETE]
    slide = ImageRow.objects.get(name="slide.vms")
    assert (slide.width, slide.registered_by) == (768, place.owner.person_id)
    assert kept_at(settings.CACHE, slide.sha256, SIDE_PX, "jpeg").exists()
    assert list(settings.UPLOADS.iterdir()) == []


def test_zips_are_unpacked_and_told_by_their_own_names(place: Workplace, settings: Any) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("in/a.png", png())
    delivery = a_delivery(place, {"good.zip": out.getvalue(), "bad.zip": b"PK\x03\x04 no zip", "b.png": png("blue")})
    perform(delivery.id)
    delivery.refresh_from_db()
    assert outcomes(delivery) == {"a.png": ("registered", ""), "b.png": ("registered", "")}
    assert [(aside["path"], aside["code"]) for aside in delivery.aside] == [("bad.zip", "bad_archive")]
    assert list(settings.UPLOADS.iterdir()) == []


def test_what_the_set_has_already_is_told_with_the_image_that_has_it(place: Workplace) -> None:
    perform(a_delivery(place, {"a.png": png()}).id)
    first = ImageRow.objects.get(name="a.png")
    again = a_delivery(place, {"b.png": png(), "c.png": png("blue")})
    perform(again.id)
    assert outcomes(again) == {"b.png": ("duplicate", "duplicate"), "c.png": ("registered", "")}
    assert again.images.get(name="b.png").image == first.number
    assert originals.is_kept(first.sha256)


@pytest.mark.parametrize("moment", ["note", "registered", "image"])
def test_killed_anywhere_and_begun_again_each_image_is_there_once(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, moment: str, tmp_path: Path, settings: Any
) -> None:
    """After grouping; when the fact stands and the table does not know; when the table knows."""

    class Killed(BaseException):
        """Nothing catches it."""

    owner = performing.Teller if moment == "image" else performing.Ingesting
    whole = getattr(owner, moment)
    left = [1 if moment == "note" else 2]

    def cut_off(*args: Any, **kwargs: Any) -> Any:
        result = whole(*args, **kwargs)
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return result

    vms(tmp_path / "scans")
    delivery = a_delivery(place, {**folder_of(tmp_path / "scans"), "scans/a.png": png()})
    monkeypatch.setattr(owner, moment, cut_off)
    with pytest.raises(Killed):
        perform(delivery.id)
    monkeypatch.setattr(owner, moment, whole)
    assert unfinished() == [delivery.id]
    assert perform(delivery.id)
    assert sorted(registered()) == ["a.png", "slide.vms"]
    assert outcomes(delivery) == {"a.png": ("registered", ""), "slide.vms": ("registered", "")}
    assert list(settings.UPLOADS.iterdir()) == []


def test_what_was_withdrawn_since_is_taken_again(place: Workplace) -> None:
    perform(a_delivery(place, {"a.png": png()}).id)
    dispatch(WithdrawImage(image_id=ImageRow.objects.get(name="a.png").id), by=place.owner)
    again = a_delivery(place, {"a.png": png()})
    perform(again.id)
    assert outcomes(again) == {"a.png": ("registered", "")}


def test_a_cancelled_delivery_ends_and_leaves_no_file(place: Workplace, settings: Any) -> None:
    delivery = a_delivery(place, {"a.png": png(), "b.png": png("blue")})

    def stop(now: Delivery) -> None:
        if now.state == State.REGISTERING:
            cancel(Delivery.objects.get(id=delivery.id))

    perform(delivery.id, stop)
    delivery.refresh_from_db()
    assert delivery.state == State.CANCELLED
    assert registered() == []
    assert list(settings.UPLOADS.iterdir()) == []


def test_whoever_lost_the_right_meanwhile_gets_no_image(place: Workplace) -> None:
    person = place.member(Role.ANNOTATOR)
    delivery = a_delivery(place, {"a.png": png()}, by=person)
    User.objects.filter(person_id=person.person_id).update(is_active=False)
    perform(delivery.id)
    delivery.refresh_from_db()
    assert (delivery.state, registered()) == (State.FAILED, [])
    assert "not active" in delivery.problem


def test_two_workers_are_never_at_the_same_delivery(place: Workplace) -> None:
    delivery = a_delivery(place, {"a.png": png()})
    with alone(f"delivery {delivery.id}") as mine, ThreadPoolExecutor(1) as other:
        assert mine
        assert other.submit(perform, delivery.id).result() is False
    assert perform(delivery.id)
    assert perform(delivery.id), "it has ended"


def test_a_delivery_starts_when_all_its_files_are_there(place: Workplace) -> None:
    delivery_id = new_id()
    a_file(place, "a.png", png(), delivery_id)
    number = ImageSetRow.objects.get(id=place.image_set_id).number
    announce(Announced(path="b.png", size_bytes=10, image_set=number, delivery_id=delivery_id), place.owner)
    with pytest.raises(Conflict, match="Not all files"):
        start(Delivery.objects.get(id=delivery_id))
