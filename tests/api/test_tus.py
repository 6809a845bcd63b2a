"""Resumable uploads: the protocol's every step, rights at each of them, and what a broken connection leaves."""

import asyncio
import base64
import hashlib
import io
from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.utils import timezone
from PIL import Image

from exact.accounts.models import User
from exact.api import tus
from exact.api.tus import TusRoute
from exact.commands.bus import dispatch
from exact.commands.teams import RemoveMember
from exact.domain.teams import Role
from exact.ingest import parts
from exact.ingest.deliveries import path_of, sweep_deliveries
from exact.ingest.models import DeliveredFile, Delivery, State
from exact.ingest.performing import perform
from exact.projections.models import ImageRow, ImageSetRow
from exact.storage import originals
from tests.builders import PASSWORD, Workplace, a_workplace, someone

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("services")]
UPLOADS = "/api/v1/uploads/"
OCTETS = {"Content-Type": "application/offset+octet-stream"}


@pytest.fixture(autouse=True)
def _folders(tmp_path, settings):
    for name in ("ORIGINALS", "UPLOADS", "CACHE"):
        setattr(settings, name, tmp_path / name)
        (tmp_path / name).mkdir()


@pytest.fixture
def place() -> Workplace:
    return a_workplace()


def png(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), colour).save(out, "PNG")
    return out.getvalue()


class Sender:
    """Somebody who sends by the protocol."""

    def __init__(self, place: Workplace, user: User, **headers: str) -> None:
        self.set_number = ImageSetRow.objects.get(id=place.image_set_id).number
        basic = base64.b64encode(f"{user.username}:{PASSWORD}".encode()).decode()
        self.headers = {"Tus-Resumable": "1.0.0", "Authorization": f"Basic {basic}", "Host": "here", **headers}

    def ask(self, method: str, url: str, pieces: Iterable[bytes | None] = (b"",), **headers: Any) -> "Reply":
        """One request; None among the pieces is a connection that breaks."""
        sent = {**self.headers, **{name.replace("_", "-"): str(value) for name, value in headers.items()}}
        return asyncio.run(asked(method, url, {name: value for name, value in sent.items() if value}, list(pieces)))

    def create(self, name: str, size: int, pieces: Iterable[bytes | None] = (b"",), **more: Any) -> "Reply":
        """A place for a file."""
        told = {"filename": name, "image_set": str(self.set_number), **more.pop("told", {})}
        header = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in told.items())
        return self.ask("POST", UPLOADS, pieces, Upload_Length=size, Upload_Metadata=header, **more)

    def patch(self, url: str, offset: int, *pieces: bytes | None, **headers: Any) -> "Reply":
        """A piece."""
        return self.ask("PATCH", url, pieces or (b"",), Upload_Offset=offset, **{**OCTETS, **headers})

    def offset(self, url: str) -> int:
        """How much the server has."""
        return int(self.ask("HEAD", url).headers["upload-offset"])


class Reply:
    """What came back."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self.status = messages[0]["status"] if messages else 0
        self.headers = {k.decode(): v.decode() for k, v in messages[0]["headers"]} if messages else {}
        self.body = b"".join(message.get("body", b"") for message in messages[1:])


async def asked(method: str, url: str, headers: dict[str, str], pieces: list[bytes | None]) -> Reply:
    waiting: list[dict[str, Any]] = [
        {"type": "http.disconnect"} if piece is None
        else {"type": "http.request", "body": piece, "more_body": index < len(pieces) - 1}
        for index, piece in enumerate(pieces)
    ]  # fmt: skip
    answers: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        answers.append(message)

    async def elsewhere(*_: Any) -> None:
        raise AssertionError("this is no address of an upload")

    scope = {"type": "http", "method": method, "path": url,
             "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()]}  # fmt: skip
    await TusRoute(elsewhere)(scope, receive, send)
    return Reply(answers)


@pytest.fixture
def sender(place: Workplace) -> Sender:
    return Sender(place, User.objects.get(person_id=place.owner.person_id))


def test_it_tells_what_it_can_to_everybody(sender: Sender) -> None:
    told = sender.ask("OPTIONS", UPLOADS, Authorization="", Tus_Resumable="")
    assert told.status == 204
    assert told.headers["tus-version"] == "1.0.0"
    assert "creation-with-upload" in told.headers["tus-extension"]
    assert told.headers["tus-max-size"] == str(settings.UPLOAD_MAX_BYTES)


def test_a_file_that_comes_in_pieces_becomes_an_image(sender: Sender) -> None:
    content = png()
    made = sender.create("nüclei.png", len(content))
    assert made.status == 201
    assert "upload-expires" in made.headers
    url = made.headers["location"]
    assert sender.offset(url) == 0
    assert sender.patch(url, 0, content[:10], content[10:25]).headers["upload-offset"] == "25"
    assert sender.offset(url) == 25
    assert sender.patch(url, 25, content[25:]).status == 204
    file = DeliveredFile.objects.select_related("delivery").get()
    assert (file.whole, file.sha256) == (True, hashlib.sha256(content).hexdigest())
    assert file.delivery.state == State.QUEUED
    assert perform(file.delivery_id)
    image = ImageRow.objects.get(sha256=file.sha256)
    assert (image.name, image.width) == ("nüclei.png", 300)
    assert originals.path_of(image.sha256).read_bytes() == content
    assert list(settings.UPLOADS.iterdir()) == []


def test_the_first_piece_can_come_with_the_announcement(sender: Sender) -> None:
    content = png()
    made = sender.create("a.png", len(content), [content[:30]], **OCTETS)
    assert (made.status, made.headers["upload-offset"]) == (201, "30")
    assert sender.patch(made.headers["location"], 30, content[30:]).status == 204


def test_a_connection_that_breaks_leaves_what_has_come(sender: Sender) -> None:
    content = png()
    url = sender.create("a.png", len(content)).headers["location"]
    sender.patch(url, 0, content[:40], None)
    assert sender.offset(url) == 40
    sender.patch(url, 40, content[40:])
    assert DeliveredFile.objects.get().sha256 == hashlib.sha256(content).hexdigest()


def test_a_server_that_was_killed_hashes_what_it_finds(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    content = png()
    url = sender.create("a.png", len(content)).headers["location"]
    sender.patch(url, 0, content[:40])
    monkeypatch.setattr(parts, "HASHES", parts.Hashes())
    sender.patch(url, 40, content[40:])
    assert DeliveredFile.objects.get().sha256 == hashlib.sha256(content).hexdigest()


def test_a_long_beginning_is_hashed_by_the_worker(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    content = png()
    url = sender.create("a.png", len(content)).headers["location"]
    sender.patch(url, 0, content[:40])
    monkeypatch.setattr(parts, "HASHES", parts.Hashes())
    monkeypatch.setattr(parts, "REHASHED_MAX_BYTES", 10)
    sender.patch(url, 40, content[40:])
    assert DeliveredFile.objects.get().sha256 == ""
    perform(Delivery.objects.get().id)
    assert ImageRow.objects.filter(sha256=hashlib.sha256(content).hexdigest()).exists()


def test_a_server_that_was_killed_after_the_last_byte_finds_the_file_whole(sender: Sender) -> None:
    content = png()
    url = sender.create("a.png", len(content)).headers["location"]
    sender.patch(url, 0, content)
    DeliveredFile.objects.update(whole=False, sha256="")
    Delivery.objects.update(state=State.RECEIVING)
    assert sender.offset(url) == len(content)
    assert Delivery.objects.get().state == State.QUEUED


def test_a_piece_that_begins_elsewhere_is_refused(sender: Sender) -> None:
    url = sender.create("a.png", 100).headers["location"]
    sender.patch(url, 0, b"12345")
    assert sender.patch(url, 3, b"45").status == sender.patch(url, 9, b"x").status == 409
    assert sender.offset(url) == 5


def test_more_bytes_than_announced_are_refused_and_what_fitted_stays(sender: Sender) -> None:
    url = sender.create("a.png", 10).headers["location"]
    assert sender.patch(url, 0, b"x" * 11).status == 413
    assert sender.offset(url) == 0


def test_only_one_sends_at_a_time(sender: Sender) -> None:
    url = sender.create("a.png", 10).headers["location"]
    file = DeliveredFile.objects.get()
    with parts.appending(path_of(file), file.id, 10):
        assert sender.patch(url, 0, b"x").status == 423
    assert sender.patch(url, 0, b"x").status == 204


def test_a_piece_with_a_checksum_is_kept_only_when_it_is_right(sender: Sender) -> None:
    url = sender.create("a.png", 100).headers["location"]
    right = "sha1 " + base64.b64encode(hashlib.sha1(b"hello", usedforsecurity=False).digest()).decode()
    assert sender.patch(url, 0, b"hello", Upload_Checksum=right).status == 204
    assert sender.patch(url, 5, b"jello", Upload_Checksum=right).status == 460
    assert sender.offset(url) == 5
    sender.patch(url, 5, b"hel", None, Upload_Checksum=right)
    assert sender.offset(url) == 5, "nobody compared it"
    assert sender.patch(url, 5, b"hello", Upload_Checksum=right).status == 204
    assert sender.patch(url, 10, b"x", Upload_Checksum="crc32 AAAA").status == 400


def test_files_that_belong_together_wait_for_each_other(sender: Sender) -> None:
    both, urls = str(uuid4()), []
    for colour in ("red", "blue"):
        content = png(colour)
        made = sender.create(
            f"{colour}.png", len(content), told={"delivery": both, "relativePath": f"set/{colour}.png"}
        )
        urls.append(made.headers["location"])
        sender.patch(urls[-1], 0, content)
    delivery = Delivery.objects.get()
    assert (str(delivery.id), delivery.state) == (both, State.RECEIVING)
    assert [file.path for file in delivery.files.all()] == ["set/blue.png", "set/red.png"]
    again = sender.create("red.png", 5, told={"delivery": both, "relativePath": "set/red.png"})
    assert (again.status, b"path_taken" in again.body) == (409, True)


def test_what_is_not_sent_after_all_goes(sender: Sender) -> None:
    url = sender.create("a.png", 100).headers["location"]
    sender.patch(url, 0, b"12345")
    assert sender.ask("DELETE", url).status == 204
    assert sender.ask("HEAD", url).status == 404
    assert (list(settings.UPLOADS.iterdir()), Delivery.objects.get().state) == ([], State.CANCELLED)


def test_what_nobody_sends_any_more_is_given_up(sender: Sender) -> None:
    url = sender.create("a.png", 100).headers["location"]
    sender.patch(url, 0, b"12345")
    assert sweep_deliveries() == 0
    Delivery.objects.update(touched_at=timezone.now() - timezone.timedelta(hours=settings.UPLOAD_EXPIRES_H + 1))
    assert sweep_deliveries() == 1
    assert (list(settings.UPLOADS.iterdir()), Delivery.objects.get().state) == ([], State.CANCELLED)
    assert sender.patch(url, 5, b"6").status == 409


def test_files_of_no_delivery_are_swept() -> None:
    left = settings.UPLOADS / f"delivery-{uuid4()}"
    left.mkdir()
    (left / "file").write_bytes(b"x")
    assert sweep_deliveries() == 1
    assert not left.exists()


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Tus_Resumable": ""}, 412),
        ({"Tus_Resumable": "0.2.2"}, 412),
        ({"Authorization": ""}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Upload_Length": ""}, 400),
        ({"Upload_Length": "-1"}, 400),
        ({"Upload_Length": str(2**60)}, 413),
        ({"Upload_Metadata": "image_set !!!"}, 400),
        ({"Upload_Metadata": "filename YQ=="}, 400),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_stored(
    sender: Sender, changed: dict[str, str], status: int
) -> None:
    name, number = (base64.b64encode(text.encode()).decode() for text in ("a.png", str(sender.set_number)))
    right = {"Upload_Length": 10, "Upload_Metadata": f"filename {name},image_set {number}"}
    assert sender.ask("POST", UPLOADS, **{**right, **changed}).status == status
    assert (Delivery.objects.count(), list(settings.UPLOADS.iterdir())) == (0, [])


@pytest.mark.parametrize("name", ["../evil.png", "/etc/passwd", "a\\b.png", "..", "a\u202eb.png"])
def test_names_that_lead_elsewhere_are_refused(sender: Sender, name: str) -> None:
    assert sender.create(name, 10).status == 400
    assert sender.create("a.png", 10, told={"relativePath": name}).status == 400


def test_a_piece_of_another_type_is_refused(sender: Sender) -> None:
    url = sender.create("a.png", 10).headers["location"]
    assert sender.patch(url, 0, b"x", Content_Type="text/plain", **{"Content-Type": ""}).status == 415
    assert sender.ask("PATCH", url, [b"x"], **OCTETS).status == 400
    assert sender.ask("PUT", url).status == 405


def test_only_who_may_upload_begins_and_only_who_began_goes_on(place: Workplace, sender: Sender) -> None:
    viewer, colleague = place.member(Role.VIEWER), place.member(Role.ANNOTATOR)
    others = [Sender(place, User.objects.get(person_id=person.person_id)) for person in (someone(), viewer, colleague)]
    assert [other.create("a.png", 10).status for other in others] == [404, 403, 201]
    url = sender.create("a.png", 10).headers["location"]
    for method in ("HEAD", "PATCH", "DELETE"):
        assert {other.ask(method, url, Upload_Offset=0, **OCTETS).status for other in others} == {404}


def test_whoever_leaves_the_team_sends_nothing_more(place: Workplace) -> None:
    person = place.member(Role.ANNOTATOR)
    sender = Sender(place, User.objects.get(person_id=person.person_id))
    url = sender.create("a.png", 10).headers["location"]
    assert sender.patch(url, 0, b"x").status == 204
    dispatch(RemoveMember(team_id=place.team_id, person_id=person.person_id), by=place.owner)
    assert sender.patch(url, 1, b"x").status == 404


def test_one_person_has_only_so_much_on_the_way(sender: Sender, settings: Any) -> None:
    settings.UPLOADS_MAX_BYTES = 100
    assert sender.create("a.png", 60).status == 201
    full = sender.create("b.png", 60)
    assert (full.status, b"too_much" in full.body) == (413, True)


def test_methods_can_be_sent_by_another_name(sender: Sender) -> None:
    url = sender.create("a.png", 10).headers["location"]
    over = {"X_HTTP_Method_Override": "PATCH", "Upload_Offset": 0, **OCTETS}
    assert sender.ask("POST", url, [b"12"], **over).status == 204
    assert sender.offset(url) == 2


def test_an_empty_file_is_whole_at_once_and_refused_by_name(sender: Sender) -> None:
    assert sender.create("a.png", 0).headers["upload-offset"] == "0"
    delivery = Delivery.objects.get()
    perform(delivery.id)
    (image,) = delivery.images.all()
    assert (image.outcome, image.code) == ("refused", "empty_file")


def test_the_addresses_are_its_own() -> None:
    assert tus.ADDRESS.fullmatch(f"{UPLOADS}{UUID(int=1)}")
    assert not tus.ADDRESS.fullmatch(f"{UPLOADS}../x")
