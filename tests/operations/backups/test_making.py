"""A backup is whole or is none, is closed to others, and copies no file a second time."""

import fcntl
import hashlib
import io
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import OutputWrapper

from exact.eventstore.log import head
from exact.operations.backups import making, snapshot
from exact.operations.backups.checking import refuse_damage
from exact.operations.backups.making import make_backup
from exact.operations.backups.manifest import DamagedBackup, Manifest, NoBackup, names
from exact.operations.backups.progress import Progress
from exact.operations.backups.report import told, warnings
from exact.operations.errors import CannotRun
from exact.projections.annotations import AnnotationRow
from exact.storage import originals
from exact.storage.references import refer, reference_of, reference_to
from exact.storage.uploads import receiving
from tests.architecture.world import World
from tests.operations.backups.conftest import Machine, quiet
from tests.storage.bundles import a_bundle, digest

BackUp = Callable[[], Manifest]


def keep(content: bytes) -> str:
    """An original; its hash."""
    with receiving([content], "x.png") as upload:
        originals.keep(upload.path, upload.sha256)
    return upload.sha256


def files_below(folder: Path) -> dict[str, int]:
    """Every file but the locks, and what tells whether it was written again."""
    return {str(path): path.stat().st_ino for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


@pytest.mark.usefixtures("world")
def test_everything_in_the_folder_is_closed_to_others(back_up: BackUp, folder: Path) -> None:
    back_up()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.rglob("*"):
        kept = path.is_relative_to(folder / "originals") and path != folder / "originals"
        assert kept or path.stat().st_mode & 0o077 == 0, path


def test_a_second_backup_copies_no_original_and_shares_full_stretches_of_the_log(
    world: World, back_up: BackUp, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "STRETCH", 10)
    first = back_up()
    before = files_below(folder / "originals")
    world.place.workplace.draw()
    fresh = keep(b"another")
    second = back_up()
    assert before.items() < files_below(folder / "originals").items()
    assert second.originals.count == first.originals.count + 1
    assert originals.is_kept(fresh, folder / "originals")
    stretches = [{file.path for file in made.database.tables[0].files} for made in (first, second)]
    assert len(stretches[0] & stretches[1]) == first.database.position // 10 > 2
    assert names(folder) == [first.name, second.name]
    for manifest in (first, second):
        refuse_damage(folder, manifest, quiet())


def test_what_happens_while_it_is_made_is_not_in_it_and_does_not_break_it(
    world: World, folder: Path, elsewhere: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = snapshot.Snapshot._copy

    def working_meanwhile(self, query, path, folder, name):
        if not list(path.parent.iterdir()):
            world.place.workplace.draw()
            keep(b"arrived meanwhile")
        return copied(self, query, path, folder, name)

    monkeypatch.setattr(snapshot.Snapshot, "_copy", working_meanwhile)
    position, annotations = head(), AnnotationRow.objects.count()
    manifest = make_backup(folder, quiet())
    assert manifest.database.position == position < head()
    assert elsewhere.manage("restore", folder).returncode == 0
    newest, drawn = "select max(position) from es.event", "select count(*) from annotations"
    assert elsewhere.rows(newest) == [(position,)]
    assert elsewhere.rows(drawn) == [(annotations,)]


def test_what_the_server_has_lost_is_told_and_taken_from_an_older_backup(
    world: World, back_up: BackUp, folder: Path
) -> None:
    assert list(warnings(back_up())) == ["Images whose file is missing on the server: 1, 2."]
    (kept,) = originals.all_kept()
    path = originals.path_of(kept)
    path.unlink()
    rescued = back_up()
    assert (rescued.originals.count, rescued.originals.missing) == (1, [1, 2])
    damaged = hashlib.sha256(b"good").hexdigest()
    keep(b"good")
    originals.path_of(damaged).chmod(0o600)
    originals.path_of(damaged).write_bytes(b"evil")
    told_of = back_up()
    assert told_of.originals.damaged == [damaged]
    assert f"are not in the backup: {damaged}." in list(warnings(told_of))[1]
    refuse_damage(folder, told_of, quiet())


def test_an_original_that_was_cut_off_in_the_folder_is_copied_again(
    world: World, back_up: BackUp, folder: Path
) -> None:
    back_up()
    (kept,) = originals.all_kept()
    path = originals.path_of(kept, folder / "originals")
    path.chmod(0o600)
    whole = path.read_bytes()
    path.write_bytes(b"cut")
    refuse_damage(folder, back_up(), quiet())
    assert path.read_bytes() == whole


def test_killed_in_the_middle_there_is_no_backup_and_the_next_one_goes_on(
    world: World, here: Machine, back_up: BackUp, folder: Path
) -> None:
    here.kill_when_waiting("backup", folder, lock="es.command in access exclusive mode")
    (left,) = (folder / "backups").glob("2*")
    assert list(left.glob("tables/es.event*"))
    assert names(folder) == []
    assert here.refused("restore", folder, "--backup", left.name).endswith("is no complete backup.\n")
    refuse_damage(folder, back_up(), quiet())
    assert not (left / "unfinished").exists()
    assert len(names(folder)) == 1


@pytest.mark.usefixtures("world")
def test_a_full_disk_is_told_and_leaves_no_half_backup(here: Machine, folder: Path) -> None:
    done = here.manage("backup", folder, before=("prlimit", "--fsize=4096", "--"))
    assert done.returncode == 1
    assert done.stderr.startswith(f"The disk of {folder} is full; free some room or give another folder (no backup")
    assert [path.name for path in (folder / "backups").iterdir()] == [".lock"]


@pytest.mark.usefixtures("world")
def test_two_at_the_same_time_are_one_too_many(back_up: BackUp, folder: Path) -> None:
    back_up()
    descriptor = os.open(folder / "backups" / ".lock", os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(CannotRun, match="Another backup into"):
        back_up()
    os.close(descriptor)
    assert len(names(folder)) == 1


def test_the_command_lists_and_checks(world: World, back_up: BackUp, folder: Path) -> None:
    def said(**options: object) -> str:
        out = io.StringIO()
        call_command("backup", folder, stdout=out, **options)
        return out.getvalue()

    first, second = back_up(), back_up()
    assert said(list=True) == f"{told(first)}\n{told(second)}\n"
    assert said(check="") == f"Every file is whole. {told(second)}\n"
    (folder / "backups" / first.name / "tables" / "users.copy").write_bytes(b"")
    with pytest.raises(DamagedBackup, match=r"users.copy has 0 bytes instead of"):
        said(check=first.name)
    with pytest.raises(NoBackup, match="there are: "):
        said(check="yesterday")


class Terminal(io.StringIO):
    """Somebody watches."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_how_far_it_has_come(world: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exact.operations.backups.progress.EVERY_S", 0.0)
    terminal = Terminal()
    progress = Progress(OutputWrapper(terminal))
    make_backup(folder, progress)
    progress.say("Done")
    assert "\r\x1b[Kfacts up to position: 1 of" in terminal.getvalue()
    assert "\r\x1b[Koriginals: 1" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[KDone\n")


def test_names_are_free_seconds(folder: Path) -> None:
    home = folder / "backups"
    home.mkdir(parents=True)
    taken = making.free_name(folder)
    (home / taken).mkdir()
    assert making.free_name(folder) > taken


@pytest.mark.usefixtures("world")
def test_files_that_stay_elsewhere_are_not_in_it_but_their_notes_are(
    back_up: BackUp, folder: Path, elsewhere: Machine, tmp_path: Path, world: World
) -> None:
    (tmp_path / "scan.svs").write_bytes(b"stays there")
    image = world.place.workplace.image("scan.svs", sha256=digest(b"stays there"))
    refer(digest(b"stays there"), reference_to(str(tmp_path / "scan.svs")))
    manifest = back_up()
    assert image.number not in manifest.originals.missing
    assert not originals.is_kept(digest(b"stays there"), folder / "originals")
    assert any("imported by reference" in warning for warning in warnings(manifest))
    assert elsewhere.manage("restore", folder).returncode == 0
    noted = reference_of(digest(b"stays there"), elsewhere.var / "originals")
    assert noted is not None
    assert noted.local == tmp_path / "scan.svs"


def test_an_image_of_many_files_is_in_it_with_all_of_them_and_one_that_is_lost_is_told(
    world: World, back_up: BackUp, folder: Path
) -> None:
    series = a_bundle({"1.dcm": b"one", "2.dcm": b"two"})
    image = world.place.workplace.image("series", sha256=series)
    before = set(back_up().originals.missing)
    assert image.number not in before
    for part in (series, digest(b"one"), digest(b"two")):
        assert originals.is_kept(part, folder / "originals")
    originals.path_of(digest(b"two")).unlink()
    assert set(back_up().originals.missing) == before, "the older backup still has it"
    originals.path_of(digest(b"two"), folder / "originals").unlink()
    assert set(back_up().originals.missing) == before | {image.number}
