"""A file that a crash left between keeping and registering goes after a day; whatever a fact names stays."""

import hashlib
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction

from exact.projections.images import ImageRow
from exact.projections.originals import alone_with, forget, sweep_unnamed
from exact.storage import originals
from tests.builders import a_workplace
from tests.storage.bundles import a_bundle, digest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("services")]


@pytest.fixture(autouse=True)
def originals_folder(tmp_path: Path, settings) -> None:
    settings.ORIGINALS, settings.UPLOADS = tmp_path / "originals", tmp_path / "uploads"


def kept(content: bytes, *, old: bool = True) -> str:
    """The hash of a file that lies there, for long or since now."""
    sha256 = hashlib.sha256(content).hexdigest()
    settings.ORIGINALS.mkdir(exist_ok=True)
    arrived = settings.ORIGINALS / "arrived"
    arrived.write_bytes(content)
    path = originals.keep(arrived, sha256)
    if old:
        os.utime(path, (0, 0))
    return sha256


def test_only_what_no_fact_names_goes() -> None:
    place = a_workplace()
    named, withdrawn = kept(b"named"), kept(b"withdrawn")
    place.image("a.png", sha256=named)
    place.image("b.png", sha256=withdrawn)
    ImageRow.objects.filter(sha256=withdrawn).update(withdrawn=True)
    left, arriving = kept(b"left by a crash"), kept(b"just arrived", old=False)
    assert sweep_unnamed() == 1
    assert set(originals.all_kept()) == {named, withdrawn, arriving}
    assert not originals.is_kept(left)


def old_bundle(files: dict[str, bytes]) -> str:
    """The hash of an image of many files that lies there for long."""
    sha256 = a_bundle(files)
    for one in (sha256, *map(digest, files.values())):
        os.utime(originals.path_of(one), (0, 0))
    return sha256


def test_the_files_of_an_image_of_many_stay_with_it_and_go_with_it() -> None:
    place = a_workplace()
    shown = old_bundle({"1.dcm": b"one", "2.dcm": b"two"})
    place.image("series", sha256=shown)
    left = old_bundle({"1.dcm": b"one", "3.dcm": b"three"})
    assert forget(digest(b"two")) == 0
    assert sweep_unnamed() == 2
    assert set(originals.all_kept()) == {shown, digest(b"one"), digest(b"two")}
    assert not originals.is_kept(left)


def test_a_read_model_that_lost_its_rows_loses_no_file() -> None:
    place = a_workplace()
    named = kept(b"named")
    place.image("a.png", sha256=named)
    ImageRow.objects.filter(sha256=named).delete()
    assert sweep_unnamed() == 0
    assert originals.is_kept(named)


def test_with_another_database_nothing_goes(caplog: pytest.LogCaptureFixture) -> None:
    a_workplace()  # whose one image is another
    both = {kept(b"one"), kept(b"two")}
    with caplog.at_level(logging.WARNING):
        assert sweep_unnamed() == 0
    assert set(originals.all_kept()) == both
    assert "2 originals are named by no fact" in caplog.text


def test_an_upload_of_the_same_content_is_waited_for() -> None:
    place, sha256 = a_workplace(), kept(b"left by a crash, now uploaded again")
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            alone_with(sha256)
            sweeping = other.submit(in_a_thread, sha256)
            place.image("a.png", sha256=sha256)
            assert not sweeping.done()
        assert sweeping.result() == 0
    assert originals.is_kept(sha256)


def in_a_thread(sha256: str) -> int:
    """As the worker: on a connection of its own."""
    try:
        return forget(sha256)
    finally:
        connection.close()
