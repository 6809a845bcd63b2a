"""After a restore everything is as it was; what is in the way of one is said before anything is written."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from exact.domain.errors import Refusal
from exact.eventstore import log, seals
from exact.eventstore.seals import Seal
from exact.operations import read_models
from exact.operations.backups import schema_states, snapshot
from exact.operations.backups.checking import refuse_damage
from exact.operations.backups.manifest import MANIFEST, SUM, Manifest, NoBackup, read, sum_line
from exact.operations.backups.marks import set_mark
from exact.operations.backups.restoring import SKIP, bring_in, restore
from exact.operations.backups.tables import KEPT, read_model_tables
from exact.operations.errors import CannotRun
from exact.operations.startup import Wish, prepare
from exact.projections.registry import PROJECTIONS
from exact.storage.originals import all_kept, path_of
from tests.architecture.world import World
from tests.operations.backups.conftest import Machine, quiet

BackUp = Callable[[], Manifest]
SEQUENCES = """select sequencename, last_value from pg_sequences where schemaname = 'es'
    or sequencename in ('users_id_seq', 'access_tokens_id_seq') order by 1"""
HEADS = "select stream_id, version, scope_id from es.stream order by 1"
MARK = "select obj_description('es'::regnamespace)"
PLACES = "select name, state, position from es.projection order by 1"


def content(machine: Machine) -> dict[str, list[tuple[str]]]:
    """Every row that is truth, every head, every row of a view, and the sequences."""
    names = [*(kept.name for kept in KEPT), *sorted(read_model_tables())]
    found = {name: machine.rows(f"select t::text from {name} t order by 1") for name in names}
    return found | {"heads": machine.rows(HEADS), "sequences": machine.rows(SEQUENCES)}


@pytest.mark.usefixtures("world")
def test_everything_is_as_it_was(
    back_up: BackUp, folder: Path, here: Machine, elsewhere: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "STRETCH", 7)
    for projection in PROJECTIONS:
        read_models.rebuild(projection)
    seal = sealed()
    back_up()
    done = elsewhere.manage("restore", folder, "--skip", "0")
    assert done.returncode == 0, done.stderr
    assert content(elsewhere) == content(here)
    newest = here.rows("select max(position) from es.event")[0][0]
    assert f"Seals verified up to position {seal.to_position}: {seal.tree_size} facts\n" in done.stdout
    assert {position for *_, position in elsewhere.rows(PLACES)} == {newest}
    assert list(all_kept(elsewhere.var / "originals")) == list(all_kept()) != []
    assert (elsewhere.var / "secret.key").read_text() == (here.var / "secret.key").read_text()
    assert (elsewhere.var / "secret.key").stat().st_mode & 0o777 == 0o600


def sealed() -> Seal:
    """The newest seal: over everything."""
    seals.seal()
    seal = seals.newest()
    assert seal is not None
    assert seal.to_position == log.head()
    return seal


@pytest.mark.usefixtures("world")
def test_a_fact_that_was_changed_before_the_backup_is_named(
    back_up: BackUp, folder: Path, with_tables: Machine
) -> None:
    sealed()
    with connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica; update es.event set version = 9 where position = 3;"
                       "set session_replication_role = default")  # fmt: skip
    back_up()
    said = with_tables.refused("restore", folder)
    assert said.startswith(
        "The log is not as it was sealed; it was so in the backup already:\nPosition 3: the fact was"
    )
    assert with_tables.rows(MARK) == [(None,)]


def test_no_number_is_given_twice_even_if_what_it_was_given_to_is_gone(
    world: World, back_up: BackUp, folder: Path, with_tables: Machine
) -> None:
    sequences = back_up().database.sequences
    lost = world.place.workplace.draw()
    assert with_tables.manage("restore", folder).returncode == 0
    (number, position, person) = with_tables.rows(
        "select nextval('es.number_annotation'), nextval('es.position_seq'), nextval('users_id_seq')"
    )[0]
    assert number == sequences["es.number_annotation"] + SKIP + 1 > (lost.number or 0)
    assert position == sequences["es.position_seq"] + SKIP + 1 > lost.position
    assert person == sequences["public.users_id_seq"] + SKIP + 1


@pytest.mark.usefixtures("world")
def test_a_database_with_rows_is_refused(back_up: BackUp, folder: Path, here: Machine) -> None:
    back_up()
    before = content(here)
    assert "The database is not empty: there are rows in es.event" in here.refused("restore", folder)
    assert content(here) == before


KINDS = (
    "tables/users.copy",
    "tables/es.seal.copy",
    "tables/es.event.*.copy",
    "keys/secret.key",
    "keys/seal.pub",
    "originals.sha256",
    MANIFEST,
    SUM,
)


@pytest.fixture
def whole(world: World, back_up: BackUp, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a backup, with full stretches of the log beside it."""
    monkeypatch.setattr(snapshot, "STRETCH", 20)
    sealed()
    return folder / "backups" / back_up().name


def test_one_flipped_bit_or_missing_byte_of_any_kind_of_file_is_named(
    whole: Path, folder: Path, elsewhere: Machine
) -> None:
    files = [next(whole.glob(kind)) for kind in KINDS]
    files += [next((folder / "facts").iterdir()), path_of(next(all_kept()), folder / "originals")]
    for file in files:
        good = file.read_bytes()
        file.chmod(0o600)
        for bad in (bytes([good[0] ^ 1]) + good[1:], good[:-1] + bytes([good[-1] ^ 128]), good[:-1], None):
            file.unlink() if bad is None else file.write_bytes(bad)
            assert file.name in problem(folder), (file, bad)
            file.write_bytes(good)
    assert problem(folder) == ""
    files[0].write_bytes(b"")
    assert str(files[0]) in elsewhere.refused("restore", folder)
    assert not elsewhere.var.exists()
    assert elsewhere.rows("select count(*) from pg_class where relname = 'django_migrations'") == [(0,)]


def problem(folder: Path) -> str:
    """What a restore says of the only backup before it begins."""
    (home,) = (folder / "backups").glob("2*")
    try:
        refuse_damage(folder, read(folder, home.name), quiet())
    except Refusal as refusal:
        return refusal.sentence
    return ""


def changed(home: Path, before: str, after: str) -> None:
    """The manifest says something else, and its sum agrees."""
    content = (home / MANIFEST).read_text().replace(before, after)
    (home / MANIFEST).write_text(content)
    (home / SUM).write_bytes(sum_line(content.encode()))


def test_a_backup_of_an_older_version_is_brought_up_to_date(
    whole: Path, folder: Path, here: Machine, elsewhere: Machine
) -> None:
    newer = ("0002_imports", "0003_activity_of_teams")
    for name in newer:
        changed(whole, f'"{name}"', '"0001_initial"')
    assert elsewhere.manage("restore", folder).returncode == 0
    applied = "select app, name from django_migrations order by 1, 2"
    assert elsewhere.rows(applied) == here.rows(applied)
    assert elsewhere.rows("select count(*) from es.event") == here.rows("select count(*) from es.event")


def test_a_backup_of_a_newer_version_is_refused(whole: Path, folder: Path) -> None:
    changed(whole, '"0001_log"', '"0001_log", "0099_unheard_of"')
    with pytest.raises(CannotRun, match=r"does not know \(eventstore.0099_unheard_of\)"):
        restore(folder, None, quiet())


def test_newer_tables_than_those_of_the_backup_are_refused(whole: Path, folder: Path) -> None:
    changed(whole, '"0003_activity_of_teams"', '"0002_imports"')
    with pytest.raises(CannotRun, match=r"newer than the backup \(projections.0003_activity_of_teams\)"):
        schema_states.bring_to(read(folder).database.migrations)


@pytest.mark.usefixtures("world")
def test_killed_while_rows_are_loaded_the_database_is_empty_and_the_next_one_succeeds(
    back_up: BackUp, folder: Path, here: Machine, with_tables: Machine
) -> None:
    elsewhere = with_tables
    back_up()
    elsewhere.kill_when_waiting("restore", folder, lock="users in share mode")
    assert elsewhere.is_empty()
    assert elsewhere.manage("restore", folder).returncode == 0
    assert content(elsewhere)["annotations"] == content(here)["annotations"]


@pytest.mark.usefixtures("world")
def test_killed_while_views_are_built_it_is_finished_by_the_same_command(
    back_up: BackUp, folder: Path, here: Machine, with_tables: Machine
) -> None:
    elsewhere, name = with_tables, back_up().name
    elsewhere.kill_when_waiting("restore", folder, lock="annotations in share mode")
    assert elsewhere.rows(MARK) == [(name,)]
    assert "Going on where an interrupted restore has left off" in elsewhere.manage("restore", folder).stdout
    assert content(elsewhere)["annotations"] == content(here)["annotations"]
    assert elsewhere.rows(MARK) == [(None,)]


@pytest.mark.usefixtures("world")
def test_nobody_may_work_before_an_interrupted_restore_is_finished(back_up: BackUp, folder: Path) -> None:
    manifest = back_up()
    set_mark("2026-11-25T23-43-16Z")
    sentence = "interrupted here; finish it first: manage.py restore FOLDER --backup 2026-11-25T23-43-16Z"
    for refused in (lambda: call_command("set_up"), lambda: prepare(Wish(), print)):
        with pytest.raises(CannotRun, match=sentence):
            refused()
    with pytest.raises(CannotRun, match="go on with --backup 2026-11-25T23-43-16Z"):
        bring_in(folder, manifest, quiet())
    set_mark("")
    call_command("set_up", stdout=io.StringIO())


def test_a_folder_without_backups_is_told(folder: Path) -> None:
    with pytest.raises(NoBackup, match="holds no backup"):
        read(folder)
