"""A read model is built again beside the live one, compared with it, exchanged in a moment, and can come back."""

from threading import Event, Thread
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from exact.commands.annotations import ReshapeAnnotation
from exact.commands.bus import dispatch
from exact.eventstore.alone import alone
from exact.eventstore.driver import execute
from exact.eventstore.log import head, log
from exact.eventstore.subscription import listening_parameters
from exact.projections import image_progress, rebuilding, replay
from exact.projections.activity import Activity, ActivityRow
from exact.projections.annotations import ANNOTATIONS, AnnotationRow
from exact.projections.building import CannotBuild, InlineBuild
from exact.projections.comparing import compared
from exact.projections.follow import OnPoison
from exact.projections.generations import make
from exact.projections.image_progress import ImageProgress
from exact.projections.images import IMAGES
from exact.projections.places import places, stop
from exact.projections.poison import replay_parked
from exact.projections.rebuilding import a_new, differences, drop_kept, rebuild, return_to_kept
from exact.projections.registry import INLINE, PROJECTIONS
from exact.projections.runner import catch_up, register
from exact.projections.snapshot import one_moment
from tests.builders import a_polygon, a_workplace
from tests.contracts.store import StoredEvent, in_threads
from tests.soak.rebuild_under_load import trial

pytestmark = pytest.mark.django_db(transaction=True, available_apps=settings.INSTALLED_APPS)
ALL = (*INLINE, *PROJECTIONS)


@pytest.fixture
def followed(life):
    """A whole life, and projections that have reached its end."""
    for projection in PROJECTIONS:
        register(projection)
        catch_up(projection)
    return life


@pytest.fixture
def place():
    """A workplace with three annotations, followed."""
    place = a_workplace()
    for _ in range(3):
        place.draw()
    for projection in PROJECTIONS:
        register(projection)
        catch_up(projection)
    return place


def rows_of(read_model):
    tables = read_model.tables if isinstance(read_model, Activity | ImageProgress) else read_model.tables()
    return [list(table.objects.order_by("pk").values()) for table in tables]


def shape():
    """Tables, columns, indexes and constraints of the live schema."""
    tables = "select relname, attname, format_type(atttypid, atttypmod), attnotnull from pg_class c join pg_attribute a"
    return (
        sorted(execute(f"{tables} on attrelid = c.oid where relnamespace = 'public'::regnamespace and attnum > 0")),
        sorted(execute("select tablename, indexname, indexdef from pg_indexes where schemaname = 'public'")),
        sorted(execute("select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint"
                       " where connamespace = 'public'::regnamespace")),
    )  # fmt: skip


def generations():
    """Name to the states of its generations by number."""
    found: dict = {}
    for row in places():
        found.setdefault(row.name, {})[row.generation] = row.state
    return found


def schemas():
    return [name for (name,) in execute("select nspname from pg_namespace where nspname like 'view\\_%%' order by 1")]


# --- the same rows, the same tables -----------------------------------------------------------------------------------


def test_every_read_model_has_the_same_rows_and_the_same_shape_afterwards(followed):
    rows, before = {read_model.name: rows_of(read_model) for read_model in ALL}, shape()
    for read_model in ALL:
        done = rebuild(read_model)
        assert (done.generation, done.comparison.count, done.position) == (2, 0, head())
    assert {read_model.name: rows_of(read_model) for read_model in ALL} == rows
    assert shape() == before
    followed.go_on(30)
    for projection in PROJECTIONS:
        catch_up(projection)
    assert [line for read_model in ALL for line in differences(read_model)] == [], "commands write the new tables"


def test_portions_of_any_size_add_up_alike(followed, monkeypatch):
    followed.place.draw(image_id=followed.place.image("third.svs").id)
    catch_up(ImageProgress())
    for module in (replay, image_progress):
        monkeypatch.setattr(module, "PORTION", 1)
    for read_model in ALL:
        if read_model.name != "activity":
            assert rebuild(read_model).comparison.count == 0


def test_what_was_brought_in_bulk_is_built_from_its_chunks(place):
    from exact.commands.imports import UndoImport, finish_import, record_chunks
    from tests.commands.test_imports import begun, items

    import_id = begun(place)
    record_chunks(import_id, 1, [(place.image_id, items(place))], by=place.owner)
    with a_new(ANNOTATIONS) as build:
        build.fill(head())
        assert build.is_near()
        finish_import(import_id, by=place.owner)
        assert not build.is_near(), "a thousand rows may stand behind one fact"
        build.catch_up()
        assert build.is_near()
        found = compared(build)
        assert (found.count, found.position) == (0, head())
    dispatch(UndoImport(import_id=import_id), by=place.owner)
    catch_up(ImageProgress())
    for read_model in (ANNOTATIONS, ImageProgress()):
        assert rebuild(read_model).comparison.count == 0


# --- kept, returned to, dropped ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("read_model", [ANNOTATIONS, ImageProgress(), Activity()], ids=lambda found: found.name)
def test_the_generation_before_is_kept_and_comes_back_with_what_happened_meanwhile(place, read_model):
    rebuild(read_model)
    assert generations()[read_model.name] == {1: "retired", 2: "live"}
    drawn = place.draw()
    dispatch(ReshapeAnnotation(annotation_id=drawn.id, vector=a_polygon(300)), by=place.owner)
    for projection in PROJECTIONS:
        catch_up(projection)
    rows = rows_of(read_model)
    done = return_to_kept(read_model)
    assert (done.generation, done.kept) == (1, 2)
    assert rows_of(read_model) == rows
    assert generations()[read_model.name] == {1: "live", 2: "retired"}
    assert return_to_kept(read_model).generation == 2
    assert differences(read_model) == []


def test_only_one_is_kept_and_it_can_be_given_up(place):
    for generation in (2, 3):
        assert rebuild(ANNOTATIONS).generation == generation
    assert generations()["annotations"] == {2: "retired", 3: "live"}
    assert schemas() == ["view_annotations_g2"]
    assert drop_kept(ANNOTATIONS) == 2
    assert drop_kept(ANNOTATIONS) is None
    assert (schemas(), generations()["annotations"]) == ([], {3: "live"})
    with pytest.raises(CannotBuild, match="no generation before it is kept"):
        return_to_kept(ANNOTATIONS)


def test_of_tables_that_were_empty_nothing_is_kept(place):
    execute("truncate annotations, verifications")
    done = rebuild(ANNOTATIONS)
    assert (done.kept, schemas(), AnnotationRow.objects.count()) == (None, [], 3)


def test_a_generation_of_another_shape_is_not_returned_to(place):
    rebuild(Activity())
    execute("alter table activity add column mood text")
    try:
        with pytest.raises(CannotBuild, match="other columns"):
            return_to_kept(Activity())
        assert generations()["activity"] == {1: "retired", 2: "live"}
    finally:
        execute("alter table activity drop column mood")


# --- compared ---------------------------------------------------------------------------------------------------------


def test_wrong_rows_are_told_and_replaced(place):
    execute("update annotations set description = 'forged' where number = 1")
    found = rebuild(ANNOTATIONS).comparison
    assert (found.count, len(found.lines)) == (1, 1)
    assert found.lines[0].endswith("description: table 'forged', replay ''")
    assert not AnnotationRow.objects.filter(description="forged").exists()


def test_who_wants_equal_rows_only_keeps_the_old_ones(place):
    execute("update activity set name = 'Forged' where id = 1")
    before = rows_of(Activity())
    done = rebuild(Activity(), only_if_equal=True)
    assert (done.comparison.count, done.exchanged_ms) == (1, None)
    assert (rows_of(Activity()), schemas(), generations()["activity"]) == (before, [], {1: "live"})
    execute("update activity set name = 'TeamFounded' where id = 1")
    assert rebuild(Activity(), only_if_equal=True).exchanged_ms is not None


def test_many_differences_are_counted_and_the_first_are_told(place):
    for _ in range(30):
        place.draw()
    execute("delete from annotations")
    found = rebuild(ANNOTATIONS).comparison
    assert (found.count, len(found.lines)) == (33, 20)
    execute("delete from annotations")
    assert differences(ANNOTATIONS)[-1] == "... and 13 more"


def test_a_projection_that_stands_still_is_replaced_without_a_comparison(place):
    stop("activity", "ValueError: no")
    place.draw()
    done = rebuild(Activity())
    assert (done.comparison, done.position) == (None, head())
    assert generations()["activity"] == {1: "retired", 2: "live"}
    assert ActivityRow.objects.count() == head()


def test_one_that_only_lags_is_brought_forward_and_compared(place):
    place.draw()
    assert rebuild(Activity()).comparison.count == 0


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_one_at_a_time(place):
    def rebuild_it(_):
        with pytest.raises(CannotBuild, match="another process"):
            rebuild(ANNOTATIONS)
        return rebuild(IMAGES).generation

    with alone("rebuild of annotations"):
        assert in_threads(1, rebuild_it, connections.close_all) == [2]


def test_what_a_killed_rebuild_has_left_is_cleared_away_by_the_next(place):
    execute("insert into es.projection (name, generation, kind, state) values ('annotations', 2, 'inline', 'building')")
    make(ANNOTATIONS.tables(), "view_annotations_g2")
    execute("insert into view_annotations_g2.annotations select * from annotations")
    assert rebuild(ANNOTATIONS).comparison.count == 0
    assert (generations()["annotations"], schemas()) == ({1: "retired", 2: "live"}, ["view_annotations_g1"])


@pytest.mark.parametrize("read_model", [ANNOTATIONS, IMAGES, ImageProgress(), Activity()], ids=lambda found: found.name)
def test_a_fact_of_tomorrow_stops_a_rebuild_and_the_old_rows_stay(place, read_model):
    log().facts.insert_events([StoredEvent(uuid4(), 1, "FromTheFuture", b"{}")])
    before, states = rows_of(read_model), generations()
    with pytest.raises(CannotBuild, match="FromTheFuture in schema version 1 is not known"):
        rebuild(read_model)
    assert (rows_of(read_model), generations(), schemas()) == (before, states, [])


class Choking(Activity):
    """Cannot fold one stream."""

    bad = None
    on_poison = OnPoison.PARK

    def apply(self, batch):
        self.choke(batch)
        super().apply(batch)

    def fill(self, part):
        self.choke(part)
        super().fill(part)

    def choke(self, batch):
        if any(recorded.fact.originator_id == self.bad for recorded in batch):
            raise ValueError("choked")


def test_what_cannot_be_folded_is_parked_with_the_new_generation_or_refuses_it(place, monkeypatch):
    monkeypatch.setattr("exact.projections.poison.RETRIES_S", (0, 0, 0))
    choking = Choking()
    choking.bad = place.draw().id
    catch_up(Activity())
    assert [line.endswith("not in the replay") for line in differences(choking)] == [True]
    found = rebuild(choking).comparison
    assert (found.count, found.lines[0].endswith("not in the replay")) == (1, True)
    live = next(row for row in places() if row.name == "activity" and row.state == "live")
    assert (live.condition, live.parked, live.generation) == ("degraded", 1, 2)
    assert replay_parked(Activity()) == (1, 0)
    choking.on_poison = OnPoison.STOP
    with pytest.raises(CannotBuild, match="ValueError: choked"):
        rebuild(choking)
    assert generations()["activity"] == {1: "retired", 2: "live"}
    assert differences(Activity()) == []


def test_tables_that_are_never_free_are_given_up_after_a_while(place, monkeypatch):
    monkeypatch.setattr(rebuilding, "PATIENCE_S", 0.3)
    with psycopg.connect(**listening_parameters()) as other:
        other.execute("select count(*) from annotations")
        with pytest.raises(CannotBuild, match="never free"):
            rebuild(ANNOTATIONS)
    assert (generations().get("annotations"), schemas()) == (None, [])


# --- while people work ------------------------------------------------------------------------------------------------


def test_a_snapshot_that_is_being_read_is_not_pulled_away(place):
    reading, go_on, counts = Event(), Event(), []

    def read(_):
        with one_moment(AnnotationRow):
            counts.append(AnnotationRow.objects.count())
            reading.set()
            go_on.wait(10)
            counts.append(AnnotationRow.objects.count())

    thread = Thread(target=lambda: in_threads(1, read, connections.close_all))
    thread.start()
    reading.wait(10)
    place.draw()
    started = Event()

    def build(_):
        started.set()
        return rebuild(ANNOTATIONS).position

    other = Thread(target=lambda: counts.extend(in_threads(1, build, connections.close_all)))
    other.start()
    started.wait(10)
    other.join(0.5)
    assert other.is_alive(), "it waits"
    go_on.set()
    thread.join(10)
    other.join(20)
    assert counts == [3, 3, head()]


def test_the_row_of_a_command_that_was_half_way_is_in_the_new_tables(place):
    """A fact may come between the last step and the exchange; the rows of its command are not lost."""
    written, go_on = Event(), Event()

    def command(_):
        from django.db import transaction

        with transaction.atomic():
            place.draw()
            written.set()
            go_on.wait(10)

    thread = Thread(target=lambda: in_threads(1, command, connections.close_all))
    thread.start()
    written.wait(10)
    with a_new(ANNOTATIONS) as build:
        assert isinstance(build, InlineBuild)
        build.fill(head())
        thread_2 = Thread(target=lambda: in_threads(1, lambda _: place_free(go_on), connections.close_all))
        thread_2.start()
        rebuilding.generations.index(build.tables, build.schema)
        rebuilding.patiently(build, lambda: rebuilding.exchange(build, 1))
        thread_2.join(10)
    thread.join(10)
    assert AnnotationRow.objects.count() == 4
    assert differences(ANNOTATIONS) == []


def place_free(go_on):
    """A moment later than the first attempt to take the tables."""
    execute("select pg_sleep(0.2)")
    go_on.set()


def test_neither_readers_nor_writers_see_an_error_or_a_wrong_number():
    found = trial(rounds=2)
    assert found.problems == []
    assert len(found.exchanged_ms) == 8
    assert found.drawn > 3
    assert found.longest_s < 5, "nobody waits for longer than a lock may be held"
