"""What only PostgreSQL can promise: order of commits, transactions around an append, facts that cannot be changed."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from uuid import uuid4

import pytest
from django.db import close_old_connections, connection, connections, transaction
from django.db.transaction import TransactionManagementError
from eventsourcing import persistence as library
from eventsourcing.persistence import StoredEvent

from exact.eventstore.errors import CommandAlreadyDone, StaleHead
from exact.eventstore.recorder import COPY_FROM, ApplicationRecorder, FencedTracking, ProcessRecorder, TrackingRecorder
from tests.contracts.store import MANY, ONE, SOME, a_recording, facts, in_threads, run

pytestmark = pytest.mark.django_db(transaction=True, available_apps=["exact.eventstore"])
recorder = ApplicationRecorder()
EACH_WAY = pytest.mark.parametrize("count", [ONE, SOME, MANY])
"""One call for one fact, one for some, COPY for many."""


def sql(query, *params):
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchall() if cursor.description else None


def started(do: Callable[[], object]) -> Thread:
    """Runs beside the test, with a connection of its own."""

    def run_and_close():
        try:
            do()
        finally:
            connection.close()

    thread = Thread(target=run_and_close)
    thread.start()
    return thread


@contextmanager
def changed_function(name: str, before: str, after: str) -> Iterator[None]:
    """One of the log's functions with one piece exchanged, until the block ends."""
    [(original,)] = sql("select pg_get_functiondef(oid) from pg_proc where proname = %s", name)
    assert before in original
    sql(original.replace(before, after))
    try:
        yield
    finally:
        sql(original)


def test_each_way_of_writing_is_taken():
    assert ONE == 1 < SOME < COPY_FROM < MANY


# --- heads ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [ONE, COPY_FROM])
def test_a_batch_takes_its_heads_in_id_order_whatever_its_own_order(count):
    low, high = sorted([uuid4(), uuid4()])
    recorder.insert_events(facts(low, 1) + facts(high, 1))
    with transaction.atomic():
        sql("select 1 from es.stream where stream_id = %s for update", low)
        batch = started(lambda: recorder.insert_events(run(high, count, after=1) + run(low, count, after=1)))
        wait_until_somebody_waits()
        sql("select 1 from es.stream where stream_id = %s for update nowait", high)  # still free
    batch.join()
    assert recorder.max_notification_id() == 2 + 2 * count


def wait_until_somebody_waits(within_s: float = 5.0) -> None:
    """Until another connection waits for a lock."""
    deadline = time.monotonic() + within_s
    while not sql("select 1 from pg_locks where not granted"):
        assert time.monotonic() < deadline, "nobody waits"
        time.sleep(0.01)


def test_a_head_is_what_the_facts_of_its_stream_say():
    streams = [uuid4() for _ in range(4)]
    outcomes = []

    def write(index):
        for k in range(15):
            chosen = [*streams[index % 4 :], uuid4()] if k % 3 else streams[:2]
            heads = dict(sql("select stream_id, version from es.stream where stream_id = any(%s)", chosen))
            try:
                recorder.insert_events([e for s in chosen for e in run(s, 2, after=heads.get(s, 0))])
                outcomes.append("done")
            except StaleHead:
                outcomes.append("stale")

    in_threads(6, write, connections.close_all)
    assert len(outcomes) == 90
    assert "done" in outcomes
    assert not sql("select stream_id from es.event group by 1 having count(*) <> max(version)")
    newest = "(select max(version) from es.event e where e.stream_id = s.stream_id)"
    assert not sql(f"select 1 from es.stream s where version <> {newest}")


# --- order ------------------------------------------------------------------------------------------------------------


class GivenUp(Exception):
    """A command that changes its mind after the append."""


SIZES = (COPY_FROM + 50, 1, 1, 3, 1, 1)


def write_some(index: int, sizes: tuple[int, ...] = SIZES) -> None:
    """Transactions that stay open for a moment; every seventh is rolled back."""
    for k in range(24):
        try:
            with transaction.atomic():
                recorder.insert_events(run(uuid4(), sizes[k % len(sizes)]))
                time.sleep(0.002 * ((index + k) % 3))
                if k % 7 == 3:
                    raise GivenUp
        except GivenUp:
            continue


def tailed(write: Callable[[], None]) -> tuple[list[int], list[int]]:
    """Positions that a reader saw who followed the log meanwhile, and those that are there in the end."""
    seen: list[int] = []

    def tail():
        with recorder.subscribe() as subscription:
            for notification in subscription:
                if notification.topic == "End":
                    return
                seen.append(notification.id)

    reader = started(tail)
    write()
    [last] = recorder.insert_events([StoredEvent(uuid4(), 1, "End", b"")])
    reader.join(20)
    return seen, [p for (p,) in sql("select position from es.event where position < %s order by 1", last)]


def test_a_tailing_reader_misses_nothing_although_rollbacks_leave_gaps():
    seen, stored = tailed(lambda: in_threads(8, write_some, connections.close_all))
    assert seen == stored
    assert stored[-1] > len(stored), "rollbacks leave gaps"


def test_without_the_order_lock_the_same_reader_would_miss_some():
    with changed_function("append_one", "perform pg_advisory_xact_lock(4242);", "perform 1;"):
        seen, stored = tailed(lambda: in_threads(8, lambda i: write_some(i, sizes=(1,)), connections.close_all))
    assert set(seen) < set(stored)


def test_a_position_is_given_only_after_the_one_before_is_decided():
    order = []
    with transaction.atomic():
        recorder.insert_events(facts(uuid4(), 1))
        second = started(lambda: order.append(recorder.insert_events(facts(uuid4(), 1))))
        wait_until_somebody_waits()
        order.append("first is about to commit")
    second.join()
    assert order == ["first is about to commit", [2]]


def test_a_subscriber_is_woken_and_can_be_stopped_from_outside():
    with recorder.subscribe() as subscription:
        sender = started(lambda: (time.sleep(0.05), recorder.insert_events(facts(uuid4(), 1))))
        began = time.monotonic()
        assert next(subscription).id == 1
        assert time.monotonic() - began < 0.9, "woken, not found by polling"
        sender.join()
        Thread(target=lambda: (time.sleep(0.1), subscription.stop())).start()
        assert list(subscription) == []


def test_a_subscriber_may_ask_for_some_names_only():
    recorder.insert_events(facts(uuid4(), 1))
    recorder.insert_events([StoredEvent(uuid4(), 1, "Other", b"{}")])
    with recorder.subscribe(gt=0, topics=["Other"]) as subscription:
        assert next(subscription).id == 2


# --- transactions -----------------------------------------------------------------------------------------------------


@EACH_WAY
def test_facts_live_and_die_with_the_transaction_around_them(count):
    recording, stream = a_recording(), uuid4()
    with pytest.raises(GivenUp), transaction.atomic():  # noqa: PT012
        sql("insert into es.tracking values ('row', 'beside', 1)")
        recorder.insert_events(run(stream, count), recording=recording)
        raise GivenUp
    assert recorder.max_notification_id() is None
    assert recorder.done(recording.command_id) is None
    assert sql("select count(*) from es.stream") == sql("select count(*) from es.tracking") == [(0,)]
    recorder.insert_events(run(stream, count), recording=recording)


@EACH_WAY
def test_a_refused_append_spoils_the_transaction_around_it(count):
    stream = uuid4()
    recorder.insert_events(run(stream, count))
    with transaction.atomic():
        sql("insert into es.tracking values ('row', 'beside', 1)")
        with pytest.raises(StaleHead):
            recorder.insert_events(run(stream, count))
        with pytest.raises(TransactionManagementError):
            sql("select 1")
    assert sql("select count(*) from es.tracking") == [(0,)]


def test_under_repeatable_read_a_stale_version_looks_like_a_failure_of_the_database():
    """Why the log wants READ COMMITTED: the refusal could not be told from a serialization failure."""
    stream = uuid4()
    recorder.insert_events(facts(stream, 1))
    with pytest.raises(library.OperationalError, match="could not serialize"), transaction.atomic():  # noqa: PT012
        sql("set transaction isolation level repeatable read")
        sql("select 1 from es.stream")
        started(lambda: recorder.insert_events(facts(stream, 2))).join()
        recorder.insert_events(facts(stream, 2))


def test_a_killed_backend_is_replaced_once_old_connections_are_closed():
    [(pid,)] = sql("select pg_backend_pid()")
    started(lambda: sql("select pg_terminate_backend(%s)", pid)).join()
    recording = a_recording()
    with pytest.raises(library.OperationalError):
        recorder.insert_events(facts(uuid4(), 1), recording=recording)
    close_old_connections()
    assert recorder.insert_events(facts(uuid4(), 1), recording=recording) == [1]


def test_a_backend_killed_inside_a_transaction_leaves_nothing():
    with pytest.raises(library.PersistenceError), transaction.atomic():  # noqa: PT012
        recorder.insert_events(facts(uuid4(), 1))
        [(pid,)] = sql("select pg_backend_pid()")
        started(lambda: sql("select pg_terminate_backend(%s)", pid)).join()
        recorder.insert_events(facts(uuid4(), 1))
    close_old_connections()
    assert recorder.max_notification_id() is None


# --- facts are never changed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("statement", ["update {} set version = 2", "delete from {}", "truncate {}"])
@pytest.mark.parametrize("table", ["es.event", "es.event_p0"])
def test_the_database_refuses_to_change_facts(statement, table):
    recorder.insert_events(facts(uuid4(), 1))
    with pytest.raises(Exception, match="facts are never changed"):
        sql(statement.format(table))
    assert recorder.max_notification_id() == 1


def test_a_new_partition_refuses_too():
    last = last_partition()
    sql("select es.add_partition(%s)", last + 1)
    sql("select setval('es.position_seq', %s)", (last + 1) * 10_000_000)
    recorder.insert_events(facts(uuid4(), 1))
    with pytest.raises(Exception, match="facts are never changed"):
        sql(f"delete from es.event_p{last + 1}")
    with pytest.raises(Exception, match="duplicate key"):
        sql(f"insert into es.event select position + 1, stream_id, version, type, schema_v, scope_id, command_id, data"
            f" from es.event_p{last + 1}")  # fmt: skip


def last_partition() -> int:
    return sql(
        "select max(substring(c.relname from 8)::int) from pg_inherits i join pg_class c on c.oid = i.inhrelid"
        " where i.inhparent = 'es.event'::regclass"
    )[0][0]


def test_the_end_of_the_partitions_is_not_a_stale_version_and_can_be_mended():
    sql("select setval('es.position_seq', %s)", (last_partition() + 1) * 10_000_000)
    with pytest.raises(library.DatabaseError, match="no partition") as refusal:
        recorder.insert_events(facts(uuid4(), 1))
    assert not isinstance(refusal.value, StaleHead | CommandAlreadyDone)
    sql("select es.ensure_partitions()")
    assert recorder.insert_events(facts(uuid4(), 1))


def test_partitions_are_made_ahead_of_the_newest_position():
    last = last_partition()
    sql("select setval('es.position_seq', %s)", last * 10_000_000 + 1)
    sql("select es.ensure_partitions()")
    assert last_partition() == last + 1
    sql("select es.ensure_partitions()")
    assert last_partition() == last + 1


@pytest.mark.parametrize("count", [SOME, MANY])
def test_a_batch_may_lie_on_two_partitions(count):
    sql("select setval('es.position_seq', 9999999)")
    stream = uuid4()
    assert recorder.insert_events(run(stream, count))[0] == 10_000_000
    assert [e.originator_version for e in recorder.select_events(stream)] == list(range(1, count + 1))


# --- tracking ---------------------------------------------------------------------------------------------------------


def test_the_fence_refuses_a_batch_that_starts_elsewhere():
    tracking = TrackingRecorder("rows")
    for after, to in [(0, 10), (10, 15)]:
        tracking.insert_tracking(FencedTracking("log", to, after))
    for after, to in [(10, 20), (16, 20), (0, 20)]:
        with pytest.raises(library.IntegrityError):
            tracking.insert_tracking(FencedTracking("log", to, after))
    with pytest.raises(library.IntegrityError):
        TrackingRecorder("new").insert_tracking(FencedTracking("log", 20, 10))
    assert tracking.max_tracking_id("log") == 15


def test_a_refused_fence_takes_the_facts_with_it():
    process = ProcessRecorder("p")
    process.insert_tracking(FencedTracking("log", 10, 0))
    with pytest.raises(library.IntegrityError):
        process.insert_events(facts(uuid4(), 1), tracking=FencedTracking("log", 30, 20))
    assert process.max_notification_id() is None
    with pytest.raises(library.ProgrammingError):
        recorder.insert_events(facts(uuid4(), 1), tracking=FencedTracking("log", 30, 20))
