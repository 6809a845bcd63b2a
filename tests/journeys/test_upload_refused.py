"""Files that are not what they say: each refused with a sentence, nothing left on disk or in the tables."""

import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.samples import tiled_tiff


def random_bytes(folder: Path) -> Path:
    path = folder / "random.svs"
    path.write_bytes(bytes((i * 7919 + i // 251) % 256 for i in range(300_000)))
    return path


def truncated_tiff(folder: Path) -> Path:
    path = tiled_tiff(folder / "cut.tiff")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def empty_file(folder: Path) -> Path:
    path = folder / "empty.svs"
    path.touch()
    return path


def text_named_png(folder: Path) -> Path:
    path = folder / "letter.png"
    path.write_text("Dear pathologist,\nthis is no picture.\n" * 50)
    return path


def enormous_png(folder: Path) -> Path:
    """30,000 x 30,000 pixels of one colour in about 100 kB."""
    side, path = 30_000, folder / "enormous.png"
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(b"\0" + b"\x80" * (side // 8)) for _ in range(side)) + packer.flush()
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b"")]
    data = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)
    return path


def zip_of_zeros(folder: Path) -> Path:
    path = folder / "zeros.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.svs", bytes(100_000_000))
    return path


HOSTILE = [random_bytes, truncated_tiff, empty_file, text_named_png, enormous_png, zip_of_zeros]


@pytest.fixture(scope="module")
def place(office):
    team = office.team("Hostile")
    return office.image_set(team, "Hostile files")


def left_behind(server) -> set[str]:
    """Every file below originals and uploads."""
    folders = (server.var / "originals", server.var / "uploads")
    return {str(path) for folder in folders for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("make", HOSTILE)
def test_a_hostile_file_is_refused_with_a_sentence_and_leaves_nothing(desk, office, server, place, tmp_path, make):
    before = left_behind(server)
    ada = desk("ada")
    ada.open_set(place["number"])
    line = ada.upload(make(tmp_path))
    expect(line).to_have_attribute("data-state", "refused", timeout=60_000)
    sentence = line.inner_text()
    assert any(word.endswith(".") for word in sentence.split()), sentence
    assert left_behind(server) == before
    assert office.get("api/v1/images/images/", image_set=place["number"])["count"] == 0
    assert server.answers()


@pytest.mark.parametrize("name", ["../../evil.svs", "..\\evil.svs", "<script>alert(1)</script>.svs", "a\nb.svs", ""])
def test_a_name_that_is_a_path_or_markup_is_refused(office, server, place, name):
    """A browser mends such names itself; a program does not."""
    before = left_behind(server)
    boundary = "a-boundary"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="image_set"\r\n\r\n{place["number"]}\r\n'
    disposition = f'form-data; name="file_path"; filename="{name}"'
    file = f"--{boundary}\r\nContent-Disposition: {disposition}\r\n\r\nbytes\r\n--{boundary}--\r\n"
    answer = office.session.post(
        f"{server.url}api/v1/images/images/",
        data=(head + file).encode(),
        headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
        timeout=30,
    )
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["detail"].endswith(".")
    assert left_behind(server) == before
    assert office.get("api/v1/images/images/", image_set=place["number"])["count"] == 0
