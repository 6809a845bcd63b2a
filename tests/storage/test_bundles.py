"""Images of many files: one manifest for the same files, paths that harm nobody, laid out whole or not at all."""

import io
import os
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from exact.domain.errors import Invalid, NotFound
from exact.storage import places
from exact.storage.bundles import bundle_of, is_bundle, manifest_of, parts_of, read_manifest
from exact.storage.downloads import open_download
from exact.storage.originals import keep, path_of
from exact.storage.places import is_here, place_of, sweep_folders
from tests.storage.bundles import a_bundle, digest, members

FILES = {"slide.mrxs": b"the slide", "slide/Slidedat.ini": b"[GENERAL]", "slide/Data0001.dat": b"pixels" * 1000}


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, settings: Any) -> Path:
    settings.ORIGINALS, settings.CACHE = tmp_path / "originals", tmp_path / "cache"
    settings.UPLOADS = tmp_path / "uploads"
    return tmp_path


def test_the_same_files_have_the_same_manifest_in_whatever_order_they_came() -> None:
    backwards = dict(reversed(FILES.items()))
    assert manifest_of(members(FILES)) == manifest_of(members(backwards))
    assert manifest_of(members(FILES)).startswith(b'{"exact-bundle":1,"files":[{"path":"slide.mrxs","sha256":"')
    assert [member.path for member in read_manifest(manifest_of(members(FILES))).files] == sorted(FILES)


def test_a_manifest_in_another_form_is_none() -> None:
    manifest = manifest_of(members(FILES))
    for other in (manifest + b"\n", manifest.replace(b'":1', b'": 1'), manifest.replace(b'":1', b'":2'), b"{}", b""):
        with pytest.raises(Invalid, match="damaged"):
            read_manifest(other)


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../a",
        "a/../../b",
        "a//b",
        "a/",
        "",
        ".",
        "a/./b",
        "a\\b",
        "a\0b",
        "a/ b",
        "x" * 256,
        "a/" * 40 + "b",
    ],
)
def test_paths_that_lead_elsewhere_are_refused(path: str) -> None:
    with pytest.raises(Invalid):
        manifest_of(members({path: b"x"}))


@pytest.mark.parametrize("both", [("a.dcm", "A.DCM"), ("ä.dcm", "a\u0308.dcm"), ("a", "a/b"), ("A", "a/b/c")])
def test_paths_that_some_file_systems_take_for_one_are_refused(both: tuple[str, str]) -> None:
    with pytest.raises(Invalid) as caught:
        manifest_of(members(dict.fromkeys(both, b"x")))
    assert caught.value.code == "bad_bundle"


def test_paths_are_brought_to_one_form() -> None:
    assert "Müller.dcm".encode() in manifest_of(members({"Mu\u0308ller.dcm": b"x"}))


def test_every_member_is_kept_by_its_own_hash(folders: Path) -> None:
    sha256 = a_bundle(FILES)
    assert is_bundle(sha256)
    assert is_here(sha256)
    assert parts_of(sha256) == {sha256, *map(digest, FILES.values())}
    assert path_of(digest(b"the slide")).read_bytes() == b"the slide"
    assert list((folders / "uploads").iterdir()) == []


def test_an_ordinary_file_is_no_bundle_and_lies_where_it_lies(folders: Path) -> None:
    (folders / "upload-1").write_bytes(b"a slide")
    keep(folders / "upload-1", digest(b"a slide"))
    assert bundle_of(digest(b"a slide")) is None
    assert place_of(digest(b"a slide")) == path_of(digest(b"a slide"))
    assert parts_of(digest(b"a slide")) == {digest(b"a slide")}


def test_it_is_laid_out_as_the_folder_it_was(folders: Path) -> None:
    place = place_of(a_bundle(FILES))
    assert {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()} == FILES
    assert [path.name for path in place.parent.iterdir()] == [place.name]


def test_many_who_ask_at_once_get_one_folder(folders: Path) -> None:
    sha256 = a_bundle(FILES)
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(place_of, [sha256] * 32))) == 1
    assert [path.name for path in (folders / "cache" / "bundles").iterdir()] == [sha256]


def test_without_one_of_its_files_it_is_not_laid_out_at_all(folders: Path) -> None:
    sha256 = a_bundle(FILES)
    path_of(digest(b"[GENERAL]")).unlink()
    assert not is_here(sha256)
    with pytest.raises(NotFound, match="missing") as caught:
        place_of(sha256)
    assert caught.value.code == "missing_file"
    assert list((folders / "cache" / "bundles").iterdir()) == []


def test_a_folder_is_looked_through_again_from_time_to_time(folders: Path) -> None:
    sha256 = a_bundle(FILES)
    place = place_of(sha256)
    before = place.stat().st_ino
    os.utime(place, (0, 0))
    assert place_of(sha256).stat().st_ino == before
    assert time.time() - place.stat().st_mtime < places.LOOK_EVERY_S
    (place / "slide.mrxs").unlink()
    (place / "slide.mrxs").symlink_to("nowhere")
    os.utime(place, (0, 0))
    assert (place_of(sha256) / "slide.mrxs").read_bytes() == b"the slide"


def test_folders_that_nobody_uses_go_and_come_again(folders: Path) -> None:
    used, unused = a_bundle(FILES), a_bundle({"1.dcm": b"1", "2.dcm": b"2"})
    place_of(used)
    os.utime(place_of(unused), (0, 0))
    (folders / "cache" / "bundles" / f".{used}.0").mkdir()
    os.utime(folders / "cache" / "bundles" / f".{used}.0", (0, 0))
    assert sweep_folders() == 2
    assert [path.name for path in (folders / "cache" / "bundles").iterdir()] == [used]
    assert (place_of(unused) / "1.dcm").read_bytes() == b"1"


def test_it_is_downloaded_as_a_zip_of_its_files(folders: Path) -> None:
    sha256 = a_bundle(FILES)
    first, name = open_download(sha256, "slide.mrxs")
    again, _ = open_download(sha256, "slide.mrxs")
    content = first.read()
    assert name == "slide.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert {entry: archive.read(entry) for entry in archive.namelist()} == FILES
    assert again.read() == content


def test_a_single_file_is_downloaded_as_it_is(folders: Path) -> None:
    (folders / "upload-1").write_bytes(b"a slide")
    keep(folders / "upload-1", digest(b"a slide"))
    file, name = open_download(digest(b"a slide"), "a.svs")
    with file:
        assert (file.read(), name) == (b"a slide", "a.svs")


def test_what_is_not_whole_is_not_downloaded(folders: Path) -> None:
    sha256 = a_bundle(FILES)
    path_of(digest(b"[GENERAL]")).unlink()
    with pytest.raises(NotFound, match="missing"):
        open_download(sha256, "slide.mrxs")


def test_what_has_to_be_laid_out_first_is_not_ready(folders: Path) -> None:
    sha256 = a_bundle(FILES)
    assert places.ready_place(sha256) is None
    assert places.ready_place(digest(b"the slide")) == path_of(digest(b"the slide"))
    assert place_of(sha256) == places.ready_place(sha256)
