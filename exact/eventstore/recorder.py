"""The library's recorder contracts over the `es` schema, on Django's own connection."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
from django import db
from django.db import connections, transaction
from eventsourcing import persistence as library
from eventsourcing.persistence import Notification, StoredEvent, Tracking

from exact.eventstore.driver import driver
from exact.eventstore.errors import library_errors
from exact.eventstore.topics import to_columns, to_topic

COPY_FROM = 200
"""Facts in one call from which COPY beats one es.append() (measured, reference: 201 facts)."""
NO_REQUEST = b""
Done = tuple[bytes, Any, int, int]  # Any: the stored answer, JSON
"""What is remembered of a command: hash of the wish, answer, first position, number of facts."""


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What the log keeps of a command beside its facts."""

    command_id: UUID
    request: bytes = NO_REQUEST
    result: str = "{}"
    correlation_id: UUID | None = None

    @classmethod
    def anonymous(cls) -> "Recording":
        """For callers that need no idempotency, such as the library's own application."""
        return cls(command_id=uuid4())


class DjangoRecorder(library.Recorder):
    """Knows the connection of the current thread and speaks the library's errors."""

    def __init__(self, using: str = "default") -> None:
        self.using = using

    def query(self, sql: str, params: Any = ()) -> list[tuple[Any, ...]]:  # Any: whatever psycopg adapts and returns
        """All rows of one statement."""
        with library_errors(self.using), connections[self.using].cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchall() if cursor.description else []

    def query_prepared(self, sql: str, params: Any) -> list[tuple[Any, ...]]:  # Any: see above
        """All rows of a statement that is sent all the time: parsed and planned once for each connection.

        Past Django's cursor, which writes the values into the text and costs the client more than the append itself.
        """
        with library_errors(self.using), psycopg.Cursor(driver(self.using)) as cursor:
            return cursor.execute(sql, params, prepare=True).fetchall()


class EventRecorder(DjangoRecorder, library.AggregateRecorder):
    """Appends facts through the one door of the log and reads one stream."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        self._append(stored_events, **kwargs)
        return None

    def _append(
        self,
        events: Sequence[StoredEvent],
        *,
        recording: Recording | None = None,
        scopes: Sequence[UUID | None] | None = None,
        tracking: None = None,
    ) -> Sequence[int]:
        """Write the facts; must be the last statement of its transaction."""
        if tracking:
            raise library.ProgrammingError("Only a process recorder can record tracking")
        if not events:
            return []
        recording = recording or Recording.anonymous()
        scopes = scopes or [None] * len(events)
        first = self._writer(len(events))(recording, scopes, events)
        return range(first, first + len(events))

    def _writer(self, count: int) -> Any:  # Any: one of the three bound methods below
        if count == 1:
            return self._one
        return self._copy if count > COPY_FROM else self._some

    def _one(self, recording: Recording, scopes: Sequence[UUID | None], events: Sequence[StoredEvent]) -> int:
        event = events[0]
        sql = "select es.append_one(%s, %s, %s::jsonb, %s, %s, %s, %s, %s::smallint, %s, %s)"
        params = (recording.command_id, recording.request, recording.result, scopes[0], event.originator_id,
                  event.originator_version, *to_columns(event.topic), event.state,
                  recording.correlation_id)  # fmt: skip
        return int(self.query_prepared(sql, params)[0][0])

    def _some(self, recording: Recording, scopes: Sequence[UUID | None], events: Sequence[StoredEvent]) -> int:
        array = f"array[{', '.join(['%s'] * len(events))}]"  # scalars cost the client half of what arrays cost
        types, schemas = zip(*(to_columns(event.topic) for event in events), strict=True)
        sql = (
            f"select es.append(%s, %s, %s::jsonb, {array}::uuid[], {array}::uuid[], {array}::bigint[], {array}::text[],"
            f" {array}::smallint[], {array}::bytea[], %s)"
        )
        params = (recording.command_id, recording.request, recording.result, *scopes,
                  *(event.originator_id for event in events), *(event.originator_version for event in events),
                  *types, *schemas, *(event.state for event in events), recording.correlation_id)  # fmt: skip
        return int(self.query(sql, params)[0][0])

    def _copy(self, recording: Recording, scopes: Sequence[UUID | None], events: Sequence[StoredEvent]) -> int:
        with library_errors(self.using), transaction.atomic(self.using, savepoint=False):
            base, places = self._reserve(recording, scopes, events)
            with (
                connections[self.using].cursor() as cursor,
                cursor.copy("copy es.event from stdin (format binary)") as copy,
            ):
                copy.set_types(["int8", "uuid", "int8", "text", "int2", "uuid", "uuid", "bytea"])
                for position, (event, place) in enumerate(zip(events, places, strict=True), base + 1):
                    copy.write_row((position, event.originator_id, event.originator_version, *to_columns(event.topic),
                                    place, recording.command_id, event.state))  # fmt: skip
        return base + 1

    def _reserve(
        self, recording: Recording, scopes: Sequence[UUID | None], events: Sequence[StoredEvent]
    ) -> tuple[int, list[UUID]]:
        sql = "select * from es.reserve(%s, %s, %s::jsonb, %s::uuid[], %s::uuid[], %s::bigint[], %s)"
        streams, versions = [event.originator_id for event in events], [event.originator_version for event in events]
        params = (recording.command_id, recording.request, recording.result, list(scopes), streams, versions,
                  recording.correlation_id)  # fmt: skip
        [(base, places)] = self.query(sql, params)
        return base, places

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        since = "and position > (select since from es.stream where stream_id = %(id)s)"
        return self._select("es.event", since, originator_id, gt, lte, desc, limit)

    def _select(
        self,
        table: str,
        since: str,
        originator_id: UUID | str,
        gt: int | None,
        lte: int | None,
        desc: bool,
        limit: int | None,
    ) -> Sequence[StoredEvent]:
        rows = self.query(
            f"select stream_id, version, type, schema_v, data from {table} where stream_id = %(id)s {since}"  # noqa: S608
            + (" and version > %(gt)s" if gt is not None else "")
            + (" and version <= %(lte)s" if lte is not None else "")
            + f" order by version {'desc' if desc else 'asc'} limit %(limit)s",
            {"id": originator_id, "gt": gt, "lte": lte, "limit": limit},
        )
        return [StoredEvent(row[0], row[1], to_topic(row[2], row[3]), bytes(row[4])) for row in rows]


class SnapshotRecorder(EventRecorder):
    """Snapshots may skip versions and are no facts: no head, no position."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        with library_errors(self.using), transaction.atomic(self.using, savepoint=False):
            for event in stored_events:
                columns = (event.originator_id, event.originator_version, *to_columns(event.topic), event.state)
                self.query("insert into es.snapshot values (%s, %s, %s, %s, %s)", columns)

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        return self._select("es.snapshot", "", originator_id, gt, lte, desc, limit)


NOTIFICATIONS = """select stream_id, version, type, schema_v, data, position from es.event
    where position >= %s and position <= %s and (%s::text[] is null or type = any(%s)) order by position limit %s"""


def select_notifications(
    execute: Any,  # Any: a cursor's execute-and-fetch, Django's or psycopg's own
    start: int | None,
    limit: int,
    stop: int | None,
    topics: Sequence[str],
    inclusive: bool,
) -> list[Notification]:
    """Facts in position order from `start`, at most `limit` of them."""
    names = [to_columns(topic)[0] for topic in topics] or None
    first = (start or 0) + (start is not None and not inclusive)
    last = 2**63 - 1 if stop is None else stop
    rows = execute(NOTIFICATIONS, (first, last, names, names, limit))
    return [Notification(row[0], row[1], to_topic(row[2], row[3]), bytes(row[4]), id=row[5]) for row in rows]


class ApplicationRecorder(EventRecorder, library.ApplicationRecorder):
    """Gives every fact its position and reads the log in that order."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        return list(self._append(stored_events, **kwargs))

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        return select_notifications(self.query, start, limit, stop, topics, inclusive_of_start)

    def max_notification_id(self) -> int | None:
        newest: int | None = self.query("select max(position) from es.event")[0][0]
        return newest

    def note(self, recording: Recording) -> int:
        """Remember a command that changed nothing, so that a repetition gets the same answer; answers the head.

        Raises CommandAlreadyDone.
        """
        position = self.max_notification_id() or 0
        params = (recording.command_id, recording.request, recording.result, position, recording.correlation_id)
        self.query("select es.note(%s, %s, %s::jsonb, %s, 0, %s)", params)
        return position

    def done(self, command_id: UUID) -> Done | None:
        """What is remembered of a command; None where it was never recorded."""
        sql = "select request, result::text, position, n from es.command where command_id = %s"
        rows = self.query(sql, (command_id,))
        return (bytes(rows[0][0]), msgspec.json.decode(rows[0][1]), rows[0][2], rows[0][3]) if rows else None

    def together(self, correlation_id: UUID) -> list[UUID]:
        """The commands that share a correlation id, in the order in which they were recorded."""
        sql = "select command_id from es.command where correlation_id = %s order by position, at, command_id"
        return [command_id for (command_id,) in self.query(sql, (correlation_id,))]

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> "library.Subscription[ApplicationRecorder]":
        from exact.eventstore.subscription import LogSubscription

        return LogSubscription(self, gt, topics)


class FencedTracking(Tracking):
    """A tracking that also says after which position its batch was read."""

    def __init__(self, application_name: str, notification_id: int, after: int) -> None:
        super().__init__(application_name, notification_id)
        object.__setattr__(self, "after", after)


class TrackingRecorder(DjangoRecorder, library.TrackingRecorder):
    """Remembers how far a projection has come, in the transaction of what it wrote."""

    def __init__(self, projection: str = "", using: str = "default") -> None:
        super().__init__(using)
        self.projection = projection

    def insert_tracking(self, tracking: Tracking) -> None:
        after = getattr(tracking, "after", None)
        row = (self.projection, tracking.application_name, tracking.notification_id)
        moved = self._fenced(row, after) if after else self._forward(row, after)
        if not moved:
            with library_errors(self.using):
                raise db.IntegrityError(f"Tracking {row} after {after} refused")

    def _fenced(self, row: tuple[str, str, int], after: int) -> list[tuple[Any, ...]]:
        """The batch must start where the row stands."""
        sql = (
            "update es.tracking set position = %s where projection = %s and upstream = %s and position = %s returning 1"
        )
        return self.query(sql, (row[2], *row[:2], after))

    def _forward(self, row: tuple[str, str, int], after: int | None) -> list[tuple[Any, ...]]:
        """The library's contract: forward only."""
        sql = (
            "insert into es.tracking as t values (%s, %s, %s) on conflict (projection, upstream)"
            " do update set position = excluded.position where t.position < excluded.position"
            " and %s::bigint is null returning 1"
        )
        return self.query(sql, (*row, after))

    def max_tracking_id(self, application_name: str) -> int | None:
        sql = "select position from es.tracking where projection = %s and upstream = %s"
        rows = self.query(sql, (self.projection, application_name))
        return rows[0][0] if rows else None


class ProcessRecorder(TrackingRecorder, ApplicationRecorder, library.ProcessRecorder):
    """Facts and tracking in one transaction, the append last."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], *, tracking: Tracking | None = None, **kwargs: Any
    ) -> Sequence[int]:
        with transaction.atomic(self.using, savepoint=False):
            if tracking:
                self.insert_tracking(tracking)
            return super().insert_events(stored_events, **kwargs)
