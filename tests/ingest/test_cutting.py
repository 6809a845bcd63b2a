"""Real files, in folders and zips, cut into images; archives that are made to harm."""

import random
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from exact.domain.errors import Refusal
from exact.ingest import archives
from exact.ingest.arrivals import Arrived, Cut
from exact.ingest.cutting import cut_files
from tests.samples import picture, real, vms


def arrived(folder: Path) -> list[Arrived]:
    """Everything below the folder, by its path there."""
    return [Arrived(str(path.relative_to(folder)), path) for path in sorted(folder.rglob("*")) if path.is_file()]


def of_zip(folder: Path, files: dict[str, bytes | str], name: str = "some.zip", **how: Any) -> Cut:
    """What comes of an archive of these files."""
    return cut_zip(a_zip(folder / name, files, **how))


def a_zip(path: Path, files: dict[str, bytes | str], **how: Any) -> Path:
    """An archive of these files."""
    with zipfile.ZipFile(path, "w", **how) as archive:
        for inside, content in files.items():
            archive.writestr(inside, content)
    return path


def cut_zip(path: Path) -> Cut:
    """What comes of it."""
    return cut_files([Arrived(path.name, path)], path.with_name("unpacked"))


def problem(found: Cut) -> str:
    """The one sentence about what was set aside."""
    assert found.groups == []
    (aside,) = found.aside
    assert (aside.code, aside.harmless) == ("bad_archive", False)
    return aside.sentence


@pytest.mark.samples
def test_a_real_series_of_150_slices_and_a_readme_is_one_image() -> None:
    real("dicom/mr_series_ge_151")
    found = cut_files(arrived(real("dicom")), Path("nowhere"))
    names = {group.name: len(group.files) for group in found.groups}
    assert names["mr_series_ge_151"] == 150
    assert names["mr_series_ge_4"] == 4
    assert names["examples_rgb_color.dcm"] == names["US1_J2KI.dcm"] == names["liver_1frame.dcm"] == 1
    assert {Path(aside.path).name for aside in found.aside} == {"README-Series.txt", "DICOMDIR"}


@pytest.mark.samples
def test_a_real_dicom_slide_is_one_image() -> None:
    (group,) = cut_files(arrived(real("wsi/dicom_wsi_jpeg")), Path("nowhere")).groups
    assert len(group.files) == 3


def test_a_slide_of_four_files_and_a_picture_in_a_zip_are_two_images(tmp_path: Path) -> None:
    vms(tmp_path / "in")
    picture(tmp_path / "in" / "other.png")
    files = {f"Scans/{path.name}": path.read_bytes() for path in (tmp_path / "in").iterdir()}
    found = of_zip(tmp_path, {**files, "__MACOSX/._slide.vms": b"junk"})
    assert {group.name: len(group.files) for group in found.groups} == {"slide.vms": 4, "other.png": 1}
    assert [aside.path for aside in found.aside] == ["__MACOSX/._slide.vms"]
    (other,) = [group.single for group in found.groups if group.single]
    assert other.file.read_bytes() == files["Scans/other.png"]
    assert other.sha256


def test_a_zip_within_a_zip_is_set_aside(tmp_path: Path) -> None:
    a_zip(tmp_path / "inner.zip", {"a.txt": "x"})
    inner = (tmp_path / "inner.zip").read_bytes()
    found = of_zip(tmp_path, {"inner.zip": inner, "a.png": b"x"})
    assert [group.name for group in found.groups] == ["a.png"]
    assert [aside.code for aside in found.aside] == ["nested_archive"]


@pytest.mark.parametrize("path", ["/etc/passwd", "../../evil.png", "a/../../evil.png", "..\\evil.png", "a\u202eb.png"])
def test_paths_that_lead_elsewhere_are_refused_before_anything_is_unpacked(tmp_path: Path, path: str) -> None:
    assert "path" in problem(of_zip(tmp_path, {"good.png": b"x", path: b"x"}))
    assert not (tmp_path / "unpacked").exists()


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.png")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "link" in problem(cut_zip(tmp_path / "some.zip"))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        archive.writestr("a.png", "one")
        archive.writestr("A.png", "two")
    assert "twice" in problem(cut_zip(tmp_path / "some.zip"))


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    a_zip(tmp_path / "some.zip", {"a.png": b"x"})
    content = bytearray((tmp_path / "some.zip").read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", content, content.index(signature) + flags, 1)
    (tmp_path / "some.zip").write_bytes(content)
    assert "password" in problem(cut_zip(tmp_path / "some.zip"))


def test_a_bomb_is_refused_by_its_claims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "RATIO_FROM_BYTES", 2**20)
    found = of_zip(tmp_path, {"zeros.png": bytes(2**21)}, compression=zipfile.ZIP_DEFLATED)
    assert "100 times" in problem(found)


def test_more_than_a_file_may_have_is_refused(tmp_path: Path, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 1000
    assert "unpacks to" in problem(of_zip(tmp_path, {"a.png": bytes(1001)}))


def test_a_zip_that_lies_about_its_content_is_refused(tmp_path: Path) -> None:
    a_zip(tmp_path / "some.zip", {"a.png": b"x" * 1000})
    content = bytearray((tmp_path / "some.zip").read_bytes())
    content[content.index(b"xxxx")] = 0
    (tmp_path / "some.zip").write_bytes(content)
    assert "damaged" in problem(cut_zip(tmp_path / "some.zip"))


def test_damage_anywhere_in_a_zip_is_refused_or_does_no_harm(tmp_path: Path) -> None:
    a_zip(
        tmp_path / "some.zip", {"a.png": random.Random(1).randbytes(600) + b"x" * 900}, compression=zipfile.ZIP_DEFLATED
    )
    whole, chance, refused, sound = (tmp_path / "some.zip").read_bytes(), random.Random(2), 0, 0
    for turn in range(400):
        content = bytearray(whole)
        for _ in range(chance.randrange(1, 5)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        (tmp_path / "some.zip").write_bytes(content)
        try:
            archives.unpacked(tmp_path / "some.zip", "some.zip", tmp_path / str(turn))
            sound += 1
        except Refusal:
            refused += 1
    assert refused > 300
    assert sound + refused == 400


def test_a_zip_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    a_zip(tmp_path / "some.zip", {"a.png": b"x" * 1000})
    (tmp_path / "some.zip").write_bytes((tmp_path / "some.zip").read_bytes()[:500])
    assert "damaged" in problem(cut_zip(tmp_path / "some.zip"))


def test_a_zip_of_a_zarr_is_called_like_the_zip(tmp_path: Path) -> None:
    (group,) = of_zip(tmp_path, {".zattrs": "{}", "0/.zarray": "{}"}, "cells.zarr.zip").groups
    assert (group.name, sorted(group.files)) == ("cells.zarr", [".zattrs", "0/.zarray"])


def test_headers_that_no_reader_survives_leave_the_files_to_those_who_open_them(tmp_path: Path) -> None:
    for name in ("a.dcm", "b.dcm"):
        (tmp_path / name).write_bytes(bytes(128) + b"DICM" + b"\xff" * 200)
    assert [group.name for group in cut_files(arrived(tmp_path), tmp_path / "x").groups] == ["a.dcm", "b.dcm"]
