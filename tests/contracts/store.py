"""What every store of facts promises, whatever keeps the bytes; the library's suites ask none of it."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import StoredEvent

from exact.eventstore.errors import CommandAlreadyDone, StaleHead
from exact.eventstore.recorder import Recording

ONE, SOME, MANY = 1, 3, 500
"""Facts in one call: each size takes its own way through the recorder."""


def facts(stream: UUID, *versions: int) -> list[StoredEvent]:
    """Stored facts of one stream with these versions."""
    return [StoredEvent(stream, version, "Happened@2", b'{"n":%d}' % version) for version in versions]


def run(stream: UUID, count: int, after: int = 0) -> list[StoredEvent]:
    """The next `count` facts of a stream that has `after`."""
    return facts(stream, *range(after + 1, after + count + 1))


def a_recording(**fields: Any) -> Recording:
    """Of a command nobody sent before, unless it says which."""
    return Recording(command_id=fields.pop("command_id", uuid4()), **fields)


def in_threads(count: int, do: Callable[[int], Any], close: Callable[[], Any]) -> list[Any]:
    """What `do(0)` to `do(count - 1)` answer, all at once."""

    def one(index: int) -> Any:
        try:
            return do(index)
        finally:
            close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


class StoreContract(ABC):
    """Subclasses say how to make a store and how to look at what it remembers."""

    @pytest.fixture
    def store(self) -> Any:
        return self.make_store()

    @abstractmethod
    def make_store(self) -> Any:
        """An empty store: insert_events, select_events, select_notifications, max_notification_id, note, done."""

    @abstractmethod
    def scopes(self, store: Any) -> list[UUID]:
        """The scope of every fact, in position order."""

    @abstractmethod
    def close(self) -> None:
        """What a thread must do before it ends."""

    @pytest.mark.parametrize("count", [ONE, SOME, MANY])
    def test_positions_follow_one_another(self, store, count):
        assert list(store.insert_events(run(uuid4(), count))) == list(range(1, count + 1))
        assert list(store.insert_events(run(uuid4(), count))) == list(range(count + 1, 2 * count + 1))

    @pytest.mark.parametrize("count", [ONE, SOME, MANY])
    def test_what_was_written_is_read(self, store, count):
        stream = uuid4()
        written = run(stream, count)
        store.insert_events(written)
        assert list(store.select_events(stream)) == written
        seen = store.select_notifications(start=1, limit=1000)
        assert [(n.id, n.originator_id, n.originator_version, n.topic, n.state) for n in seen] == [
            (i, stream, e.originator_version, e.topic, e.state) for i, e in enumerate(written, 1)
        ]

    @pytest.mark.parametrize("versions", [(2,), (5,), (1, 3), (2, 1), (1, 1), (1, 1, 3)])
    def test_a_hole_in_the_versions_is_refused(self, store, versions):
        with pytest.raises(StaleHead):
            store.insert_events(facts(uuid4(), *versions))
        assert store.max_notification_id() is None

    def test_a_hole_after_the_head_is_refused(self, store):
        stream = uuid4()
        store.insert_events(run(stream, 2))
        for versions in [(4,), (2,), (1,), (3, 5)]:
            with pytest.raises(StaleHead):
                store.insert_events(facts(stream, *versions))
        assert store.max_notification_id() == 2

    @pytest.mark.parametrize("count", [ONE, SOME, MANY])
    def test_a_stale_version_is_refused_and_burns_no_position(self, store, count):
        stream, other = uuid4(), uuid4()
        store.insert_events(run(stream, count))
        with pytest.raises(StaleHead):
            store.insert_events(run(stream, count))
        assert list(store.insert_events(run(other, 1))) == [count + 1]

    @pytest.mark.parametrize("count", [ONE, MANY])
    def test_several_streams_are_written_all_or_not_at_all(self, store, count):
        stream, other = uuid4(), uuid4()
        store.insert_events(run(stream, count))
        with pytest.raises(StaleHead):
            store.insert_events(run(other, 1) + run(stream, count))
        assert list(store.select_events(other)) == []
        store.insert_events(run(other, 1) + run(stream, count, after=count))
        assert [n.originator_id for n in store.select_notifications(start=count + 1, limit=1)] == [other]

    def test_facts_of_several_streams_may_lie_in_any_order(self, store):
        a, b = uuid4(), uuid4()
        mixed = [*facts(a, 1), *facts(b, 1), *facts(a, 2), *facts(b, 2), *facts(a, 3)]
        store.insert_events(mixed)
        assert [(n.originator_id, n.originator_version) for n in store.select_notifications(start=1, limit=9)] == [
            (e.originator_id, e.originator_version) for e in mixed
        ]

    @pytest.mark.parametrize("count", [ONE, SOME, MANY])
    def test_the_same_command_twice_is_told_where_it_stands(self, store, count):
        store.insert_events(run(uuid4(), 1))
        recording, stream = a_recording(), uuid4()
        store.insert_events(run(stream, count), recording=recording)
        for again in (run(stream, count), run(stream, count, after=count), run(uuid4(), ONE), run(uuid4(), MANY)):
            with pytest.raises(CommandAlreadyDone) as refusal:
                store.insert_events(again, recording=recording)
            assert refusal.value.positions == range(2, count + 2)
        assert store.max_notification_id() == count + 1

    def test_a_refused_command_may_be_sent_again(self, store):
        recording, stream = a_recording(), uuid4()
        with pytest.raises(StaleHead):
            store.insert_events(facts(stream, 2), recording=recording)
        assert list(store.insert_events(facts(stream, 1), recording=recording)) == [1]

    @pytest.mark.parametrize("same_stream", [True, False])
    @pytest.mark.parametrize("count", [ONE, SOME, MANY])
    def test_twins_in_flight_are_recorded_once(self, store, count, same_stream):
        recording, stream = a_recording(), uuid4()

        def send(_: int) -> list[int]:
            try:
                mine = run(stream if same_stream else uuid4(), count)
                return list(store.insert_events(mine, recording=recording))
            except CommandAlreadyDone as refusal:
                return list(refusal.positions)

        assert in_threads(8, send, self.close) == [list(range(1, count + 1))] * 8
        assert store.max_notification_id() == count

    def test_the_first_writer_of_a_version_wins(self, store):
        stream = uuid4()

        def send(_: int) -> str:
            try:
                store.insert_events(facts(stream, 1))
            except StaleHead:
                return "stale"
            return "done"

        assert sorted(in_threads(8, send, self.close)) == ["done", *["stale"] * 7]

    @pytest.mark.parametrize("count", [ONE, SOME, MANY])
    def test_the_scope_of_a_stream_is_given_once(self, store, count):
        stream, image, other = uuid4(), uuid4(), uuid4()
        store.insert_events(run(stream, count), scopes=[image] * count)
        store.insert_events(run(stream, count, after=count))
        store.insert_events(run(stream, count, after=2 * count), scopes=[other] * count)
        assert self.scopes(store) == [image] * count * 3

    def test_a_stream_without_a_scope_is_its_own(self, store):
        a, b = uuid4(), uuid4()
        store.insert_events(run(a, 1))
        store.insert_events(run(b, 2))
        assert self.scopes(store) == [a, b, b]

    def test_each_stream_of_a_batch_keeps_its_own_scope(self, store):
        a, b, image = uuid4(), uuid4(), uuid4()
        store.insert_events([*facts(a, 1), *facts(b, 1), *facts(a, 2)], scopes=[image, None, image])
        assert self.scopes(store) == [image, b, image]

    def test_what_was_asked_and_answered_is_remembered(self, store):
        recording = a_recording(request=b"\x01" * 32, result='{"id":"x","number":7}')
        store.insert_events(run(uuid4(), 3), recording=recording)
        assert store.done(recording.command_id) == (b"\x01" * 32, {"id": "x", "number": 7}, 1, 3)
        assert store.done(uuid4()) is None

    def test_commands_that_belong_together_are_found_in_their_order(self, store):
        work = uuid4()
        mine = [a_recording(correlation_id=work) for _ in range(4)]
        for recording, count in zip(mine[:3], (ONE, SOME, MANY), strict=True):
            store.insert_events(run(uuid4(), count), recording=recording)
            store.insert_events(run(uuid4(), ONE), recording=a_recording(correlation_id=uuid4()))
        store.note(mine[3])
        assert store.together(work) == [recording.command_id for recording in mine]
        assert store.together(uuid4()) == []

    def test_a_command_that_changed_nothing_is_remembered_at_the_head(self, store):
        store.insert_events(run(uuid4(), 2))
        recording = a_recording(request=b"wish", result='{"version":2}')
        assert store.note(recording) == 2
        assert store.done(recording.command_id) == (b"wish", {"version": 2}, 2, 0)
        for repeat in (
            lambda: store.note(recording),
            lambda: store.insert_events(run(uuid4(), 1), recording=recording),
        ):
            with pytest.raises(CommandAlreadyDone):
                repeat()
        [position] = store.insert_events(run(uuid4(), 1))
        assert position > 2

    def test_a_command_that_changed_nothing_in_an_empty_store_is_remembered_too(self, store):
        recording = a_recording()
        assert store.note(recording) == 0
        assert store.done(recording.command_id) == (b"", {}, 0, 0)

    def test_no_facts_leave_no_trace(self, store):
        recording = a_recording()
        assert list(store.insert_events([], recording=recording)) == []
        assert store.done(recording.command_id) is None
